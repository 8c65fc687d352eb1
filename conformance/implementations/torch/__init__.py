"""PyTorch's counterparts of the reference's functions, a module for each of its rooms.

Each function hands its arrays to the PyTorch function that a user would call for it, and changes nothing about the
arithmetic. Gradients are PyTorch's own, from its tape. Needs the extra `torch`; only the CPU is used.
"""

import importlib
import pkgutil

import torch

from conformance.implementations.torch.activations import *
from conformance.implementations.torch.backpropagation import *
from conformance.implementations.torch.binary_losses import *
from conformance.implementations.torch.class_index_losses import *
from conformance.implementations.torch.convolution import *
from conformance.implementations.torch.differentiation import *
from conformance.implementations.torch.layers import *
from conformance.implementations.torch.linear import *
from conformance.implementations.torch.long_short_term_memory import *
from conformance.implementations.torch.losses import *
from conformance.implementations.torch.optimizers import *
from conformance.implementations.torch.pooling import *
from conformance.implementations.torch.recurrent import *
from conformance.implementations.torch.sessions import *
from conformance.implementations.torch.softmax import *
from conformance.implementations.torch.windows import MEMORY_FORMAT

DESCRIPTION = f"PyTorch {torch.__version__} on the CPU, eager"

# Of long arrays, the square root is off by up to 0.75 ULPs in float32, 0.53 in float64: it isn't IEEE's.
PROFILE = {dtype: {"ulps": {"sqrt": 1}} for dtype in ("float32", "float64")}

#: In which order the images of a batch lie in memory, as PyTorch itself calls it.
VARIANTS = {"channels_last": {MEMORY_FORMAT: "channels_last"}}

_ROOMS = [importlib.import_module(f"{__name__}.{room.name}") for room in pkgutil.iter_modules(__path__)]

#: What is known to be wrong stands in each room, beside the function that is; and so does what is computed otherwise.
KNOWN_DEVIATIONS = [deviation for room in _ROOMS for deviation in getattr(room, "KNOWN_DEVIATIONS", [])]
ALGORITHMS = {operation: text for room in _ROOMS for operation, text in getattr(room, "ALGORITHMS", {}).items()}

PERCEPTRON = "PyTorch has no perceptron"
METRICS = "PyTorch has no metrics; a library of its users has"
CLASSIFIER = "PyTorch has no such classifier"
PENALTY = "PyTorch's weight decay adds a gradient, and has no penalty to show"
MASK = "PyTorch draws the mask of a dropout itself, and can't be given one"
UNEVEN = "PyTorch pads both sides alike, and averages whatever is padded by hand"
UNIT_SIGMOID = "PyTorch's sigmoid has the height and the steepness 1, and half its height at 0"
HINGE = "PyTorch's hinge losses are of embeddings and of several classes"
NOT_PROVIDED = {
    **dict.fromkeys(("perceptron_predict", "perceptron_sgd", "rosenblatt_train", "mcculloch_pitts"), PERCEPTRON),
    **dict.fromkeys(("multiclass_perceptron_predict", "multiclass_perceptron_train"), PERCEPTRON),
    **dict.fromkeys(("accuracy", "confusion_matrix", "f_score", "precision", "recall"), METRICS),
    **dict.fromkeys(("most_frequent_class", "nearest_neighbors", "random_baseline"), CLASSIFIER),
    **dict.fromkeys(("average_pool2d", "average_pool2d_vjp"), UNEVEN),
    **dict.fromkeys(("l2_penalty", "l2_penalty_vjp"), PENALTY),
    **dict.fromkeys(("dropout", "dropout_vjp", "convolutional_backpropagation"), MASK),
    **dict.fromkeys(("hinge_loss", "hinge_loss_vjp"), HINGE),
    **dict.fromkeys(("logistic", "logistic_vjp"), UNIT_SIGMOID),
    "early_stopping": "PyTorch has none; a library of its users has",
    "exponential_decay": "PyTorch's decays at every step, and counts the steps itself",
    "sample_index": "PyTorch draws its random numbers itself, and can't be given any",
    "step_vjp": "PyTorch finds no gradient behind a step",
}
