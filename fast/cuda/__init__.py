"""The functions of `reference` over NumPy arrays, as CUDA kernels written in Python with Numba.

On a machine without a GPU the same kernels run in Numba's simulator, thread by thread: slow, and right.

NumPy arrays are copied to the device, and results back. Where the arrays of a call are on the device already, whoever
made them (Numba, PyTorch, CuPy, JAX: whatever has `__cuda_array_interface__`), they are read where they lie, and
results are Numba's device arrays, with memory of their own. Then nothing goes through the host but what it has to know
to go on: whether all class indices, labels such as ±1, masks and binary inputs are what they should be, and how far a
training came. For these few integers it waits. All arrays of a call must be on the device, or none, and C-contiguous
there; learning rates stay on the host.

Inside `with stream(s):` calls go to a stream; else to the default one, which is PyTorch's, too. What an array's
interface says is still being written, on another stream, the device waits for. An array must live until the stream is
through with it. `OutOfDeviceMemory` and `DeviceLost` are raised for what the driver reports.

`PROFILE` is what the kernels claim of their arithmetic. The ULPs of the elementary functions are the maximum errors
that NVIDIA documents (CUDA C++ Programming Guide, "Mathematical Functions"; where editions differ, the larger), plus
half an ULP, since they are stated against the correctly rounded result. The sigmoid's follow from exp's. With u the
unit roundoff and an exponential d = e^-|z| that is off by k ULPs, at most 2ku relative: d/(1 + d) is off by
2ku/(1 + d) ≤ 2ku, plus u for the sum and u for the quotient; 1/(1 + d) by less. That is (2k + 2)u, and u·|y| is less
than an ULP of y: 2k + 2 ULPs, and half an ULP, which is more than the terms in u² need.

In the variant `fast.cuda:tf32` (FAST_CUDA_TF32=1) tensor cores compute, from compute capability 8.0 on, the matrix
products and dense layers of float32 that are operations of their own, and their gradients. What such an operation is
given is rounded to TF32, 11 bits; what a network computes on its way never is. `tensor_cores.CLAIMS` says what that
adds to the profile, and why.
"""

from fast.cuda.activations import *
from fast.cuda.adaptive_optimizers import *
from fast.cuda.backpropagation import *
from fast.cuda.baselines import *
from fast.cuda.binary_losses import *
from fast.cuda.class_index_losses import *
from fast.cuda.convolution import *
from fast.cuda.convolutional_network import *
from fast.cuda.device import SIMULATED, describe
from fast.cuda.device_errors import DeviceLost as DeviceLost
from fast.cuda.device_errors import OutOfDeviceMemory as OutOfDeviceMemory
from fast.cuda.layers import *
from fast.cuda.linear import *
from fast.cuda.long_short_term_memory import *
from fast.cuda.losses import *
from fast.cuda.metrics import *
from fast.cuda.neurons import *
from fast.cuda.optimizers import *
from fast.cuda.perceptron import *
from fast.cuda.pooling import *
from fast.cuda.recurrent import *
from fast.cuda.regularization import *
from fast.cuda.sampling import *
from fast.cuda.softmax import *
from fast.cuda.streams import stream as stream
from fast.cuda.tensor_cores import CLAIMS, TF32

PROFILE = {
    "float32": {
        "unit_roundoff": 2.0**-24,
        "flush_to_zero": False,
        "ulps": {"exp": 2.5, "log": 1.5, "tanh": 2.5, "sigmoid": 7.5},
    },
    "float64": {
        "unit_roundoff": 2.0**-53,
        "flush_to_zero": False,
        "ulps": {"exp": 1.5, "log": 1.5, "tanh": 2.5, "sigmoid": 5.5},
    },
}

DESCRIPTION = describe()

#: What else to check, a column of its own in the suite (fast.cuda:tf32).
VARIANTS = {"tf32": {"FAST_CUDA_TF32": "1"}}
if TF32:
    PROFILE["float32"] |= CLAIMS
    DESCRIPTION += "; dense layers and matrix products of float32 in TF32"

#: What a GPU is no help for.
NOT_PROVIDED = {
    "early_stopping": "a few comparisons, one after the other, of losses that are on the host",
    "flatten": "moves no number: an array on the device lies flat already",
    "graph_gradients": "the reference differentiates graphs; what it adds to them are operations like others",
    "most_frequent_class": "one count of integers, which takes less time than to bring them to the device",
    "run_graph": "graphs run on the CPU; on the device there are the operations that they are made of",
}

#: An error names the argument that is wrong, and the suite holds us to it.
ERRORS_NAME_ARGUMENTS = True

if SIMULATED:
    # What the simulator gets through in reasonable time: deciding cases of each check, and lengths of axes.
    CASES = 20
    LARGEST_DIMENSION = 9
