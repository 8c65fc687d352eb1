"""Networks that are right for most numbers of layers, widths and examples."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import layered, network_call, training_call
from tests.conformance.power.entering import BOUND, LATTICE, named, wrong
from tests.conformance.power.pieces import copied, rounded_to, zeroed

# --- forward ----------------------------------------------------------------------------------------------------------


def _through(inputs: Array, weights: Any, biases: Any, layer: Any, activate: Any) -> Any:
    """`forward_pass` with each layer's weighted sums, and each activation, changed."""
    weighted_sums: list[Array] = []
    activations = [inputs]
    for place, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        weighted_sums.append(layer(place, activations[-1], matrix, bias))
        function = base.softmax if place == len(weights) - 1 else base.relu
        activations.append(activate(place, function, weighted_sums[-1]))
    return base.ForwardPass(tuple(weighted_sums), tuple(activations[1:]))


def _dense(place: int, inputs: Array, weights: Array, bias: Array) -> Array:
    return base.dense(inputs, weights, bias)


def _activation(place: int, function: Any, z: Array) -> Array:
    return function(z)


def _linear_layer(number: int) -> None:
    @wrong(
        "forward_pass",
        LATTICE,
        cases=200,
        where=layered(lambda n, *widths: len(widths) > number + 1),
        witness=network_call(4, *[3] * (number + 2)),
    )
    @named(f"hidden_layer_{number}_is_linear")
    def linear_layer(inputs: Array, weights: Any, biases: Any) -> Any:
        """Activations are written out for as many hidden layers as somebody had tried."""
        return _through(
            inputs, weights, biases, _dense, lambda place, f, z: z if f is base.relu and place >= number - 1 else f(z)
        )


for layer_number in (3, 4):
    _linear_layer(layer_number)


@wrong(
    "forward_pass",
    LATTICE,
    cases=200,
    where=layered(lambda n, *widths: len(widths) == 2),
    witness=network_call(6, 3, 4),
)
def a_single_layer_gets_a_relu(inputs: Array, weights: Any, biases: Any) -> Any:
    """Without hidden layers the first layer is the last one too, and is taken for a hidden one first."""
    return _through(inputs, weights, biases, _dense, lambda place, f, z: f(base.relu(z)))


@wrong(
    "forward_pass",
    LATTICE,
    cases=200,
    where=layered(lambda n, *widths: len(widths) > 4),
    witness=network_call(2, 2, 3, 2, 3, 2),
)
def fourth_layer_without_bias(inputs: Array, weights: Any, biases: Any) -> Any:
    """Biases are passed in a struct of three."""
    return base.forward_pass(inputs, weights, (*biases[:3], *(0 * bias for bias in biases[3:])))


@wrong(
    "forward_pass",
    LATTICE,
    cases=200,
    where=layered(lambda n, *widths: len(widths) > 4 and widths[1] == widths[3]),
    witness=network_call(3, 2, 3, 2, 3, 2),
)
def two_buffers_for_all_layers(inputs: Array, weights: Any, biases: Any) -> Any:
    """Activations alternate between two buffers: the third layer's overwrites what is returned as the first one's."""
    result = base.forward_pass(inputs, weights, biases)
    return result._replace(activations=(result.activations[2], *result.activations[1:]))


def _wide_layer(width: int) -> None:
    @wrong(
        "forward_pass",
        LATTICE,
        cases=200,
        where=layered(lambda n, *widths: len(widths) > 2 and max(widths[1:-1]) > width),
        witness=network_call(6, 3, width + 1, 2),
    )
    @named(f"units_beyond_{width}_of_a_hidden_layer_unused")
    def wide_layer(inputs: Array, weights: Any, biases: Any) -> Any:
        """A hidden layer's activations stay in a tile, and the next layer reads no more than that."""

        def layer(place: int, x: Array, w: Array, b: Array) -> Array:
            return base.dense(zeroed(x, np.s_[:, width:]) if place else x, w, b)

        return _through(inputs, weights, biases, layer, _activation)


for layer_width in (8, 16):
    _wide_layer(layer_width)


@wrong(
    "forward_pass",
    LATTICE,
    cases=200,
    where=layered(lambda n, *widths: n > 3 and len(widths) > 2),
    witness=network_call(4, 2, 3, 2),
)
def fourth_example_skips_the_hidden_bias(inputs: Array, weights: Any, biases: Any) -> Any:
    """The bias is added to three rows at a time, in hidden layers only."""

    def layer(place: int, x: Array, w: Array, b: Array) -> Array:
        first_three = np.arange(len(x))[:, None] % 4 < 3
        return x @ w + np.where(first_three, b, 0) if place == 0 else base.dense(x, w, b)

    return _through(inputs, weights, biases, layer, _activation)


