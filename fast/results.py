"""What functions with more than one result return on both fast paths: the reference's field names, over arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = [
    "AdadeltaStep",
    "AdagradStep",
    "AdamStep",
    "Backpropagation",
    "Conv2DGradients",
    "ConvolutionalBackpropagation",
    "ConvolutionalLayerGradients",
    "DenseGradients",
    "EarlyStop",
    "ForwardPass",
    "LSTMSequence",
    "LSTMState",
    "MatrixProductGradients",
    "MomentumStep",
    "MulticlassPrediction",
    "MulticlassTrace",
    "PerceptronPrediction",
    "PerceptronTrace",
    "RMSPropStep",
    "RecurrentGradients",
    "RosenblattTrace",
]

Arrays = tuple[np.ndarray, ...]


class PerceptronTrace(NamedTuple):
    """What `perceptron_sgd` did: final_weights [D + 1], and one row of each other array for each example looked at."""

    final_weights: np.ndarray
    weights: np.ndarray
    examples: np.ndarray
    activations: np.ndarray
    updated: np.ndarray


class RosenblattTrace(NamedTuple):
    """What `rosenblatt_train` did: final_weights [D + 1], and of each other array an entry for each step."""

    final_weights: np.ndarray
    weights: np.ndarray
    activations: np.ndarray
    outputs: np.ndarray
    changes: np.ndarray


class NeighborsPrediction(NamedTuple):
    """What `nearest_neighbors` returns: distances [M, k], and the examples' places [M, k] and classes [M] as int64."""

    distances: np.ndarray
    places: np.ndarray
    classes: np.ndarray


class MulticlassPrediction(NamedTuple):
    """What `multiclass_perceptron_predict` returns: each perceptron's score, and the highest's class as int64."""

    scores: np.ndarray
    classes: np.ndarray


class MulticlassTrace(NamedTuple):
    """What `multiclass_perceptron_train` did: final_weights [D + 1, K], scores [S, K], predictions [S]."""

    final_weights: np.ndarray
    scores: np.ndarray
    predictions: np.ndarray


class PerceptronPrediction(NamedTuple):
    """What `perceptron_predict` returns for every example: f(x), and the side of the hyperplane as int64."""

    scores: np.ndarray
    labels: np.ndarray


class MatrixProductGradients(NamedTuple):
    """What `matrix_product_vjp` returns: one gradient for each matrix, of its shape."""

    a: np.ndarray
    b: np.ndarray


class DenseGradients(NamedTuple):
    """What `dense_vjp` returns: one gradient for each input of `dense`, of that input's shape."""

    inputs: np.ndarray
    weights: np.ndarray
    bias: np.ndarray


class Conv2DGradients(NamedTuple):
    """What `conv2d_vjp` returns: one gradient for each input of `conv2d`, of that input's shape."""

    images: np.ndarray
    filters: np.ndarray


class ConvolutionalLayerGradients(NamedTuple):
    """What `convolutional_layer_vjp` returns: one gradient for each of the layer's inputs, of that input's shape."""

    images: np.ndarray
    filters: np.ndarray
    bias: np.ndarray


class ForwardPass(NamedTuple):
    """What `forward_pass` returns for every layer: its weighted sums, and what its activation made of them."""

    weighted_sums: Arrays
    activations: Arrays


class ConvolutionalBackpropagation(NamedTuple):
    """What `convolutional_backpropagation` returns: the mean loss, and its gradients for everything that is learnt."""

    loss: np.ndarray
    filters: Arrays
    filter_biases: Arrays
    weights: Arrays
    biases: Arrays


class Backpropagation(NamedTuple):
    """What `backpropagation` returns: the loss, and its gradient for every weight matrix and bias."""

    loss: np.ndarray
    weights: Arrays
    biases: Arrays


class LSTMState(NamedTuple):
    """What an LSTM hands on to its next step: what it says, and what it keeps to itself; [N, U] each."""

    hidden: np.ndarray
    cell: np.ndarray


class LSTMSequence(NamedTuple):
    """What `lstm` returns: the hidden state after every step [N, T, U], and the cell state after the last [N, U]."""

    outputs: np.ndarray
    cell: np.ndarray


class RecurrentGradients(NamedTuple):
    """What the gradients of recurrent networks return: one for each input, of that input's shape."""

    inputs: np.ndarray
    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray
    state: np.ndarray | LSTMState


class MomentumStep(NamedTuple):
    """What `momentum` returns: the parameters after the step, and the velocity for the next one."""

    parameters: np.ndarray
    velocity: np.ndarray


class AdagradStep(NamedTuple):
    """What `adagrad` returns: the parameters after the step, and the sum of all squared gradients."""

    parameters: np.ndarray
    accumulator: np.ndarray


class AdadeltaStep(NamedTuple):
    """What `adadelta` returns: the parameters after the step, and the running means of squares."""

    parameters: np.ndarray
    mean_squares: np.ndarray
    mean_squared_updates: np.ndarray


class RMSPropStep(NamedTuple):
    """What `rmsprop` returns: the parameters after the step, and the running mean of squared gradients."""

    parameters: np.ndarray
    mean_squares: np.ndarray


class AdamStep(NamedTuple):
    """What `adam` returns: the parameters after the step, and the running means of gradients and their squares."""

    parameters: np.ndarray
    first_moment: np.ndarray
    second_moment: np.ndarray


class EarlyStop(NamedTuple):
    """What `early_stopping` returns: the step whose loss counts as the best, and how many steps were made; int64."""

    best_step: np.ndarray
    steps: np.ndarray


class Sample(NamedTuple):
    """What `sample_index` returns: the probabilities [N, K] at the temperature, and the indices drawn [N] as int64."""

    probabilities: np.ndarray
    indices: np.ndarray
