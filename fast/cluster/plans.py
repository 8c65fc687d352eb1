"""Plans: which worker runs which segments, and which values have to go from one worker to another for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fast.cluster.segments import CLIENT, Key, Part, Segment, Segments, cut
from reference.errors import InvalidArgument


class Task(NamedTuple):
    """A segment of a worker: its place among these, what must arrive before it runs, and what leaves afterwards."""

    worker: str
    place: int
    segment: Segment
    arriving: tuple[Key, ...]
    leaving: tuple[Key, ...]


class Plan(NamedTuple):
    """How a step runs: each worker's tasks in order, and the device of each variable.

    It is made once for the same parts, and has a number.
    """

    number: int
    cut: Segments
    tasks: Mapping[str, tuple[Task, ...]]
    homes: Mapping[str, str]


def plan_for(number: int, parts: Mapping[str, Part], workers: Mapping[str, str], settled: Mapping[str, str]) -> Plan:
    """Share the segments of parts among workers.

    Args: parts, as `cut` takes them; workers, the name of the worker of each device; settled, the
        devices of variables that earlier plans know.
    Raises: InvalidArgument, as `cut`; or if a device has no worker, or a variable is on two devices.
    """
    found = cut(parts)
    for segment in found.order:
        if segment.device not in workers:
            raise InvalidArgument("workers", f"a worker for device '{segment.device}'", ", ".join(workers))
    home = {key: workers[segment.device] for segment in found.order for key in segment.outputs}
    home |= {("", name): CLIENT for name in found.fed}
    users: dict[Key, set[str]] = {("", name): {CLIENT} for name in found.fetched}
    tasks: dict[str, list[Task]] = {}
    for segment in found.order:
        worker = workers[segment.device]
        needed = [key for key in dict.fromkeys(segment.inputs.values()) if home[key] != worker]
        arriving = tuple(key for key in needed if worker not in users.get(key, ()))
        for key in arriving:
            users.setdefault(key, set()).add(worker)
        tasks.setdefault(worker, []).append(Task(worker, len(tasks.get(worker, ())), segment, arriving, ()))
    shared = {
        worker: tuple(t._replace(leaving=tuple(k for k in t.segment.outputs if users.get(k))) for t in listed)
        for worker, listed in tasks.items()
    }
    return Plan(number, found, shared, _homes(found, settled))


def require_plan(plan: Plan, plans: Sequence[Plan]) -> None:
    """Say that a plan isn't one of these: its number would mean another one."""
    if not any(plan is known for known in plans):
        raise InvalidArgument("plan", "one that this client made", f"{plan!r:.60}")


def _homes(found: Segments, settled: Mapping[str, str]) -> dict[str, str]:
    """The device of each variable: nobody else has what it holds."""
    homes: dict[str, str] = {}
    for segment in found.order:
        for name in segment.variables:
            home = settled.get(name, homes.get(name, segment.device))
            if home != segment.device:
                raise InvalidArgument("parts", f"variable '{name}' on '{home}', where it is", f"'{segment.device}'")
            homes[name] = home
    return homes
