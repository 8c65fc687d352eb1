"""What the operations of a graph compute: the arithmetic, the catalogue's functions, and their gradients.

A kind says what comes out of an operation's inputs and attributes, and in which shapes. What needs to remember
something from one run to the next, such as a variable, or is fed from outside, a session does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from reference import elementary
from reference.activations import (
    identity,
    identity_vjp,
    leaky_relu,
    leaky_relu_vjp,
    logistic,
    logistic_vjp,
    relu,
    relu_vjp,
    step,
    step_vjp,
)
from reference.arrays import Number, elementwise, require_array, reshape, total, transpose, zeros
from reference.arrays import flatten as numbers_of
from reference.baselines import hinge_loss, hinge_loss_vjp
from reference.binary_losses import (
    binary_cross_entropy,
    binary_cross_entropy_vjp,
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_vjp,
)
from reference.class_index_losses import (
    negative_log_likelihood,
    negative_log_likelihood_vjp,
    sparse_softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits_vjp,
)
from reference.convolution import conv2d, conv2d_vjp
from reference.errors import InvalidArgument, is_integer, is_number, require_positive_integer
from reference.layers import convolutional_layer, convolutional_layer_vjp, dense_layer, dense_layer_vjp
from reference.linear import dense, dense_vjp, flatten, matrix_product, matrix_product_vjp
from reference.losses import (
    cross_entropy,
    cross_entropy_vjp,
    empirical_loss,
    empirical_loss_vjp,
    mean_squared_error,
    mean_squared_error_vjp,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_vjp,
)
from reference.numbers.node import OPERATIONS, Node, gradients
from reference.operation_shapes import (
    Extents,
    Shape,
    ShapeRule,
    axes,
    flattened,
    from_numbers,
    places_of_filters,
    places_of_windows,
    require_count,
    require_lengths,
    reshaped,
    spread,
    to_attribute,
    to_number,
    to_numbers,
)
from reference.pooling import average_pool2d, average_pool2d_vjp, max_pool2d, max_pool2d_vjp
from reference.recurrent import simple_rnn, simple_rnn_step, simple_rnn_step_vjp, simple_rnn_vjp
from reference.regularization import dropout, dropout_vjp
from reference.softmax import log_softmax, log_softmax_vjp, softmax, softmax_vjp

#: Of a kind that takes any number of inputs.
MANY = ("...",)


class Kind(NamedTuple):
    """A kind of operation: what it computes, the shapes of that, and the names of its inputs and attributes.

    `needed` are the attributes that no shape asks for, and without which it can't run.
    """

    compute: Callable[..., Any]
    shapes: ShapeRule
    inputs: tuple[str, ...]
    attributes: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()


def outputs_of(result: Any) -> tuple[Any, ...]:
    """What a kind computed, as a tuple of arrays."""
    return tuple(result) if isinstance(result, tuple) else (result,)


def shapes_of(kind: str, shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    """The shapes of an operation's outputs, or what is wrong with those of its inputs."""
    names = KINDS[kind].inputs
    numbered = [f"input {place}" for place in range(len(shapes))]
    return KINDS[kind].shapes(numbered if names == MANY else names, shapes, attributes)


def at_every_place(function: Callable[..., Number], *inputs: Any) -> Any:
    """A function of numbers at every place of arrays of one shape, among which numbers may stand."""
    lengths = [len(part) for part in inputs if isinstance(part, list)]
    if not lengths:
        return function(*inputs)
    return [
        at_every_place(function, *(part[place] if isinstance(part, list) else part for part in inputs))
        for place in range(lengths[0])
    ]


def one_like(number: Number) -> Number:
    """1, as the same kind of number: where gradients begin. A third of the integer 1 would be a float."""
    return number.like(1) if hasattr(number, "like") else type(number)(1)


def filled(value: Number, *, shape: Shape) -> Any:
    """An array with one number everywhere."""
    return elementwise(lambda _: value, zeros(shape))


def with_numbers(*numbers: Number, shape: Shape) -> Any:
    """An array of some shape with these numbers."""
    return reshape(list(numbers), shape)


