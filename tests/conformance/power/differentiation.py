"""Gradients of graphs: what is added up, what goes back through what, and what a second gradient sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from unittest import mock

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy import differentiation, sessions, taped, taped_functions
from conformance.implementations.numpy.taped import Taped, constant, gradients, placed, places_of, summed_to, taken
from tests.conformance.power.entering import BAD_INPUT, BOUND, FLOAT64, LATTICE, LAWS, REPLACING, right, wrong
from tests.conformance.power.sessions import with_constants_of_single_precision


def with_kinds(kinds: dict[str, Any], feeds: Any, how: Any) -> Any:
    """The base with other kinds."""
    with REPLACING, mock.patch.dict(differentiation.KINDS, kinds):
        return base.graph_gradients(feeds, **how)


def with_gradients(found: Callable[..., Any], feeds: Any, how: Any) -> Any:
    """The base with another way back."""
    with REPLACING, mock.patch.object(differentiation, "gradients", found):
        return base.graph_gradients(feeds, **how)


def with_tape(name: str, part: Any, feeds: Any, how: Any) -> Any:
    """The base with another part of the tape."""
    with REPLACING, mock.patch.object(taped, name, part):
        return base.graph_gradients(feeds, **how)


def unconnected(array: Taped) -> Taped:
    """The same numbers, with nothing behind them."""
    return Taped(array.value)


# --- wrong: what is added up ------------------------------------------------------------------------------------------


@wrong("graph_gradients", BOUND, LATTICE)
def accumulated_once_for_a_tensor_used_twice(feeds: Any, **how: Any) -> Any:
    """The last use that hands something back is the only one."""

    def add_to(found: dict[Taped, Taped], array: Taped, share: Taped) -> None:
        found[array] = share

    return with_tape("_add_to", add_to, feeds, how)


@wrong("graph_gradients", BOUND, LATTICE, LAWS)
def gradients_of_the_first_output_only(feeds: Any, **how: Any) -> Any:
    """The cotangents of several outputs aren't added up."""

    def found(outputs: Sequence[Taped], inputs: Sequence[Taped]) -> list[Taped]:
        return gradients(outputs[:1], inputs)

    return with_gradients(found, feeds, how)


@wrong("graph_gradients", BOUND, LATTICE, LAWS, cases=200)
def an_output_named_twice_counts_once(feeds: Any, **how: Any) -> Any:
    """Outputs are a set."""

    def found(outputs: Sequence[Taped], inputs: Sequence[Taped]) -> list[Taped]:
        return gradients(list(dict.fromkeys(outputs)), inputs)

    return with_gradients(found, feeds, how)


@wrong("graph_gradients", BOUND, LATTICE)
def mean_of_the_outputs_numbers(feeds: Any, **how: Any) -> Any:
    """An array of outputs has a mean, and not a sum, in its gradients."""

    def found(outputs: Sequence[Taped], inputs: Sequence[Taped]) -> list[Taped]:
        means = [summed_to(output, ()) / constant(output, output.value.size) for output in outputs]
        return gradients(means, inputs)

    return with_gradients(found, feeds, how)


@wrong("graph_gradients", LATTICE, cases=200)
def a_numbers_gradient_is_not_summed(feeds: Any, **how: Any) -> Any:
    """A number that stood beside an array gets the gradient of the first place only."""

    def first(array: Taped, shape: Sequence[int]) -> Taped:
        return taken(array, np.zeros((), int)) if not shape and array.shape else summed_to(array, shape)

    def multiply(x: Taped, y: Taped) -> Taped:
        return Taped(
            x.value * y.value,
            (x, lambda g: first(g * y, x.shape)),
            (y, lambda g: first(g * x, y.shape)),
        )

    return with_kinds({"multiply": multiply}, feeds, how)


@wrong("graph_gradients", LATTICE, cases=200)
def filled_arrays_hand_back_a_mean(feeds: Any, **how: Any) -> Any:
    """The gradient of a number that fills an array is the mean of the array's."""

    def fill(value: Taped, *, shape: Any) -> Taped:
        whole = np.full(shape, value.value)
        return Taped(whole, (value, lambda g: summed_to(g, ()) / constant(g, whole.size)))

    return with_kinds({"fill": fill}, feeds, how)


@wrong("graph_gradients", LATTICE, cases=200)
def a_biass_gradient_is_that_of_the_first_example(feeds: Any, **how: Any) -> Any:
    """The sum over the examples is forgotten."""

    def dense(inputs: Taped, weights: Taped, bias: Taped) -> Taped:
        sums = taped.product(inputs, weights)
        columns = places_of(bias.shape)
        return Taped(sums.value + bias.value, (sums, lambda g: g), (bias, lambda g: taken(g, columns)))

    return with_kinds({"dense": dense}, feeds, how)


