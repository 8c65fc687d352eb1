"""A whole network, forward and back: by hand, layer by layer as the slides draw it, and by its computational graph."""

from __future__ import annotations

from typing import NamedTuple

from reference.activations import relu, relu_vjp
from reference.arrays import Array, Number, elementwise, require_array, require_arrays, require_shape, total
from reference.errors import InvalidArgument
from reference.linear import dense, dense_vjp
from reference.losses import softmax_cross_entropy_with_logits, softmax_cross_entropy_with_logits_vjp
from reference.numbers.node import Node, gradients
from reference.softmax import softmax

__all__ = ["Backpropagation", "ForwardPass", "backpropagation", "backpropagation_by_graph", "forward_pass"]

Arrays = tuple[Array, ...]


class ForwardPass(NamedTuple):
    """What `forward_pass` returns for every layer: its weighted sums, and what its activation made of them."""

    weighted_sums: Arrays
    activations: Arrays


class Backpropagation(NamedTuple):
    """What `backpropagation` returns: the loss, and its gradient for every weight matrix and bias."""

    loss: Number
    weights: Arrays
    biases: Arrays


def forward_pass(inputs: Array, weights: Arrays, biases: Arrays) -> ForwardPass:
    """Feed a batch through dense layers: relu after each hidden one, softmax after the last.

    Why: how a trained network answers. The slides do it "by foot", printing every matrix on the way.

    Formula:
        H₁ = X·W₁ + b₁, A₁ = relu(H₁), H₂ = A₁·W₂ + b₂, …, A_L = softmax(H_L)

    Args:
        inputs: [N, D].
        weights: a tuple of L matrices [D, H₁], [H₁, H₂], …, [H_L₋₁, K].
        biases: a tuple of L vectors [H₁], …, [K].

    Returns:
        ForwardPass(weighted_sums: L matrices [N, H_l], activations: L matrices [N, H_l]).

    Raises:
        InvalidArgument: if weights and biases aren't tuples of equal length, or a layer doesn't fit the one before.

    Source:
        goldsborough-methods, "Neural Networks by Foot"; reinert-intro, "Single Layer Neural Network" and "Deep Neural
        Network".

    >>> forward_pass([[1, 2]], ([[1, 1], [1, -1]], [[1, 1], [0, 0]]), ([0, 0], [0, 0]))
    ForwardPass(weighted_sums=([[3, -1]], [[3, 3]]), activations=([[3, 0]], [[0.5, 0.5]]))
    """
    require_network(inputs, weights, biases)
    weighted_sums, activations = [], []
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        weighted_sums.append(dense(inputs, matrix, bias))
        inputs = softmax(weighted_sums[-1]) if layer == len(weights) - 1 else relu(weighted_sums[-1])
        activations.append(inputs)
    return ForwardPass(tuple(weighted_sums), tuple(activations))