def gradient(
    *arrays: Any,
    of: str,
    inputs: int,
    attributes: Mapping[str, Any],
    towards: Sequence[int] | None = None,
    outputs: Sequence[int] | None = None,
) -> tuple[Any, ...]:
    """The gradients of any kind's inputs, or some of them, by its computational graph: for a kind that has none itself.

    The arrays are the kind's inputs, then a cotangent for each of its outputs, or for some of them. Nothing comes back
    from the others: a cotangent of 0 would make NaN of infinities.
    """
    towards = range(inputs) if towards is None else towards
    # Nodes all through, cotangents too: they may be nodes of another graph, which this one must not take for its own.
    # Integers that aren't asked for may be indices, and stay.
    nodes = [
        elementwise(Node if place in towards or place >= inputs else _node_unless_index, array)
        for place, array in enumerate(arrays)
    ]
    results = _those(outputs_of(KINDS[of].compute(*nodes[:inputs], **attributes)), outputs)
    shares = [
        result * cotangent
        for of_result, of_cotangent in zip(results, nodes[inputs:], strict=True)
        for result, cotangent in zip(numbers_of(of_result), numbers_of(of_cotangent), strict=True)
    ]
    return gradients(total(shares), tuple(nodes[place] for place in towards))


def _those(several: tuple[Any, ...], places: Sequence[int] | None) -> tuple[Any, ...]:
    return several if places is None else tuple(several[place] for place in places)


def _node_unless_index(number: Number) -> Number:
    return number if type(number) is int else Node(number)


def _shapes_of_gradient(
    names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]
) -> tuple[Shape, ...]:
    """Of a gradient, the shapes of the inputs, once the cotangents are found to have those of the outputs."""
    of = attributes.get("of")
    if not isinstance(of, str) or of not in KINDS or not isinstance(attributes.get("attributes"), Mapping):
        wanted = "of: a kind; inputs: how many it has; attributes: its own"
        raise InvalidArgument("attributes", wanted, repr(dict(attributes)))
    if of in STATE or of in COMMUNICATION:
        raise InvalidArgument("of", "a kind that computes", repr(of))
    count = require_positive_integer("inputs", attributes.get("inputs"))
    inputs, cotangents = tuple(shapes[:count]), tuple(shapes[count:])
    outputs = shapes_of(of, inputs, attributes["attributes"])
    outputs = _those(outputs, _require_places("outputs", attributes.get("outputs"), len(outputs)))
    if cotangents != outputs:
        wanted, came = (str(list(map(list, several))) for several in (outputs, cotangents))
        raise InvalidArgument("cotangents", f"shapes {wanted} of the outputs", f"shapes {came}")
    return tuple(inputs[place] for place in _require_places("towards", attributes.get("towards"), count))


def _require_places(argument: str, places: object, count: int) -> Sequence[int]:
    """Return some places of a list, all of them for None, or say that there are none such."""
    if places is None:
        return range(count)
    listed = places if isinstance(places, (list, tuple, range)) else ()
    if not listed or not all(is_integer(place) and 0 <= place < count for place in listed):
        raise InvalidArgument(argument, f"a list of places from 0 to {count - 1}", repr(places))
    return listed


def takes_index(kind: str, place: int, attributes: Mapping[str, Any]) -> bool:
    """Whether an input of a kind, of its gradient, or of a gradient of that is a class index, which has no slope."""
    while kind == "gradient":
        kind, attributes = attributes["of"], attributes["attributes"]
    return place == 1 and kind.removesuffix("_vjp") in WITH_CLASS_INDICES


def of_numbers(function: Callable[..., Number], *inputs: str) -> Kind:
    """The kind that applies a function of numbers at every place."""
    return Kind(lambda *values: at_every_place(function, *values), spread, inputs)


def of_arrays(function: Callable[..., Any], rule: ShapeRule) -> Kind:
    """The kind that is a function of the catalogue: data are its inputs, hyperparameters its attributes."""
    signature = inspect.signature(function).parameters
    inputs, attributes = (
        tuple(name for name, parameter in signature.items() if (parameter.kind is parameter.KEYWORD_ONLY) == by_name)
        for by_name in (False, True)
    )
    needed = tuple(name for name in attributes if signature[name].default is inspect.Parameter.empty)
    return Kind(function, rule, inputs, attributes, needed)