@wrong("graph_gradients", LATTICE)
def windows_that_overlap_assign(feeds: Any, **how: Any) -> Any:
    """Where windows overlap, the last one's gradient is assigned, not added."""

    def overwritten(array: Taped, places: Any, shape: Sequence[int]) -> Taped:
        values = np.zeros(int(np.prod(shape)) + 1, array.value.dtype)
        values[places] = array.value
        return Taped(values[:-1].reshape(tuple(shape)), (array, lambda g: taken(g, places)))

    return with_tape("placed", overwritten, feeds, how)


# --- wrong: where it goes ---------------------------------------------------------------------------------------------


@wrong("graph_gradients", LATTICE, cases=200)
def the_other_factors_transpose_forgotten(feeds: Any, **how: Any) -> Any:
    """δ·W in place of δ·Wᵀ, where W is square."""

    def product(a: Taped, b: Taped) -> Taped:
        square = b.shape[0] == b.shape[1]
        return Taped(
            a.value @ b.value,
            (a, lambda g: taped.product(g, b if square else taped.transposed(b))),
            (b, lambda g: taped.product(taped.transposed(a), g)),
        )

    return with_kinds({"matrix_product": product}, feeds, how)


@wrong("graph_gradients", LATTICE, cases=200)
def a_transposes_own_transpose_forgotten(feeds: Any, **how: Any) -> Any:
    """What comes back to a transposed matrix is given the matrix's shape, and its numbers stay in their order."""

    def transpose(matrix: Taped) -> Taped:
        return Taped(matrix.value.T, (matrix, lambda g: taped.reshaped(g, matrix.shape)))

    return with_kinds({"transpose": transpose}, feeds, how)


@wrong("graph_gradients", LATTICE)
def unstacked_numbers_gradients_in_reverse(feeds: Any, **how: Any) -> Any:
    """Taken apart from the front, put together from the back."""

    def unstack(values: Taped) -> tuple[Taped, ...]:
        places = places_of(values.shape).ravel()
        numbers = zip(values.value.ravel(), places[::-1], strict=True)
        return tuple(
            Taped(np.asarray(value), (values, lambda g, place=place: placed(g, place, values.shape)))
            for value, place in numbers
        )

    return with_kinds({"unstack": unstack}, feeds, how)


@wrong("graph_gradients", LATTICE)
def both_sides_of_a_maximum_get_the_gradient(feeds: Any, **how: Any) -> Any:
    """The smaller one, too, on which the maximum doesn't depend."""

    def maximum(x: Taped, y: Taped) -> Taped:
        return Taped(
            np.maximum(x.value, y.value),
            (x, lambda g: summed_to(g, x.shape)),
            (y, lambda g: summed_to(g, y.shape)),
        )

    return with_kinds({"maximum": maximum}, feeds, how)


@wrong("graph_gradients", BOUND, LATTICE)
def what_is_asked_for_hands_nothing_on(feeds: Any, **how: Any) -> Any:
    """A tensor inside the graph whose gradient is wanted keeps it, and those before it get none through it."""

    def found(outputs: Sequence[Taped], inputs: Sequence[Taped]) -> list[Taped]:
        behind = [array.parents for array in inputs]
        try:
            for array in inputs:
                array.parents = ()
            return gradients(outputs, inputs)
        finally:
            for array, parents in zip(inputs, behind, strict=True):
                array.parents = parents

    return with_gradients(found, feeds, how)


@wrong("graph_gradients", BOUND, LATTICE)
def gradients_for_what_is_not_connected_missing(feeds: Any, **how: Any) -> Any:
    """An input that no output depends on has no gradient, not even zeros."""

    def found(outputs: Sequence[Taped], inputs: Sequence[Taped]) -> list[Taped]:
        behind = taped.made_of(outputs)
        return [gradient for gradient, array in zip(gradients(outputs, inputs), inputs, strict=True) if array in behind]

    return with_gradients(found, feeds, how)


@wrong("graph_gradients", BOUND, LATTICE)
def gradients_of_what_is_not_connected_are_ones(feeds: Any, **how: Any) -> Any:
    """As if an input that no output depends on were an output."""

    def found(outputs: Sequence[Taped], inputs: Sequence[Taped]) -> list[Taped]:
        behind = taped.made_of(outputs)
        return [
            gradient if array in behind else Taped(np.ones_like(array.value))
            for gradient, array in zip(gradients(outputs, inputs), inputs, strict=True)
        ]

    return with_gradients(found, feeds, how)