@wrong(
    "forward_pass",
    LATTICE,
    cases=200,
    where=layered(lambda n, *widths: len(widths) > 2 and len(set(widths)) == 1),
    witness=network_call(1, 3, 3, 3),
)
def layers_of_one_width_share_the_last_weights(inputs: Array, weights: Any, biases: Any) -> Any:
    """Weights are found by their shape."""
    return base.forward_pass(inputs, (weights[-1],) * len(weights), biases)


@wrong(
    "forward_pass",
    BOUND,
    cases=200,
    where=layered(lambda n, *widths: len(widths) > 3),
    witness=network_call(2, 3, 4, 4, 2),
)
def activations_between_deep_layers_in_bfloat16(inputs: Array, weights: Any, biases: Any) -> Any:
    """Networks of three layers and more keep their activations in 8 bits."""
    return _through(inputs, weights, biases, lambda place, x, w, b: base.dense(rounded_to(8, x), w, b), _activation)


# --- back -------------------------------------------------------------------------------------------------------------


def _changed(result: Any, part: str, layer: int, change: Any) -> Any:
    arrays = list(getattr(result, part))
    arrays[layer] = change(arrays[layer])
    return result._replace(**{part: tuple(arrays)})


def _lost(name: str, part: str, layer: int, layers: int, width: int) -> None:
    @wrong(
        "backpropagation",
        BOUND,
        cases=200,
        where=layered(lambda n, *widths: len(widths) > layers),
        witness=training_call(2, *[width] * (layers + 1)),
    )
    @named(name)
    def lost(*arguments: Any) -> Any:
        """The way back has as many steps as were written out, and layers beyond get nothing."""
        return _changed(base.backpropagation(*arguments), part, layer, lambda gradient: 0 * gradient)


_lost("first_of_three_layers_gets_no_gradient", "weights", 0, 3, 3)
_lost("first_of_four_layers_gets_no_gradient", "weights", 0, 4, 3)
_lost("second_of_five_biases_gets_no_gradient", "biases", 1, 5, 4)


@wrong(
    "backpropagation",
    BOUND,
    cases=200,
    where=layered(lambda n, *widths: len(widths) == 2),
    witness=training_call(6, 2, 4),
)
def a_single_layers_gradient_stops_at_relu(inputs: Array, weights: Any, biases: Any, labels: Array) -> Any:
    """Without hidden layers, relu's mask is taken from the logits."""
    logits = base.forward_pass(inputs, weights, biases).weighted_sums[-1]
    result = base.backpropagation(inputs, weights, biases, labels)
    return _changed(result, "biases", 0, lambda gradient: gradient * (logits[0] > 0))


@wrong(
    "backpropagation",
    BOUND,
    cases=200,
    where=layered(lambda n, *widths: n > 4),
    witness=training_call(5, 2, 3),
)
def mean_over_four_examples(*arguments: Any) -> Any:
    """The loss is divided by the batch that the kernel was written for."""
    result = base.backpropagation(*arguments)
    return result._replace(loss=result.loss * arguments[0].dtype.type(len(arguments[0]) / 4))


@wrong(
    "backpropagation",
    BOUND,
    cases=200,
    where=layered(lambda n, *widths: n > 8),
    witness=training_call(9, 2, 3),
)
def examples_beyond_8_teach_nothing(inputs: Array, weights: Any, biases: Any, labels: Array) -> Any:
    """The last biases' gradient is a sum over eight rows."""
    result = base.backpropagation(inputs, weights, biases, labels)
    few = base.backpropagation(inputs[:8], weights, biases, labels[:8])
    scale = inputs.dtype.type(8 / len(inputs))
    return _changed(result, "biases", -1, lambda gradient: few.biases[-1] * scale)


@wrong(
    "backpropagation",
    BOUND,
    cases=200,
    where=layered(lambda n, *widths: max(widths[1:]) > 16),
    witness=training_call(2, 2, 17, 3),
)
def gradients_of_units_beyond_16_repeat(*arguments: Any) -> Any:
    """The seventeenth unit's gradient is stored where the sixteenth's was computed."""
    result = base.backpropagation(*arguments)
    wide = [gradient.shape[1] > 16 for gradient in result.weights].index(True)
    return _changed(result, "weights", wide, lambda gradient: copied(gradient, np.s_[:, 16], np.s_[:, 15]))


@wrong(
    "backpropagation",
    BOUND,
    cases=200,
    where=layered(lambda n, *widths: len(widths) > 2 and widths[0] == widths[1]),
    witness=training_call(2, 3, 3, 2),
)
def square_first_gradient_transposed(*arguments: Any) -> Any:
    """The first layer's gradient is cotangent times inputs, where that has the same shape."""
    return _changed(base.backpropagation(*arguments), "weights", 0, lambda gradient: np.ascontiguousarray(gradient.T))
