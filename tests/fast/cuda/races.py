"""Races of the threads of a launch, found in the simulator by looking at every access to memory.

Two threads race for a number if one writes it, the other reads or writes it, and nothing orders the two: within a block
no barrier lies between them; threads of different blocks nothing orders at all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import current_thread
from typing import Any
from unittest.mock import patch

import numpy as np
from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray
from numba.cuda.simulator.kernelapi import FakeCUDAModule, FakeCUDAShared


@dataclass(frozen=True)
class Moment:
    """A thread between two of its barriers."""

    block: tuple[int, ...]
    thread: tuple[int, ...]
    barriers: int

    def unordered(self, other: Moment) -> bool:
        """Whether nothing says which of two moments comes first."""
        if self.block != other.block:
            return True
        return self.thread != other.thread and self.barriers == other.barriers


class Watch:
    """What the threads of a launch did to which number."""

    def __init__(self) -> None:
        self.barriers = Counter[tuple[Any, ...]]()
        self.readers = defaultdict[Any, set[Moment]](set)
        self.writers = defaultdict[Any, set[Moment]](set)

    def races(self) -> list[str]:
        """The pairs of moments that race, and whether both write."""
        return [
            f"{writer} and {other} {'write' if other in self.writers[number] else 'reads'}"
            for number, writers in self.writers.items()
            for writer in writers
            for other in writers | self.readers[number]
            if writer.unordered(other)
        ]

    @property
    def meetings(self) -> int:
        """How many barriers the threads passed."""
        return max(self.barriers.values(), default=0)

    def moment(self) -> Moment:
        """That of the thread that runs."""
        thread: Any = current_thread()
        block, place = tuple(thread.blockIdx), tuple(thread.threadIdx)
        return Moment(block, place, self.barriers[block, place])

    def note(self, users: dict[Any, set[Moment]], array: np.ndarray, index: Any, *, shared: bool) -> None:
        """The thread that runs uses a number; that of shared memory is another one in each block."""
        whole = isinstance(index, slice) or (isinstance(index, tuple) and any(isinstance(i, slice) for i in index))
        assert not whole, "kernels read and write one number at a time"
        steps = index if isinstance(index, tuple) else (index,)
        if len(steps) < array.ndim:
            return  # a row, whose numbers are used later
        now, places = self.moment(), zip(steps, array.shape, array.strides, strict=True)
        address = array.ctypes.data + sum(int(i) % length * stride for i, length, stride in places)
        users[address, now.block if shared else None].add(now)


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch what one launch does to memory."""
    watch = Watch()

    class Shared(np.ndarray):
        """Shared memory."""

        def __getitem__(self, index: Any) -> Any:
            if isinstance(index, slice):
                return super().__getitem__(index)
            watch.note(watch.readers, self, index, shared=True)
            return super().__getitem__(index)

        def __setitem__(self, index: Any, value: Any) -> None:
            watch.note(watch.writers, self, index, shared=True)
            super().__setitem__(index, value)

    allocate: Callable[..., np.ndarray] = FakeCUDAShared.array
    read, write, meet = FakeCUDAArray.__getitem__, FakeCUDAArray.__setitem__, FakeCUDAModule.syncthreads

    def read_noted(array: Any, index: Any) -> Any:
        watch.note(watch.readers, array._ary, index, shared=False)
        return read(array, index)

    def write_noted(array: Any, index: Any, value: Any) -> None:
        watch.note(watch.writers, array._ary, index, shared=False)
        write(array, index, value)

    def meet_noted(module: Any) -> None:
        moment = watch.moment()
        watch.barriers[moment.block, moment.thread] += 1
        meet(module)

    with (
        patch.object(FakeCUDAShared, "array", lambda *arguments: allocate(*arguments).view(Shared)),
        patch.object(FakeCUDAArray, "__getitem__", read_noted),
        patch.object(FakeCUDAArray, "__setitem__", write_noted),
        patch.object(FakeCUDAModule, "syncthreads", meet_noted),
    ):
        yield watch
