"""Shuffles of the lanes of a warp, and what the simulator makes of those that a GPU could only hang in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fast.cuda.device import SIMULATED, WARP, cuda, empty, kernel, launch

simulated = pytest.mark.skipif(not SIMULATED, reason="asks what the simulator does")
ALL_LANES = 0xFFFFFFFF


@kernel
def swap_kernel(mask: int, distance: int, result: Any) -> None:
    """What a lane's partner has."""
    thread = cuda.threadIdx.x
    result[thread] = cuda.shfl_xor_sync(mask, thread, distance)


@kernel
def lonely_kernel(result: Any) -> None:
    """The first thread never comes to the shuffle."""
    if cuda.threadIdx.x > 0:
        result[0] = cuda.shfl_xor_sync(0xFFFFFFFF, 1, 1)


@kernel
def torn_kernel(result: Any) -> None:
    """One lane waits at a barrier, the other at a shuffle."""
    if cuda.threadIdx.x % 2 == 0:
        cuda.syncthreads()
    result[0] = cuda.shfl_xor_sync(0xFFFFFFFF, 1, 1)


def swapped(mask: int, distance: int) -> list[int]:
    """What the threads of two warps have after a shuffle."""
    result = empty(2 * WARP, np.dtype(np.int64))
    launch(swap_kernel, 1, 2 * WARP, mask, distance, result)
    return list(result.copy_to_host())


def test_lanes_shuffle_inside_their_warp() -> None:
    distance = WARP // 2
    assert swapped(ALL_LANES, distance) == [lane ^ distance for lane in range(2 * WARP)]


@simulated
@pytest.mark.parametrize(("mask", "distance"), [(1, 1), (2, 1), (ALL_LANES, WARP), (0, 1)])
def test_shuffles_that_no_warp_can_do(mask: int, distance: int) -> None:
    from fast.cuda.simulation import Deadlock

    with pytest.raises(Deadlock):
        swapped(mask, distance)


@simulated
@pytest.mark.parametrize("compiled", [lonely_kernel, torn_kernel])
def test_threads_that_wait_for_each_other_are_an_error(compiled: Any) -> None:
    from fast.cuda.simulation import Deadlock

    for _ in range(2):  # forwards and backwards
        with pytest.raises(Deadlock, match="wait for each other"):
            launch(compiled, 1, 2 * WARP, empty(1, np.dtype(np.int64)))
    assert swapped(ALL_LANES, 1)[:2] == [1, 0]


@kernel
def shuffle_for_a_barrier(result: Any) -> None:
    """A shuffle between writing and reading shared memory orders nothing."""
    shared, thread = cuda.shared.array(0, result.dtype), cuda.threadIdx.x
    shared[thread] = thread
    cuda.shfl_xor_sync(0xFFFFFFFF, thread, 1)
    result[thread] = shared[thread ^ 1]


@kernel
def barrier(result: Any) -> None:
    """As it should be."""
    shared, thread = cuda.shared.array(0, result.dtype), cuda.threadIdx.x
    shared[thread] = thread
    cuda.syncthreads()
    result[thread] = shared[thread ^ 1]


@simulated
def test_a_shuffle_is_no_barrier_for_memory() -> None:
    from tests.fast.cuda.races import watched

    for compiled, racing in ((shuffle_for_a_barrier, True), (barrier, False)):
        with watched() as watch:
            launch(compiled, 1, WARP, empty(WARP, np.dtype(np.int64)), shared_bytes=8 * WARP)
        assert bool(watch.races()) == racing
