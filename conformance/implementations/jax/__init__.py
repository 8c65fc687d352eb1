"""JAX's counterparts of the reference's functions, a module for each of its rooms.

Each function hands its arrays to the JAX function that a user would call for it, compiled as a whole, and changes
nothing about the arithmetic. Gradients are JAX's own, from `jax.vjp`. Needs the extra `jax`; only the CPU is used.
"""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_ENABLE_X64", "1")

import jax

from conformance.implementations.jax.activations import *
from conformance.implementations.jax.backpropagation import *
from conformance.implementations.jax.convolution import *
from conformance.implementations.jax.linear import *
from conformance.implementations.jax.losses import *
from conformance.implementations.jax.pooling import *
from conformance.implementations.jax.softmax import *

DESCRIPTION = f"JAX {jax.__version__} on the CPU, compiled for each shape"

COMPILES_EACH_SHAPE = True

NOT_PROVIDED = {
    "perceptron_predict": "JAX has no perceptron",
    "perceptron_sgd": "JAX has no perceptron",
}
