"""Gradients three ways: forwards with dual numbers, backwards through the graph, and by hand. They are equal.

Over fractions they are equal exactly. Where a function isn't rational, each way has a bound of its own, from running it
on `Rounded` numbers, and the tests ask for two exact values that are no further apart than their bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import reference
from reference import InvalidArgument, elementary, flatten, reshape, shape
from reference.numbers import Arithmetic, Dual, Node, Rounded, derivative, dot_of, evaluate, gradients
from tests.reference.support import convert, few, fractions, inner_product, leaves, many, random_fractions, seeds

DOUBLE = Arithmetic("float64")


def by_duals(loss: Callable[..., Any], arguments: tuple[Any, ...], which: int) -> Any:
    """The gradient for one argument, one direction after the other."""
    numbers, lengths = flatten(arguments[which]), shape(arguments[which])

    def along(place: int) -> Any:
        seeded = [Dual(number, int(i == place)) for i, number in enumerate(numbers)]
        changed = (*arguments[:which], reshape(seeded, lengths), *arguments[which + 1 :])
        result = loss(*changed)
        return result.derivative if isinstance(result, Dual) else 0

    return reshape([along(place) for place in range(len(numbers))], lengths)


def by_graph(loss: Callable[..., Any], arguments: tuple[Any, ...], which: int) -> Any:
    """The gradient for one argument, backwards through the graph."""
    nodes = convert(Node, arguments)
    result = loss(*nodes)
    return gradients(result, nodes[which]) if isinstance(result, Node) else convert(lambda _: 0, arguments[which])


def exactly_equal(*gradient: Any) -> bool:
    first, *others = (list(leaves(part)) for part in gradient)
    return all(other == first for other in others)


# Random expressions.


def expression(random: Random, depth: int, polynomial: bool = False) -> Callable[..., Any]:
    if depth == 0:
        place, constant = random.randrange(3), Fraction(random.randint(-9, 9), random.randint(1, 4))
        return (lambda *inputs: inputs[place]) if random.random() < 0.8 else (lambda *inputs: constant + 0 * inputs[0])
    sign = random.choice("+-·-·" if polynomial else "+-·/mr")
    left, right = (expression(random, depth - 1, polynomial) for _ in range(2))
    operations: dict[str, Callable[[Any, Any], Any]] = {
        "+": lambda x, y: x + y,
        "-": lambda x, y: x - y,
        "·": lambda x, y: x * y,
        "/": lambda x, y: x / y,
        "m": lambda x, y: -elementary.maximum(x, y),
        "r": lambda x, y: elementary.maximum(0, x) + 2 / (1 + y * y) - (3 - x),
    }
    return lambda *inputs: operations[sign](left(*inputs), right(*inputs))


@given(seeds, st.tuples(fractions, fractions, fractions))
@many
def test_duals_and_graph_agree_on_random_expressions(seed: int, inputs: tuple[Fraction, ...]):
    function = expression(Random(seed), 4)
    try:
        function(*inputs)
    except ZeroDivisionError:
        assume(False)
    forwards = [derivative(function, *inputs, along=place) for place in range(3)]
    nodes = tuple(map(Node, inputs))
    backwards = gradients(function(*nodes), nodes)
    assert forwards == list(backwards)


#: A polynomial and its derivatives by x, by the rules of school.
CUBIC = (
    lambda x, y: 2 * x * x * x * y - x * x + 3 * y,
    lambda x, y: 6 * x * x * y - 2 * x,
    lambda x, y: 12 * x * y - 2,
    lambda x, y: 12 * y,
)


@given(fractions, fractions)
@many
def test_a_symbolic_gradient_can_be_differentiated_again_and_again(at_x: Fraction, at_y: Fraction):
    x, y = Node(at_x), Node(at_y)
    result = CUBIC[0](x, y)
    for analytic in CUBIC[1:]:
        result = gradients(result, x, symbolic=True)
        assert result.value == analytic(at_x, at_y)
    assert gradients(result, y) == 12
    assert gradients(result, x) == 0


@given(seeds, st.tuples(fractions, fractions, fractions))
@few
def test_the_second_derivative_is_symmetric_and_that_of_nested_duals(seed: int, inputs: tuple[Fraction, ...]):
    function = expression(Random(seed), 3, polynomial=True)
    nodes = tuple(map(Node, inputs))
    first = gradients(function(*nodes), nodes, symbolic=True)
    hessian = [gradients(entry, nodes) for entry in first]
    for i in range(3):
        for j in range(3):

            def slope(*point: Any, along: int = i) -> Any:
                return derivative(function, *point, along=along)

            assert hessian[i][j] == hessian[j][i] == derivative(slope, *inputs, along=j)


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "tanh", "sigmoid"])
@given(st.fractions(Fraction(1, 8), 3, max_denominator=64))
@few
def test_slopes_of_elementary_functions_agree_within_their_bounds(name: str, at: Fraction):
    function = getattr(elementary, name)
    number = Rounded(at, DOUBLE)
    value = function(number)
    by_hand = {
        "exp": lambda: value,
        "log": lambda: 1 / number,
        "sqrt": lambda: 1 / (2 * value),
        "tanh": lambda: (1 - value) * (1 + value),
        "sigmoid": lambda: value * function(-number),
    }[name]()
    node = Node(number)
    forwards, backwards = derivative(function, number), gradients(function(node), node)
    assert within_bounds(forwards, by_hand)
    assert within_bounds(backwards, by_hand)
    assert within_bounds(gradients(function(node), node, symbolic=True).value, by_hand)


def within_bounds(left: Any, right: Any) -> bool:
    """Whether two ways to compute a number are no further apart than their errors; says something only if finite."""
    a, b = (side if isinstance(side, Rounded) else Rounded(side, DOUBLE) for side in (left, right))
    allowed = Fraction(a.error) + Fraction(b.error)
    return abs(a.value - b.value) <= allowed < max(abs(a.value), abs(b.value), Fraction(1, 2**30))


# The vjps of the reference.


def rational_vjps(seed: int) -> dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]]:
    """For each rational operation: the operation, its vjp, and fractions as arguments (without a cotangent)."""
    random, make = Random(seed), random_fractions(seed)
    strides = random.randint(1, 3), random.randint(1, 3)
    padding = random.choice(("valid", "same"))
    window = random.randint(1, 3), random.randint(1, 3)
    images = make(2, random.randint(3, 4), random.randint(3, 4), 2)
    # Pairwise distinct, so that every window has one winner; and no zero, where relu has a kink.
    distinct = [Fraction(2 * place - 31, 3) for place in range(2 * 4 * 4)]
    random.shuffle(distinct)
    pooled = reshape(distinct, (1, 4, 4, 2))
    return {
        "dense": (reference.dense, reference.dense_vjp, (make(2, 3), make(3, 2), make(2))),
        "conv2d": (
            lambda *a: reference.conv2d(*a, strides=strides, padding=padding),
            lambda *a: reference.conv2d_vjp(*a, strides=strides, padding=padding),
            (images, make(*window, 2, 2)),
        ),
        "relu": (reference.relu, lambda *a: (reference.relu_vjp(*a),), (reshape(distinct, (4, 8)),)),
        "leaky_relu": (
            lambda z: reference.leaky_relu(z, slope=Fraction(1, 3)),
            lambda *a: (reference.leaky_relu_vjp(*a, slope=Fraction(1, 3)),),
            (reshape(distinct, (4, 8)),),
        ),
        "max_pool2d": (
            lambda x: reference.max_pool2d(x, pool_size=window, strides=strides, padding=padding),
            lambda *a: (reference.max_pool2d_vjp(*a, pool_size=window, strides=strides, padding=padding),),
            (pooled,),
        ),
    }


@pytest.mark.parametrize("name", ["dense", "conv2d", "relu", "leaky_relu", "max_pool2d"])
@given(seeds)
@few
def test_handwritten_gradients_of_rational_functions_are_exact(name: str, seed: int):
    operation, vjp, arguments = rational_vjps(seed)[name]
    cotangent = random_fractions(seed + 1)(*shape(operation(*arguments)))
    by_hand = vjp(*arguments, cotangent)

    def loss(*inputs: Any) -> Any:
        return inner_product(operation(*inputs), cotangent)

    for which, gradient in enumerate(by_hand):
        backwards = by_graph(loss, arguments, which)
        assert shape(gradient) == shape(arguments[which])
        assert exactly_equal(gradient, backwards)
        if len(flatten(arguments[which])) <= 32:
            assert exactly_equal(gradient, by_duals(loss, arguments, which))


def test_padding_shifts_the_gradient_with_the_image():
    # One pixel, "same" padding, one filter: the pixel meets the tap that the padding puts it under.
    filters = reshape([1, 2, 3, 4, 5, 6, 7, 8, 9], (3, 3, 1, 1))
    gradient = reference.conv2d_vjp([[[[Fraction(10)]]]], filters, [[[[1]]]], padding="same")
    assert flatten(gradient.images) == [5]
    assert flatten(gradient.filters) == [0, 0, 0, 0, 10, 0, 0, 0, 0]


@given(seeds)
@few
def test_the_scores_of_a_perceptron_have_the_features_as_gradient(seed: int):
    make = random_fractions(seed)
    arguments = make(3, 2), make(3)
    cotangent = make(3)

    def loss(features: Any, weights: Any) -> Any:
        return inner_product(reference.perceptron_predict(features, weights).scores, cotangent)

    wanted = [sum(c * row[place] for c, row in zip(cotangent, arguments[0], strict=True)) for place in range(2)]
    wanted.append(-sum(cotangent))
    assert exactly_equal(wanted, by_duals(loss, arguments, 1), by_graph(loss, arguments, 1))


TRANSCENDENTAL = {
    "sigmoid": (reference.sigmoid, reference.sigmoid_vjp, lambda make: (make(4),)),
    "tanh": (reference.tanh, reference.tanh_vjp, lambda make: (make(4),)),
    "softmax_cross_entropy": (
        reference.softmax_cross_entropy_with_logits,
        reference.softmax_cross_entropy_with_logits_vjp,
        lambda make: (make(2, 3), [[1, 0, 0], [Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)]]),
    ),
}


def overlapping(left: Any, right: Any) -> bool:
    """Whether all numbers of two results are no further apart than their errors."""
    pairs = [
        [side if isinstance(side, Rounded) else Rounded(side, DOUBLE) for side in pair]
        for pair in zip(leaves(left), leaves(right), strict=True)
    ]
    return all(abs(a.value - b.value) <= Fraction(a.error) + Fraction(b.error) for a, b in pairs)


@pytest.mark.parametrize("name", TRANSCENDENTAL)
@given(seeds)
@few
def test_handwritten_gradients_agree_with_the_graph_within_their_bounds(name: str, seed: int):
    operation, vjp, arguments_of = TRANSCENDENTAL[name]
    make = random_fractions(seed)
    arguments = convert(lambda x: Rounded(x, DOUBLE), arguments_of(make))
    cotangent = convert(lambda x: Rounded(x, DOUBLE), make(*shape(operation(*arguments))))
    assert overlapping(
        vjp(*arguments, cotangent),
        by_graph(lambda *inputs: inner_product(operation(*inputs), cotangent), arguments, 0),
    )


def network(seed: int) -> tuple[Any, ...]:
    make = random_fractions(seed)
    inputs, weights, biases = make(2, 3), (make(3, 4), make(4, 2)), (make(4), make(2))
    return inputs, weights, biases, [[1, 0], [0, 1]]


@given(seeds)
@few
def test_backpropagation_by_hand_and_by_graph_agree_within_their_bounds(seed: int):
    arguments = convert(lambda x: Rounded(x, DOUBLE), network(seed))
    by_hand, graph = reference.backpropagation(*arguments), reference.backpropagation_by_graph(*arguments)
    assert overlapping(by_hand, graph)


def test_backpropagation_in_a_network_without_kinks_is_known_to_many_digits():
    inputs, weights, biases = [[1, 2]], ([[1, 2], [3, 5]], [[1, -1], [0, 1]]), ([1, 1], [0, 1])
    arguments = convert(lambda x: Rounded(x, DOUBLE), (inputs, weights, biases, [[1, 0]]))
    by_hand, graph = reference.backpropagation(*arguments), reference.backpropagation_by_graph(*arguments)
    assert overlapping(by_hand, graph)
    for number in leaves((by_hand, graph)):
        assert not isinstance(number, Rounded) or number.error < Fraction(1, 2**40)


# Graphs.


@given(st.tuples(fractions, fractions, fractions), st.tuples(fractions, fractions, fractions), seeds)
@many
def test_a_graph_runs_again_with_other_values(before: Any, after: Any, seed: int):
    function = expression(Random(seed), 4, polynomial=True)
    nodes = tuple(map(Node, before))
    output = function(*nodes)
    assert evaluate(output) == output.value == function(*before)
    assert evaluate(output, nodes, after) == function(*after)
    assert evaluate(output, nodes[0], after[0]) == function(after[0], *before[1:])


def test_a_gradient_graph_runs_again_with_other_values():
    x = Node(Fraction(3))
    slope = gradients(x * x * x, x, symbolic=True)
    assert slope.value == 27
    assert evaluate(slope, x, Fraction(1, 2)) == Fraction(3, 4)


def test_an_inner_node_can_be_fed():
    x = Node(3)
    square = x * x
    assert evaluate(square + x, square, 100) == 103


def test_a_decision_is_made_again_when_a_graph_runs_again():
    x = Node(Fraction(2))
    kinked = elementary.maximum(x * x, 1)
    slope = gradients(kinked, x, symbolic=True)
    assert (kinked.value, slope.value) == (4, 4)
    assert (evaluate(kinked, x, Fraction(1, 2)), evaluate(slope, x, Fraction(1, 2))) == (1, 0)


def test_deep_graphs_need_no_deep_recursion():
    depth = 10_000
    x = Node(1)
    output = x
    for _ in range(depth):
        output = output + x
    assert output.value == depth + 1
    assert gradients(output, x) == depth + 1
    assert gradients(output, x, symbolic=True).value == depth + 1
    assert evaluate(output, x, 2) == 2 * (depth + 1)
    del output


def test_gradients_come_in_the_structure_that_was_asked_for():
    x, y, unused = Node(2), Node(5), Node(7)
    assert gradients(x * y, x) == 5
    assert gradients(x * y, [x, [y, unused]]) == [5, [2, 0]]
    assert gradients(x * y, ([x], (y, unused))) == ([5], (2, 0))
    assert gradients(x * y, unused, symbolic=True).value == 0


def test_integers_stay_exact_in_duals():
    assert derivative(lambda x: 1 / x, 3) == Fraction(-1, 9)
    assert Dual(1, 0) / Dual(3, 1) == Fraction(1, 3)


def test_integers_stay_exact_in_graphs():
    x = Node(3)
    assert (1 / x).value == Fraction(1, 3)
    assert gradients(1 / x, x) == gradients(1 / x, x, symbolic=True).value == Fraction(-1, 9)
    assert gradients(Node(Fraction(2, 7)) * x / 3, x) == Fraction(2, 21)


def test_values_to_feed_come_in_the_structure_of_the_nodes():
    x, y = Node(2), Node(5)
    assert evaluate(x * y, ([x], y), ([3], 7)) == 21
    for values in (3, [3], [3, 4, 5]):
        with pytest.raises(InvalidArgument, match="values: wanted 2 of them, as inputs has nodes; got"):
            evaluate(x * y, [x, y], values)


def test_nodes_of_one_value_are_equal_and_no_keys():
    assert Node(3) == Node(3)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Node(3))


def test_a_graph_in_dot_has_each_node_once():
    square = Node(3) * Node(5)
    assert dot_of(-square / square).splitlines()[2:-1] == [
        '  0 [shape=box, label="5"]',
        '  1 [shape=box, label="3"]',
        r'  2 [label="·\n15"]',
        "  1 -> 2",
        "  0 -> 2",
        r'  3 [label="-\n-15"]',
        "  2 -> 3",
        r'  4 [label="/\n-1"]',
        "  3 -> 4",
        "  2 -> 4",
    ]


def test_a_notebook_shows_a_graph_where_graphviz_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Node(3)._repr_svg_() is None
    dot = tmp_path / "dot"
    dot.write_text('#!/bin/sh\nread -r first; printf \'<svg>%s %s</svg>\' "$first" "$1"\n', "utf-8")
    dot.chmod(0o755)
    assert Node(3)._repr_svg_() == "<svg>digraph { -Tsvg</svg>"
