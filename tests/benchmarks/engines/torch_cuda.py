"""PyTorch on a GPU, eager, in float32 throughout: nothing is rounded to TF32 on the way.

cuDNN tries its algorithms, and takes the fastest one for each shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from tests.benchmarks.engines import torch as on_processor
from tests.benchmarks.engines.prepared import Prepared

if torch.cuda.is_available():
    # In a process of its own, where no other engine creates tensors.
    torch.set_default_device("cuda")
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True


def prepare(way: str, operation: str, arguments: dict[str, Any]) -> Prepared | None:
    """A call of PyTorch's, with tensors on the device; None where there is no device for it."""
    if not torch.cuda.is_available():
        return None
    found = on_processor.prepare(way, operation, arguments)
    return found and found._replace(clock=by_events)


def by_events(call: Callable[[], Any], count: int) -> float:
    """The seconds between two events on the device, with so many calls between them."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    for _ in range(count):
        call()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1000
