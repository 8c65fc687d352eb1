"""The threads that kernels share their work among: those of TBB, if it is there.

What a fork and a join cost, in microseconds, two threads on two cores that two other programs wanted, too (median of
15 runs; in brackets the worst; then for 120,000 multiply-adds; then for a first call after 2 ms of sleep):

    TBB                                       2.2 (3.2)     24     41
    OpenMP, waiting by spinning 10,000 times  6.3 (203)     32     63
    OpenMP, as it comes: spinning for 10 ms   7.5 (105)     33   1884
    OpenMP, waiting asleep                     14 (179)     97    126
    Numba's own queue                          84 (335)    321    146

Waiting asleep makes small calls slow; spinning takes the core from whoever the caller waits for, TensorFlow's threads
say. TBB's threads spin briefly and take over tasks that others haven't begun, so nobody waits for one that has no core.
"""

from __future__ import annotations

import ctypes
import os
from importlib import metadata

#: Multiplications below which a second thread costs more than it helps.
PARALLEL_WORK = 500_000


def load_tbb() -> bool:
    """Load TBB from where its package installs it, where no linker looks; Numba takes it when it is loaded."""
    try:
        files = metadata.files("tbb") or []
    except metadata.PackageNotFoundError:
        return False
    for file in files:
        if file.name in ("libtbb.so.12", "tbb12.dll"):
            try:
                ctypes.CDLL(str(file.locate()), mode=ctypes.RTLD_GLOBAL)
            except OSError:
                return False
            return True
    return False


if not load_tbb():
    # Asleep rather than spinning for long. OpenMP's own default made max_pool2d of 100 images take ten times as long
    # where other programs wanted the cores. The user's own setting goes first.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
