"""NumPy's counterparts of the reference's functions, a module for each of its rooms.

Each function is the formula over whole arrays: matrix products where there are any, and loops over the cells of a
window where there aren't. It is what benchmarks compare with, and the base of the wrong implementations that the suite
must catch.
"""

import numpy as np

from conformance.implementations.numpy.activations import *
from conformance.implementations.numpy.adaptive_optimizers import *
from conformance.implementations.numpy.backpropagation import *
from conformance.implementations.numpy.baselines import *
from conformance.implementations.numpy.binary_losses import *
from conformance.implementations.numpy.class_index_losses import *
from conformance.implementations.numpy.convolution import *
from conformance.implementations.numpy.convolutional_network import *
from conformance.implementations.numpy.differentiation import *
from conformance.implementations.numpy.layers import *
from conformance.implementations.numpy.linear import *
from conformance.implementations.numpy.long_short_term_memory import *
from conformance.implementations.numpy.losses import *
from conformance.implementations.numpy.metrics import *
from conformance.implementations.numpy.neurons import *
from conformance.implementations.numpy.optimizers import *
from conformance.implementations.numpy.perceptron import *
from conformance.implementations.numpy.pooling import *
from conformance.implementations.numpy.recurrent import *
from conformance.implementations.numpy.regularization import *
from conformance.implementations.numpy.sampling import *
from conformance.implementations.numpy.sessions import *
from conformance.implementations.numpy.softmax import *

DESCRIPTION = f"NumPy {np.__version__}"

# The largest errors seen, in ULPs: in float32 exp 2.49, log 3.56, tanh 1.38; in float64 exp 0.51, log 0.52, tanh 1.19,
# where processors without wide vectors take the C library's (1, 1 and 2.3). The sigmoid e/(1 + e) of e = exp(-|z|)
# takes over the exponential's error, which counts double where the quotient lies in the next lower binade, and adds at
# most one ULP each for the sum and the quotient: twice the exponential's and 2.
PROFILE = {
    "float32": {"flush_to_zero": False, "ulps": {"exp": 3, "log": 4, "tanh": 2, "sigmoid": 8}},
    "float64": {"flush_to_zero": False, "ulps": {"exp": 1, "log": 1, "tanh": 3, "sigmoid": 4}},
}

#: Our own: the suite asks that its errors say which argument is wrong.
ERRORS_NAME_ARGUMENTS = True
