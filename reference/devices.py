"""Who can compute: devices, the workers that they belong to, and the links between them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from reference.arrays import Number
from reference.errors import InvalidArgument, require_number

__all__ = ["Cluster", "Device", "Link"]

#: The worker of a device whose name says none.
FIRST_WORKER = "worker:0"


class Device(NamedTuple):
    """A device: what it is called, how fast it is, and what it can run.

    Why: "a device may not be feasible if the device does not provide a kernel that implements the particular
    operation".

    Args:
        name: such as "cpu:0", or with its worker, "worker:1/cpu:0". Without one, it belongs to "worker:0".
        speed: multiply-adds per second.
        kinds: the kinds of operations that it can run; all of them when not given.

    Source:
        goldsborough-tensorflow, "Execution Model": 4. devices; TensorFlow's white paper of 2015, section 2.

    >>> Device("worker:1/cpu:0").worker
    'worker:1'
    >>> [Device("cpu:10").matches(name) for name in ("cpu:10", "cpu", "worker:0", "", "cpu:1")]
    [True, True, True, True, False]
    """

    name: str
    speed: Number = 10**9
    kinds: Collection[str] | None = None

    @property
    def parts(self) -> tuple[str, str]:
        """The worker and the device there, as in ("worker:1", "cpu:0")."""
        worker, _, device = self.name.rpartition("/")
        return worker or FIRST_WORKER, device

    @property
    def worker(self) -> str:
        """The worker that it belongs to."""
        return self.parts[0]

    def matches(self, partial_name: str) -> bool:
        """Whether a full or partial name, such as "worker:1", "gpu" or "cpu:1", can mean it."""
        wanted = partial_name.split("/") if partial_name else []
        meant = {*self.parts, *(part.partition(":")[0] for part in self.parts)}
        return all(part in meant for part in wanted)

    def can_run(self, kind: str) -> bool:
        """Whether it can run a kind of operation."""
        return self.kinds is None or kind in self.kinds


class Link(NamedTuple):
    """How long tensors take from one device to another: seconds before the first byte, then bytes per second."""

    latency: Number
    bandwidth: Number

    def seconds(self, size: int) -> Number:
        """How long that many bytes take. A link carries any number of tensors side by side."""
        return self.latency + size / self.bandwidth


#: What connects devices where nothing else is said: a machine's memory, and a network.
WITHIN, BETWEEN = Link(1e-6, 10**10), Link(1e-4, 10**9)


class Cluster:
    """The devices that there are, and the links between them.

    Args:
        devices: the devices, in the order in which they are preferred where nothing else decides.
        within: the link between two devices of one worker.
        between: the link between devices of two workers.
        links: other links, by the names of source and destination.

    Raises:
        InvalidArgument: if there are no devices, two have one name, a name can't be read, a speed, bandwidth or latency
            isn't positive, or a link is between devices that aren't there.

    Source:
        goldsborough-tensorflow, "Execution Model": 3. workers, 4. devices.

    >>> cluster = Cluster([Device("cpu:0"), Device("cpu:1"), Device("worker:1/cpu:0")])
    >>> list(cluster.workers)
    ['worker:0', 'worker:1']
    >>> cluster.matching("cpu:0")
    ['cpu:0', 'worker:1/cpu:0']
    >>> cluster.link("cpu:1", "worker:1/cpu:0")
    Link(latency=0.0001, bandwidth=1000000000)
    """

    def __init__(
        self,
        devices: Iterable[Device],
        *,
        within: Link = WITHIN,
        between: Link = BETWEEN,
        links: Mapping[tuple[str, str], Link] | None = None,
    ) -> None:
        listed = _require_devices(devices)
        self.devices = {device.name: device for device in listed}
        self.within, self.between = _require_link("within", within), _require_link("between", between)
        self.links: dict[tuple[str, str], Link] = {}
        for ends, link in (links or {}).items():
            source, destination = (self.device(end, "links").name for end in _require_ends(ends))
            self.links[source, destination] = _require_link(f"link from '{source}' to '{destination}'", link)
        self.workers: dict[str, list[Device]] = {}
        for device in listed:
            self.workers.setdefault(device.worker, []).append(device)

    def device(self, name: str, argument: str = "device") -> Device:
        """The device of a name."""
        if not isinstance(name, str) or name not in self.devices:
            raise InvalidArgument(argument, f"devices of the cluster ({', '.join(self.devices)})", repr(name))
        return self.devices[name]

    def matching(self, partial_name: str) -> list[str]:
        """The names of the devices that a full or partial name can mean."""
        return [device.name for device in self.devices.values() if device.matches(partial_name)]

    def link(self, source: str, destination: str) -> Link:
        """The link from one device to another."""
        workers = self.device(source).worker, self.device(destination).worker
        return self.links.get((source, destination), self.within if workers[0] == workers[1] else self.between)


def _require_devices(devices: Iterable[Device]) -> Sequence[Device]:
    if devices is not None and not isinstance(devices, Iterable):
        raise InvalidArgument("devices", "a list of devices", repr(devices))
    listed = list(devices or ())
    if not listed:
        raise InvalidArgument("devices", "at least one", "none")
    taken: set[tuple[str, str]] = set()
    for device in listed:
        if not isinstance(device, Device):
            raise InvalidArgument("devices", "a list of devices", f"{device!r} in it")
        if not isinstance(device.name, str) or not re.fullmatch(r"(\w+:\d+/)?\w+:\d+", device.name):
            raise InvalidArgument("name of a device", "one such as 'cpu:0' or 'worker:1/cpu:0'", repr(device.name))
        if device.parts in taken:
            raise InvalidArgument("devices", "names that differ", f"'{device.name}' twice")
        require_number(f"speed of '{device.name}'", device.speed, above=0)
        if device.kinds is not None and (isinstance(device.kinds, str) or not isinstance(device.kinds, Collection)):
            raise InvalidArgument(f"kinds of '{device.name}'", "a list of kinds, or None for all", repr(device.kinds))
        taken.add(device.parts)
    return listed


def _require_ends(ends: object) -> tuple[str, str]:
    if not isinstance(ends, tuple) or len(ends) != 2:
        raise InvalidArgument("links", "pairs of names of devices", repr(ends))
    return ends


def _require_link(name: str, link: Link) -> Link:
    if not isinstance(link, Link):
        raise InvalidArgument(name, "a Link", repr(link))
    require_number(f"latency of {name}", link.latency, 0)
    require_number(f"bandwidth of {name}", link.bandwidth, above=0)
    return link
