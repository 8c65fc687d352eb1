"""How the simulator runs a block: its threads take turns, from one barrier to the next.

Numba's simulator makes a Python thread of every CUDA thread and polls them until all wait at a barrier. That is where
nearly all of its time goes (a 9×9×9 matrix product: 134 ms, here 8), and which thread comes first is left to chance.
Here the threads of a block are greenlets of the thread that launches: one runs until it reaches a barrier or its end,
then the next. Nothing is polled, nothing is left to chance.

One block runs its threads from first to last, the next one from last to first. What a thread finds before it was
written, for want of a barrier, depends on that order: then a call doesn't give the same bits twice.

Numba's simulator knows no shuffles. Here the lanes of a warp, which is as small as `WARP` says, wait for each other as
threads wait at a barrier; then each gets what its partner brought. The lanes of a warp that multiplies matrices by a
tensor core, always 32, wait in the same way. Where threads wait for what can't come any more, a GPU would hang or
compute with anything: here that is a `Deadlock`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, NamedTuple

import numpy as np
from greenlet import getcurrent, greenlet
from numba.cuda.simulator import kernel as simulator
from numba.cuda.simulator.kernelapi import Dim3, FakeCUDAModule, FakeCUDAShared

from fast.cuda.simulated_tensor_cores import LANES, multiplied

#: The lanes of a simulated warp.
WARP = 2


class Deadlock(RuntimeError):
    """Threads of a block wait, and nothing can let them go."""


@dataclass(frozen=True)
class Shuffle:
    """What a lane brings to a shuffle: which lanes take part, its number, and the lane whose number it wants."""

    lanes: int
    value: Any
    partner: int


class Fragments(NamedTuple):
    """What a lane brings to a tensor core: its numbers of two matrices, and of what their product is added to."""

    left: tuple[Any, ...]
    right: tuple[Any, ...]
    sums: tuple[Any, ...]


@dataclass
class Turn:
    """A thread of a block; what it waits for, a barrier if nothing else; and what it is handed when it goes on."""

    thread: greenlet
    place: Dim3
    number: int
    handed: tuple[Any, ...]
    waits_for: Shuffle | Fragments | None = None
    ready: bool = True

    def take(self) -> None:
        """Run until the thread waits or ends."""
        brought = self.thread.switch(*self.handed)
        self.waits_for = brought if isinstance(brought, Shuffle | Fragments) else None
        self.handed, self.ready = (), False

    def released(self, *handed: Any) -> None:
        """Let the thread go on."""
        self.handed, self.ready = handed, True


class Block(simulator.BlockManager):
    """A block whose threads take turns; in place of the simulator's own.

    Kernels ask the current Python thread for their indices, for barriers and for shuffles: here the one that launches.
    """

    #: whether the next block starts with its last thread
    backwards = False

    def run(self, grid_point: tuple[int, ...], *arguments: Any) -> None:
        """Run all threads to their end. They meet at a barrier when those that have not ended are all there."""
        places = [point[::-1] for point in np.ndindex(*self._block_dim[::-1])]  # in the order of their numbers
        turns = [Turn(greenlet(self._f), Dim3(*place), number, arguments) for number, place in enumerate(places)]
        if Block.backwards:
            turns.reverse()
        Block.backwards = not Block.backwards
        launching: Any = threading.current_thread()
        launching.blockIdx, launching.syncthreads = Dim3(*grid_point), getcurrent().switch
        launching.exchange = getcurrent().switch
        try:
            while turns:
                for turn in turns:
                    if turn.ready:
                        launching.threadIdx, launching.thread_id = turn.place, turn.number
                        turn.take()
                turns = [turn for turn in turns if not turn.thread.dead]
                release(turns)
        finally:
            del launching.blockIdx, launching.syncthreads, launching.exchange, launching.threadIdx, launching.thread_id


def release(turns: list[Turn]) -> None:
    """Let go on who has met whom they wait for: everybody at a barrier, or the lanes of a warp."""
    if all(turn.waits_for is None for turn in turns):
        for turn in turns:
            turn.released()
        return
    for lanes in warps(turns, WARP):
        shuffle(lanes)
    for lanes in warps(turns, LANES):
        multiply(lanes)
    if not any(turn.ready for turn in turns):
        raise Deadlock(f"threads {[turn.number for turn in turns]} wait for each other, at barriers or in their warps")


def warps(turns: list[Turn], size: int) -> list[dict[int, Turn]]:
    """The threads of each warp that has any left, by lane."""
    found: dict[int, dict[int, Turn]] = {}
    for turn in turns:
        found.setdefault(turn.number // size, {})[turn.number % size] = turn
    return [*found.values()]


def shuffle(lanes: dict[int, Turn]) -> None:
    """Give each lane of a warp its partner's number, if all that take part are there."""
    brought = {lane: turn.waits_for for lane, turn in lanes.items() if isinstance(turn.waits_for, Shuffle)}
    for each in list(brought.values()):
        members = [lane for lane in range(WARP) if each.lanes >> lane & 1]
        if all(lane in brought and brought[lane].lanes == each.lanes for lane in members):
            for lane in members:
                if not lanes[lane].ready:
                    lanes[lane].released(brought[brought[lane].partner].value)


def multiply(lanes: dict[int, Turn]) -> None:
    """Give each lane of a warp its part of a product, if all of them are there."""
    brought = [each for lane in range(LANES) if lane in lanes and isinstance(each := lanes[lane].waits_for, Fragments)]
    if len(brought) == LANES:
        for lane, part in enumerate(multiplied(brought)):
            lanes[lane].released(part)


def shfl_xor_sync(module: FakeCUDAModule, mask: int, value: Any, distance: int) -> Any:
    """The number of the lane whose index differs from the own one in the bits of the distance."""
    launching: Any = threading.current_thread()
    own = launching.thread_id % WARP
    partner = own ^ distance
    if partner >= WARP or not mask >> own & mask >> partner & 1:
        raise Deadlock(f"lane {own} wants the number of lane {partner}, by a mask of {mask:b} in a warp of {WARP}")
    return launching.exchange(Shuffle(mask & ((1 << WARP) - 1), value, partner))


FakeCUDAModule.shfl_xor_sync = shfl_xor_sync
allocate = FakeCUDAShared.array


def shared_array(shared: FakeCUDAShared, shape: Any, dtype: Any, alignment: int = 1) -> np.ndarray:
    """Shared memory that begins at a multiple of so many bytes, which Numba's simulator refuses to be asked for."""
    array = allocate(shared, shape, dtype)
    if array.ctypes.data % alignment:
        raise MemoryError(f"shared memory begins at {array.ctypes.data}, not at a multiple of {alignment}")
    return array


FakeCUDAShared.array = shared_array


def synchronizing(body: Callable[..., Any]) -> Callable[..., Any]:
    """A device function that asks `cuda` for indices, shared memory or other threads, as the running kernel does.

    The simulator gives each launch a `cuda` of its own, in the room of the kernel; here in that of the function too.
    """

    def run(*arguments: Any) -> Any:
        with simulator.swapped_cuda_module(body, simulator._get_kernel_context()):
            return body(*arguments)

    return update_wrapper(run, body)
