"""How the simulator runs a block: its threads take turns, from one barrier to the next.

Numba's simulator makes a Python thread of every CUDA thread and polls them until all wait at a barrier. That is where
nearly all of its time goes (a 9×9×9 matrix product: 134 ms, here 8), and which thread comes first is left to chance.
Here the threads of a block are greenlets of the thread that launches: one runs until it reaches a barrier or its end,
then the next. Nothing is polled, nothing is left to chance.

One block runs its threads from first to last, the next one from last to first. What a thread finds before it was
written, for want of a barrier, depends on that order: then a call doesn't give the same bits twice.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from greenlet import getcurrent, greenlet
from numba.cuda.simulator import kernel as simulator
from numba.cuda.simulator.kernelapi import Dim3


class Block(simulator.BlockManager):
    """A block whose threads take turns; in place of the simulator's own.

    Kernels ask the current Python thread for their indices and for barriers: here the one that launches.
    """

    #: whether the next block starts with its last thread
    backwards = False

    def run(self, grid_point: tuple[int, ...], *arguments: Any) -> None:
        """Run all threads to their end. They meet at a barrier when those that have not ended are all there."""
        turns = [(greenlet(self._f), Dim3(*point)) for point in np.ndindex(*self._block_dim)]
        if Block.backwards:
            turns.reverse()
        Block.backwards = not Block.backwards
        launching: Any = threading.current_thread()
        launching.blockIdx, launching.syncthreads = Dim3(*grid_point), getcurrent().switch
        try:
            while turns:
                for turn, launching.threadIdx in turns:
                    turn.switch(*arguments)
                arguments = ()
                turns = [(turn, place) for turn, place in turns if not turn.dead]
        finally:
            del launching.blockIdx, launching.syncthreads, launching.threadIdx
