"""fast.cuda on arrays that lie on the device: arguments go there beforehand, and results stay there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from conformance.arrays import map_arrays
from conformance.operations import operations
from fast import cuda
from fast.cuda import device
from tests.benchmarks.engines.prepared import Prepared, each, wall_clock


def prepare(way: str, operation: str, arguments: dict[str, Any]) -> Prepared | None:
    """A call of a function of fast.cuda."""
    data, settings = operations()[operation].split(arguments)
    function = getattr(cuda, operation, None)
    on_device = map_arrays(device.to_device, tuple(data.values()))
    return function and Prepared(partial(function, *on_device, **settings), arrays, by_events)


def arrays(result: Any) -> Any:
    """Results on the host."""
    return each(lambda array: array.copy_to_host(), result)


def by_events(call: Callable[[], Any], count: int) -> float:
    """The seconds between two events on the device, with so many calls between them; the simulator has no clock."""
    if device.SIMULATED:
        return wall_clock(call, count)
    start, end = (device.cuda.event() for _ in range(2))
    start.record()
    for _ in range(count):
        call()
    end.record()
    end.synchronize()
    return float(device.cuda.event_elapsed_time(start, end)) / 1000