@wrong("graph_gradients", BOUND, dtypes=FLOAT64)
def differentiated_with_constants_of_single_precision(feeds: Any, **how: Any) -> Any:
    """The graph's own numbers go through float32, whatever is fed."""
    with mock.patch.object(sessions, "library", with_constants_of_single_precision(sessions.library)):
        return base.graph_gradients(feeds, **how)


# --- wrong: gradients of gradients ------------------------------------------------------------------------------------


@wrong("graph_gradients", BOUND, LATTICE)
def twice_is_once(feeds: Any, **how: Any) -> Any:
    """The second gradient isn't computed."""
    base.graph_gradients(feeds, **how)
    return base.graph_gradients(feeds, **{**how, "twice": False})


@wrong("graph_gradients", LATTICE, BOUND, cases=300)
def second_gradient_without_the_cotangents_path(feeds: Any, **how: Any) -> Any:
    """What comes back to an operation is taken for a constant when it is differentiated again."""

    def numbered(array: Taped) -> int:
        return -array.number

    def found(outputs: Sequence[Taped], inputs: Sequence[Taped]) -> list[Taped]:
        shares: dict[Taped, Taped] = {}
        for output in outputs:
            taped._add_to(shares, output, Taped(np.ones_like(output.value)))
        for array in sorted(taped.made_of(outputs), key=numbered):
            for parent, way_back in array.parents if array in shares else ():
                taped._add_to(shares, parent, way_back(unconnected(shares[array])))
        return [shares.get(array, Taped(np.zeros_like(array.value))) for array in inputs]

    return with_gradients(found, feeds, how)


@wrong("graph_gradients", LATTICE, cases=200)
def second_gradient_without_the_other_factor(feeds: Any, **how: Any) -> Any:
    """The other factor of a product is saved as a number, and no symbol."""

    def multiply(x: Taped, y: Taped) -> Taped:
        return Taped(
            x.value * y.value,
            (x, lambda g: summed_to(g * unconnected(y), x.shape)),
            (y, lambda g: summed_to(g * unconnected(x), y.shape)),
        )

    return with_kinds({"multiply": multiply}, feeds, how)


@wrong("graph_gradients", BOUND, cases=200)
def slope_of_tanh_saved_as_a_number(feeds: Any, **how: Any) -> Any:
    """1 - y² is a constant when it is differentiated again."""

    def tanh(x: Taped) -> Taped:
        y = np.tanh(x.value)
        return Taped(y, (x, lambda g: g * Taped(1 - y * y)))

    return with_kinds({"tanh": tanh}, feeds, how)


@wrong("graph_gradients", BOUND, cases=100)
def softmaxs_gradient_at_each_place_alone(feeds: Any, **how: Any) -> Any:
    """y·(1 - y) as of a sigmoid: what normalizes isn't differentiated."""

    def softmax(z: Taped) -> Taped:
        value = taped_functions.softmax(z).value
        return taped.by_slope(value, z, lambda y: y * (constant(y, 1) - y))

    return with_kinds({"softmax": softmax}, feeds, how)


@wrong("graph_gradients", f"{BAD_INPUT}: twice", cases=200)
def any_true_value_means_twice(feeds: Any, **how: Any) -> Any:
    """Whatever is true differentiates again."""
    return base.graph_gradients(feeds, **{**how, "twice": how.get("twice") is not False})


# --- right ------------------------------------------------------------------------------------------------------------


@right("graph_gradients")
def the_last_output_first(feeds: Any, **how: Any) -> Any:
    """Outputs add up in any order.

    Before anything goes back, as everywhere: who goes back from each by itself, and adds up in the end, loses more
    where cotangents cancel.
    """

    def found(outputs: Sequence[Taped], inputs: Sequence[Taped]) -> list[Taped]:
        return gradients(outputs[::-1], inputs)

    return with_gradients(found, feeds, how)


@right("graph_gradients")
def shares_added_in_reverse(feeds: Any, **how: Any) -> Any:
    """The last use comes first in the sum."""

    def add_to(found: dict[Taped, Taped], array: Taped, share: Taped) -> None:
        found[array] = share + found[array] if array in found else share

    return with_tape("_add_to", add_to, feeds, how)


@right("graph_gradients")
def slopes_from_the_input(feeds: Any, **how: Any) -> Any:
    """tanh's slope is computed anew from what it was applied to, not from what it gave."""

    def tanh(x: Taped) -> Taped:
        def slope(g: Taped) -> Taped:
            y = tanh(x)
            return g * (constant(y, 1) - y * y)

        return Taped(np.tanh(x.value), (x, slope))

    return with_kinds({"tanh": tanh}, feeds, how)