def with_gradient(
    function: Callable[..., Any], vjp: Callable[..., Any], text: str, extents: Extents | None = None, *, count: int = 1
) -> dict[str, Kind]:
    """A function of the catalogue, and its gradient as a kind of its own: for how many of the inputs, it must be said.

    The text says the shapes, as `operation_shapes.axes` reads it.
    """
    forward = of_arrays(function, axes(text, extents))

    def shapes(names: Sequence[str], inputs: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
        require_count(names, inputs)
        [output] = forward.shapes(forward.inputs, inputs[:-1], attributes)
        if inputs[-1] != output:
            raise InvalidArgument("cotangent", f"shape {list(output)} of the output", f"shape {list(inputs[-1])}")
        return tuple(inputs[:count])

    return {function.__name__: forward, vjp.__name__: of_arrays(vjp, shapes)}


def _constant(*, value: Any) -> Any:
    return value


def _shape_of_value(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    require_count(names, shapes)
    value = attributes.get("value")
    return ((),) if is_number(value) else (require_array("value", value),)


def _asks_a_session(*_: Any, **__: Any) -> None:
    raise InvalidArgument("kind", "one that computes", "one that a session remembers or is fed")


def _shape_attribute(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    require_count(names, shapes)
    return (require_lengths(attributes.get("shape")),)


def _of_its_variable(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    require_count(names, shapes)
    shape = require_lengths(attributes.get("shape"))
    if shapes[0] != shape:
        raise InvalidArgument(names[0], f"shape {list(shape)} of the variable", f"shape {list(shapes[0])}")
    return (shape,)


def _sent(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    if len(shapes) > 1:
        raise InvalidArgument("inputs", "the tensor to send, or none to send word only", str(len(shapes)))
    return ()


def _received(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    require_count(names, shapes)
    return (require_lengths(attributes["shape"]),) if "shape" in attributes else ()


def _shares_of_largest(*numbers: Number) -> tuple[Number, ...]:
    return tuple(elementary.shares_of_largest(numbers[:-1], numbers[-1]))


def _a_share_each(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    if len(shapes) < 2 or any(shapes):
        raise InvalidArgument("inputs", "numbers, and a gradient to share", str(list(map(list, shapes))))
    return ((),) * (len(shapes) - 1)


#: The kinds that `reference.numbers.node` knows by their signs, which are no names.
SIGNS = {
    "add": "+",
    "multiply": "·",
    "divide": "/",
    "negative": "-",
    **{name: name for name in ("exp", "log", "sqrt", "tanh", "sigmoid", "maximum", "where_positive")},
}

#: What works on single numbers, and so on arrays of one shape.
ARITHMETIC = {
    "add": of_numbers(OPERATIONS["+"], "x", "y"),
    "multiply": of_numbers(OPERATIONS["·"], "x", "y"),
    "divide": of_numbers(OPERATIONS["/"], "x", "y"),
    "negative": of_numbers(OPERATIONS["-"], "x"),
    "exp": of_numbers(elementary.exp, "x"),
    "log": of_numbers(elementary.log, "x"),
    "sqrt": of_numbers(elementary.sqrt, "x"),
    "tanh": of_numbers(elementary.tanh, "x"),
    "sigmoid": of_numbers(elementary.sigmoid, "x"),
    "maximum": of_numbers(elementary.maximum, "x", "y"),
    "where_positive": of_numbers(elementary.where_positive, "x", "yes", "no"),
    "times_log": of_numbers(elementary.times_log, "factor", "x"),
    "over": of_numbers(elementary.over, "weight", "x"),
    "weigh": of_numbers(elementary.weigh, "weight", "value"),
    "ones_like": of_numbers(one_like, "x"),
    "where_same": of_numbers(elementary.where_same, "index", "place", "yes", "no"),
}

#: What only moves numbers to other places, or adds them up.
ARRANGEMENTS = {
    "constant": Kind(_constant, _shape_of_value, (), ("value",)),
    "total": Kind(lambda values: total(numbers_of(values)), to_number, ("values",)),
    "fill": Kind(filled, to_attribute, ("value",), ("shape",)),
    "reshape": Kind(lambda values, *, shape: reshape(values, shape), reshaped, ("values",), ("shape",)),
    "transpose": Kind(transpose, axes("N M -> M N"), ("matrix",)),
    "unstack": Kind(lambda values: tuple(numbers_of(values)), to_numbers, ("values",)),
    "stack": Kind(with_numbers, from_numbers, MANY, ("shape",)),
    "shares_of_largest": Kind(_shares_of_largest, _a_share_each, MANY),
}

_IMAGES = "N H W C -> N OH OW C"
_FILTERS = "N H W C, KH KW C F"
_STEP = "N D, D U, U U, U, N U -> N U"
_SEQUENCE = "N T D, D U, U U, U, N U -> N T U"

CATALOGUE = {
    **with_gradient(identity, identity_vjp, "... K -> ... K"),
    **with_gradient(leaky_relu, leaky_relu_vjp, "... K -> ... K"),
    **with_gradient(logistic, logistic_vjp, "... K -> ... K"),
    **with_gradient(relu, relu_vjp, "... K -> ... K"),
    **with_gradient(step, step_vjp, "... K -> ... K"),
    **with_gradient(softmax, softmax_vjp, "... K -> ... K"),
    **with_gradient(log_softmax, log_softmax_vjp, "... K -> ... K"),
    **with_gradient(matrix_product, matrix_product_vjp, "N K, K M -> N M", count=2),
    **with_gradient(dense, dense_vjp, "N D, D H, H -> N H", count=3),
    **with_gradient(dense_layer, dense_layer_vjp, "N D, D H, H -> N H", count=3),
    **with_gradient(conv2d, conv2d_vjp, f"{_FILTERS} -> N OH OW F", places_of_filters, count=2),
    **with_gradient(
        convolutional_layer,
        convolutional_layer_vjp,
        f"{_FILTERS}, F -> N OH OW F",
        places_of_filters,
        count=3,
    ),
    **with_gradient(max_pool2d, max_pool2d_vjp, _IMAGES, places_of_windows),
    **with_gradient(average_pool2d, average_pool2d_vjp, _IMAGES, places_of_windows),
    **with_gradient(simple_rnn_step, simple_rnn_step_vjp, _STEP, count=5),
    **with_gradient(simple_rnn, simple_rnn_vjp, _SEQUENCE, count=5),
    **with_gradient(dropout, dropout_vjp, "... K, ... K -> ... K"),
    **with_gradient(mean_squared_error, mean_squared_error_vjp, "N K, N K -> N"),
    **with_gradient(cross_entropy, cross_entropy_vjp, "N K, N K -> N"),
    **with_gradient(softmax_cross_entropy_with_logits, softmax_cross_entropy_with_logits_vjp, "N K, N K -> N"),
    **with_gradient(empirical_loss, empirical_loss_vjp, "N ->"),
    **with_gradient(
        sparse_softmax_cross_entropy_with_logits,
        sparse_softmax_cross_entropy_with_logits_vjp,
        "N K, N -> N",
    ),
    **with_gradient(negative_log_likelihood, negative_log_likelihood_vjp, "N K, N -> N"),
    **with_gradient(binary_cross_entropy, binary_cross_entropy_vjp, "... K, ... K -> ... K"),
    **with_gradient(
        binary_cross_entropy_with_logits,
        binary_cross_entropy_with_logits_vjp,
        "... K, ... K -> ... K",
    ),
    **with_gradient(hinge_loss, hinge_loss_vjp, "N, N -> N"),
    "flatten": of_arrays(flatten, flattened),
}

#: The kinds whose second input is the index of a class.
WITH_CLASS_INDICES = ("sparse_softmax_cross_entropy_with_logits", "negative_log_likelihood")

#: What lives longer than a run, or comes from outside of it: a session knows what to do.
STATE = {
    "placeholder": Kind(_asks_a_session, _shape_attribute, (), ("shape",)),
    "variable": Kind(_asks_a_session, _shape_of_value, (), ("value",)),
    "read": Kind(_asks_a_session, _shape_attribute, (), ("variable", "shape"), ("variable",)),
    "assign": Kind(_asks_a_session, _of_its_variable, ("value",), ("variable", "shape"), ("variable",)),
    "assign_add": Kind(_asks_a_session, _of_its_variable, ("difference",), ("variable", "shape"), ("variable",)),
    "random_uniform": Kind(_asks_a_session, _shape_attribute, (), ("shape",)),
}

#: What joins the parts of a graph that several devices run. Who sends word only, of an operation that ran, takes
#: nothing; who receives word has no shape, and gives nothing.
COMMUNICATION = {
    "send": Kind(_asks_a_session, _sent, MANY, ("tensor", "destination"), ("tensor", "destination")),
    "receive": Kind(_asks_a_session, _received, (), ("tensor", "source", "shape"), ("tensor", "source")),
}

KINDS: dict[str, Kind] = {
    **ARITHMETIC,
    **ARRANGEMENTS,
    **CATALOGUE,
    **STATE,
    **COMMUNICATION,
    "gradient": Kind(gradient, _shapes_of_gradient, MANY, ("of", "inputs", "towards", "outputs", "attributes")),
}
