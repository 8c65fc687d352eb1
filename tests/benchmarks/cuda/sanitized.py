"""Few calls of every operation, for compute-sanitizer to watch; a program, which takes long enough when watched."""

from __future__ import annotations

from fast import cuda
from tests.benchmarks.cuda.machine import require_device
from tests.fast.drawn import drawn_calls, functions_of

#: Examples enough for several warps, and for the last one to be in part beyond the end.
BATCH = 70
DTYPES = ("float32", "float64")


def main(names: list[str] | None = None) -> int:
    """Call all operations, or some; returns how many calls there were."""
    calls = [
        call
        for name in names or functions_of(cuda)
        for dtype in DTYPES
        for call in (*drawn_calls(cuda, name, dtype, 2), *drawn_calls(cuda, name, dtype, batch=BATCH))
    ]
    for call in calls:
        call.run()
    return len(calls)


if __name__ == "__main__":
    require_device()  # in the simulator there would be nothing to find
    print(f"{main()} calls")