def backpropagation(inputs: Array, weights: Arrays, biases: Arrays, labels: Array) -> Backpropagation:
    """The mean loss of a network and its gradient for every parameter, by hand: back through one layer at a time.

    Why: training a network needs all these gradients; going backwards gets them for the price of about two forward
    passes, however many parameters there are.

    Formula:
        J = (1/N)·Σₙ softmax_cross_entropy_with_logits(H_L, labels)[n];  from d J / d H_L go back through dense, relu,
        dense, … with each layer's vjp

    Args:
        inputs: [N, D].
        weights: as in `forward_pass`.
        biases: as in `forward_pass`.
        labels: [N, K], a distribution over the classes in each row, usually one-hot.

    Returns:
        Backpropagation(loss, weights: gradients shaped as weights, biases: gradients shaped as biases).

    Raises:
        InvalidArgument: as `forward_pass`, and if the labels' shape isn't the network's output's.

    Source:
        ruppert-ml2, "Forward and Back Propagation"; reinert-intro, "Computing the Gradient through Backpropagation" and
        "Common Loss Functions" (empirical loss).

    >>> backpropagation([[1.0, 2.0]], ([[0.0, 0.0], [0.0, 0.0]],), ([0.0, 0.0],), [[1, 0]])
    Backpropagation(loss=0.6931471805599453, weights=([[-0.5, 0.5], [-1.0, 1.0]],), biases=([-0.5, 0.5],))
    """
    weighted_sums, activations = forward_pass(inputs, weights, biases)
    logits, count = weighted_sums[-1], len(inputs)
    require_shape("labels", labels, (count, len(logits[0])), "of the network's output")
    loss = total(softmax_cross_entropy_with_logits(logits, labels)) / count
    of_each_loss = softmax_cross_entropy_with_logits_vjp(logits, labels, [1] * count)
    cotangent = elementwise(lambda gradient: gradient / count, of_each_loss)
    d_weights, d_biases = [], []
    for layer in reversed(range(len(weights))):
        layer_inputs = activations[layer - 1] if layer > 0 else inputs
        gradient = dense_vjp(layer_inputs, weights[layer], biases[layer], cotangent)
        d_weights.append(gradient.weights)
        d_biases.append(gradient.bias)
        if layer > 0:
            cotangent = relu_vjp(weighted_sums[layer - 1], gradient.inputs)
    return Backpropagation(loss, tuple(reversed(d_weights)), tuple(reversed(d_biases)))


def backpropagation_by_graph(inputs: Array, weights: Arrays, biases: Arrays, labels: Array) -> Backpropagation:
    """The same loss and gradients, from the computational graph of the loss and nothing else.

    Why: nobody writes the backward pass of a real network by hand. Running the forward pass on `Node`s records its
    graph, and going back through the graph gives every gradient. The two ways must agree.

    Formula:
        ∂J/∂node = Σ over the node's uses: ∂J/∂use · ∂use/∂node

    Args:
        inputs: [N, D].
        weights: as in `forward_pass`.
        biases: as in `forward_pass`.
        labels: [N, K].

    Returns:
        Backpropagation(loss, weights, biases), as `backpropagation`.

    Raises:
        InvalidArgument: as `backpropagation`.

    Source:
        goldsborough-tensorflow, "Back Propagation": symbol to number differentiation.

    >>> backpropagation_by_graph([[1.0, 2.0]], ([[0.0, 0.0], [0.0, 0.0]],), ([0.0, 0.0],), [[1, 0]])
    Backpropagation(loss=0.6931471805599453, weights=([[-0.5, 0.5], [-1.0, 1.0]],), biases=([-0.5, 0.5],))
    """
    require_network(inputs, weights, biases)
    weight_nodes = tuple([[Node(w) for w in row] for row in matrix] for matrix in weights)
    bias_nodes = tuple([Node(b) for b in bias] for bias in biases)
    # Nodes all through: an interval or a formula at the left of a product would not know what to do with a node.
    logits = forward_pass(elementwise(Node, inputs), weight_nodes, bias_nodes).weighted_sums[-1]
    require_shape("labels", labels, (len(inputs), len(logits[0])), "of the network's output")
    loss = total(softmax_cross_entropy_with_logits(logits, elementwise(Node, labels))) / len(inputs)
    d_weights, d_biases = gradients(loss, (weight_nodes, bias_nodes))
    return Backpropagation(loss.value, d_weights, d_biases)


def require_network(inputs: Array, weights: Arrays, biases: Arrays) -> None:
    """Check that weights and biases are layers, each of which fits the one before."""
    layers = require_arrays("weights", weights, "D H")
    require_arrays("biases", biases, "H")
    if len(biases) != len(layers):
        raise InvalidArgument("biases", f"{len(layers)} vectors for as many weight matrices", str(len(biases)))
    units = require_array("inputs", inputs, "N D")[1]
    for layer, (_, next_units) in enumerate(layers):
        came_from = f"after a layer of {units} units" if layer else f"for inputs with {units} features"
        require_shape(f"weights[{layer}]", weights[layer], (units, next_units), came_from)
        require_shape(f"biases[{layer}]", biases[layer], (next_units,), f"for {next_units} units")
        units = next_units
