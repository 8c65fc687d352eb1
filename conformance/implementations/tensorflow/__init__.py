"""TensorFlow's counterparts of the reference's functions, a module for each of its rooms.

Each function hands its arrays to the TensorFlow operation that a user would call for it, and changes nothing about the
arithmetic. Gradients are TensorFlow's own, from its gradient tape.
"""

import importlib
import os
import pkgutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from conformance.implementations.tensorflow.activations import *
from conformance.implementations.tensorflow.adaptive_optimizers import *
from conformance.implementations.tensorflow.backpropagation import *
from conformance.implementations.tensorflow.baselines import *
from conformance.implementations.tensorflow.binary_losses import *
from conformance.implementations.tensorflow.class_index_losses import *
from conformance.implementations.tensorflow.convolution import *
from conformance.implementations.tensorflow.convolutional_network import *
from conformance.implementations.tensorflow.differentiation import *
from conformance.implementations.tensorflow.layers import *
from conformance.implementations.tensorflow.linear import *
from conformance.implementations.tensorflow.long_short_term_memory import *
from conformance.implementations.tensorflow.losses import *
from conformance.implementations.tensorflow.metrics import *
from conformance.implementations.tensorflow.optimizers import *
from conformance.implementations.tensorflow.perceptron import *
from conformance.implementations.tensorflow.pooling import *
from conformance.implementations.tensorflow.recurrent import *
from conformance.implementations.tensorflow.regularization import *
from conformance.implementations.tensorflow.sessions import *
from conformance.implementations.tensorflow.softmax import *

DESCRIPTION = (
    f"TensorFlow {tf.__version__} on {'a GPU' if tf.config.list_physical_devices('GPU') else 'the CPU'}, eager"
)

# The largest errors of Eigen's kernels, in ULPs. In float32, over every input: exp 1.31, log 3.48, tanh 6.14,
# sigmoid 6.58. In float64, over hundreds of millions: exp 1.77, log 1.55, tanh 10.39 near 14.2, sigmoid 2.81.
PROFILE = {
    "float32": {"flush_to_zero": True, "ulps": {"exp": 2, "log": 4, "tanh": 7, "sigmoid": 7}},
    "float64": {"flush_to_zero": True, "ulps": {"exp": 2, "log": 2, "tanh": 11, "sigmoid": 3}},
}

COUNTS = "Keras's metric counts from labels and predictions, and isn't read off a confusion matrix"
UNIT_SIGMOID = "TensorFlow's sigmoid has the height and the steepness 1, and half its height at 0"
NOT_PROVIDED = {
    "accuracy": COUNTS,
    "precision": COUNTS,
    "recall": COUNTS,
    "f_score": COUNTS,
    "logistic": UNIT_SIGMOID,
    "logistic_vjp": UNIT_SIGMOID,
    "mcculloch_pitts": "TensorFlow has no inputs that veto",
    "multiclass_perceptron_predict": "TensorFlow has no perceptron; its dense layer is looked at as dense",
    "multiclass_perceptron_train": "TensorFlow learns by gradients, and a threshold has none",
    "step_vjp": "TensorFlow's tape finds no gradient behind a step, not even 0",
    "most_frequent_class": "TensorFlow has no classifier that doesn't look at what it classifies",
    "nearest_neighbors": "TensorFlow has no such classifier; its users compute the distances themselves, and sort them",
    "random_baseline": "TensorFlow draws its random numbers itself, and gives no class for one that was drawn",
    "sample_index": "TensorFlow's tf.random.categorical draws its numbers itself, and can't be given any",
    "rosenblatt_train": "TensorFlow learns by gradients, and a threshold has none",
}

_ROOMS = [importlib.import_module(f"{__name__}.{room.name}") for room in pkgutil.iter_modules(__path__)]

#: What is known to be wrong stands in each room, beside the function that is; and so does what is computed otherwise.
KNOWN_DEVIATIONS = [deviation for room in _ROOMS for deviation in getattr(room, "KNOWN_DEVIATIONS", [])]
ALGORITHMS = {operation: text for room in _ROOMS for operation, text in getattr(room, "ALGORITHMS", {}).items()}

#: Which code TensorFlow runs is decided by variables that it reads when it starts; each of these is checked as an
#: implementation of its own, `tensorflow:eigen` for instance, in processes that have them.
VARIANTS = {
    "eigen": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "onednn": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "avx2": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    "one_thread": {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"},
}
