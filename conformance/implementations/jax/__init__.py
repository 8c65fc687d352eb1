"""JAX's counterparts of the reference's functions, a module for each of its rooms.

Each function hands its arrays to the JAX function that a user would call for it, compiled as a whole, and changes
nothing about the arithmetic. Gradients are JAX's own, from `jax.vjp`. Needs the extra `jax`; only the CPU is used.
"""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_ENABLE_X64", "1")

import jax

from conformance.implementations.jax import differentiation
from conformance.implementations.jax.activations import *
from conformance.implementations.jax.backpropagation import *
from conformance.implementations.jax.binary_losses import *
from conformance.implementations.jax.class_index_losses import *
from conformance.implementations.jax.convolution import *
from conformance.implementations.jax.differentiation import *
from conformance.implementations.jax.layers import *
from conformance.implementations.jax.linear import *
from conformance.implementations.jax.losses import *
from conformance.implementations.jax.pooling import *
from conformance.implementations.jax.sessions import *
from conformance.implementations.jax.softmax import *

DESCRIPTION = f"JAX {jax.__version__} on the CPU, compiled for each shape"

COMPILES_EACH_SHAPE = True

#: What is known to be wrong stands beside the function that is.
KNOWN_DEVIATIONS = differentiation.KNOWN_DEVIATIONS

PERCEPTRON = "JAX has no perceptron"
RECURRENT = "JAX has no recurrent networks for the CPU; libraries of its users have"
OPTIMIZERS = "JAX has no optimizers; Optax has"
METRICS = "JAX has no metrics; libraries of its users have"
CLASSIFIER = "JAX has no such classifier"
DROPOUT = "JAX has no dropout; libraries of its users have"
UNIT_SIGMOID = "JAX's sigmoid has the height and the steepness 1, and half its height at 0"
LOSS = "JAX has no such loss"
NOT_PROVIDED = {
    **dict.fromkeys(("perceptron_predict", "perceptron_sgd", "rosenblatt_train", "mcculloch_pitts"), PERCEPTRON),
    **dict.fromkeys(("multiclass_perceptron_predict", "multiclass_perceptron_train"), PERCEPTRON),
    **dict.fromkeys(("simple_rnn", "simple_rnn_step", "simple_rnn_step_vjp", "simple_rnn_vjp"), RECURRENT),
    **dict.fromkeys(("lstm", "lstm_step", "lstm_step_vjp", "lstm_vjp"), RECURRENT),
    **dict.fromkeys(("gradient_descent", "momentum", "adagrad", "adadelta", "rmsprop", "adam"), OPTIMIZERS),
    **dict.fromkeys(("exponential_decay", "early_stopping"), OPTIMIZERS),
    **dict.fromkeys(("accuracy", "confusion_matrix", "f_score", "precision", "recall"), METRICS),
    **dict.fromkeys(("most_frequent_class", "nearest_neighbors", "random_baseline"), CLASSIFIER),
    **dict.fromkeys(("dropout", "dropout_vjp", "convolutional_backpropagation"), DROPOUT),
    **dict.fromkeys(("logistic", "logistic_vjp"), UNIT_SIGMOID),
    **dict.fromkeys(("l2_penalty", "l2_penalty_vjp", "hinge_loss", "hinge_loss_vjp"), LOSS),
    "sample_index": "JAX draws its random numbers itself, and can't be given any",
    "step_vjp": "JAX finds no gradient behind a step",
}
