"""Who can compute: devices, the workers that they belong to, and the links between them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
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
        devices: Sequence[Device],
        *,
        within: Link = WITHIN,
        between: Link = BETWEEN,
        links: Mapping[tuple[str, str], Link] | None = None,
    ) -> None:
        self.devices = {device.name: device for device in _require_devices(devices)}
        self.within, self.between = _require_link("within", within), _require_link("between", between)
        self.links = {
            ends: _require_link(f"link from '{ends[0]}' to '{ends[1]}'", link) for ends, link in (links or {}).items()
        }
        for end in (end for ends in self.links for end in ends):
            self.device(end, "links")
        self.workers: dict[str, list[Device]] = {}
        for device in devices:
            self.workers.setdefault(device.worker, []).append(device)

    def device(self, name: str, argument: str = "device") -> Device:
        """The device of a name."""
        if name not in self.devices:
            raise InvalidArgument(argument, f"devices of the cluster ({', '.join(self.devices)})", repr(name))
        return self.devices[name]

    def matching(self, partial_name: str) -> list[str]:
        """The names of the devices that a full or partial name can mean."""
        return [device.name for device in self.devices.values() if device.matches(partial_name)]

    def link(self, source: str, destination: str) -> Link:
        """The link from one device to another."""
        workers = self.devices[source].worker, self.devices[destination].worker
        return self.links.get((source, destination), self.within if workers[0] == workers[1] else self.between)


def _require_devices(devices: Sequence[Device]) -> Sequence[Device]:
    if not devices:
        raise InvalidArgument("devices", "at least one", "none")
    taken: set[tuple[str, str]] = set()
    for device in devices:
        if not isinstance(device.name, str) or not re.fullmatch(r"(\w+:\d+/)?\w+:\d+", device.name):
            raise InvalidArgument("name of a device", "one such as 'cpu:0' or 'worker:1/cpu:0'", repr(device.name))
        if device.parts in taken:
            raise InvalidArgument("devices", "names that differ", f"'{device.name}' twice")
        require_number(f"speed of '{device.name}'", device.speed, above=0)
        taken.add(device.parts)
    return devices


def _require_link(name: str, link: Link) -> Link:
    require_number(f"latency of {name}", link.latency, 0)
    require_number(f"bandwidth of {name}", link.bandwidth, above=0)
    return link
