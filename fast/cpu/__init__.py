"""Deep learning by foot on a CPU: the functions of `reference` over NumPy arrays, compiled by Numba.

Every function takes and returns arrays of float32 or float64; all float arrays of a call share a dtype. Results are
new arrays, inputs stay as they were, and the bits don't depend on the number of threads.

Every function takes `out`: an array, or a tuple as the result is, to write into and return. So what loops, such as a
training, needs no new array after its first step. It may lie anywhere: where it overlaps an input, the result is right
all the same, at the price of a copy; of what is computed for each number by itself, `out` may be an input without one.
"""

import platform

from fast.cpu import threads  # noqa: F401  (loads TBB)
from fast.cpu.activations import *
from fast.cpu.adaptive_optimizers import *
from fast.cpu.backpropagation import *
from fast.cpu.baselines import *
from fast.cpu.binary_losses import *
from fast.cpu.class_index_losses import *
from fast.cpu.convolution import *
from fast.cpu.convolutional_network import *
from fast.cpu.elementary import ULPS
from fast.cpu.layers import *
from fast.cpu.linear import *
from fast.cpu.long_short_term_memory import *
from fast.cpu.losses import *
from fast.cpu.metrics import *
from fast.cpu.neurons import *
from fast.cpu.optimizers import *
from fast.cpu.perceptron import *
from fast.cpu.pooling import *
from fast.cpu.recurrent import *
from fast.cpu.regularization import *
from fast.cpu.sampling import *
from fast.cpu.sessions import *
from fast.cpu.softmax import *

DESCRIPTION = "Numba on a CPU: register-tiled products in LLVM vectors, polynomial exponentials, threads over outputs"

#: The arithmetic that this implementation claims. ULPs are the largest errors of the functions in `elementary`, derived
#: there and held by tests/fast/cpu/test_elementary.py; without fused multiply-add, those of float64 are larger.
PROFILE = {
    "float32": {"unit_roundoff": 2.0**-24, "flush_to_zero": False, "ulps": ULPS["float32"]},
    "float64": {"unit_roundoff": 2.0**-53, "flush_to_zero": False, "ulps": ULPS["float64"]},
}

#: What else to check: the variables of an environment by name, each a column of its own in the suite (fast.cpu:sse2).
#: Threads mustn't change anything, nor may the width of the vectors that kernels are written in; and without AVX there
#: is no fused multiply-add.
VARIANTS = {"one_thread": {"NUMBA_NUM_THREADS": "1"}}
if platform.machine() in ("x86_64", "AMD64"):
    VARIANTS["sse2"] = {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": "+sse2"}

NOT_PROVIDED = {
    "graph_gradients": "the reference differentiates graphs; what it adds to them are operations, which run_graph runs",
}

#: An error names the argument that is wrong, and the suite holds us to it.
ERRORS_NAME_ARGUMENTS = True
