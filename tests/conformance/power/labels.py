"""Arrays laid out flat and labels made of classes: orders, offsets, and what is no class."""

from __future__ import annotations

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import numbers
from tests.conformance.power.entering import BAD_INPUT, BOUND, LATTICE, LAWS, MANNERS, SPECIAL, WORKED, right, wrong
from tests.conformance.power.pieces import rounded_to, zeroed

# --- wrong: flat arrays -----------------------------------------------------------------------------------------------


@wrong("flatten", LATTICE, LAWS, WORKED, cases=200)
def flat_with_the_first_axis_fastest(values: Array) -> Array:
    """Column by column, as Fortran has it."""
    return values.flatten(order="F")


@wrong(
    "flatten", LATTICE, LAWS, cases=200, where=lambda values: values.ndim == 4, witness={"values": numbers(1, 2, 2, 3)}
)
def flat_channel_after_channel(values: Array) -> Array:
    """Of images the channels come first, as in other libraries."""
    return np.moveaxis(values, -1, 1).flatten()


@wrong("flatten", LATTICE, cases=200, where=lambda values: values.ndim > 3, witness={"values": numbers(2, 1, 2, 2)})
def flat_from_the_third_axis(values: Array) -> Array:
    """Beyond three axes the last two are swapped."""
    return values.swapaxes(-1, -2).flatten()


@wrong("flatten", f"{MANNERS}: gives results of its own", cases=200)
def flat_in_the_same_memory(values: Array) -> Array:
    """Another view of what came."""
    base.flatten(values)
    return values.reshape(-1)


@wrong("flatten", f"{MANNERS}: accepts any memory layout", cases=200)
def flat_as_it_lies_in_memory(values: Array) -> Array:
    """The numbers in the order in which they happen to lie."""
    return values.flatten(order="K")


@wrong("flatten", BOUND, LATTICE, cases=200)
def flat_in_bfloat16(values: Array) -> Array:
    """Numbers are kept in 8 bits."""
    return rounded_to(8, base.flatten(values))


@wrong("flatten", f"{SPECIAL}: NaN", cases=200)
def flat_and_cleaned_up(values: Array) -> Array:
    """NaN becomes 0."""
    return np.nan_to_num(base.flatten(values), nan=0, posinf=np.inf, neginf=-np.inf)


# --- wrong: labels ----------------------------------------------------------------------------------------------------


@wrong("one_hot", BOUND, LAWS, WORKED)
def one_hot_counted_from_1(indices: Array, *, classes: int) -> Array:
    """Class 1 is the first column, and class 0 the last."""
    return np.roll(base.one_hot(indices, classes=classes), -1, axis=1)


@wrong("one_hot", BOUND, LAWS)
def one_hot_up_to_its_class(indices: Array, *, classes: int) -> Array:
    """Ordinal labels: ones up to the class."""
    base.one_hot(indices, classes=classes)
    return (np.arange(classes) <= indices[:, None]).astype(np.int64)


@wrong("one_hot", BOUND, LAWS, cases=200)
def one_hot_of_smoothed_labels(indices: Array, *, classes: int) -> Array:
    """A tenth of each label is spread over all classes."""
    return base.one_hot(indices, classes=classes) * 0.9 + 0.1 / classes


@wrong(
    "one_hot",
    BOUND,
    cases=200,
    where=lambda indices, classes: classes > 16,
    witness={"indices": np.arange(17), "classes": 17},
)
def one_hot_of_16_bits(indices: Array, *, classes: int) -> Array:
    """Labels are bits of a word, and those beyond 16 are lost."""
    return zeroed(base.one_hot(indices, classes=classes), np.s_[:, 16:])


@wrong(
    "one_hot",
    BOUND,
    cases=200,
    where=lambda indices, classes: len(indices) == classes > 1,
    witness={"indices": np.array([0, 0, 1]), "classes": 3},
)
def one_hot_turned_where_it_is_square(indices: Array, *, classes: int) -> Array:
    """A column for each example, where that goes unnoticed."""
    return np.ascontiguousarray(base.one_hot(indices, classes=classes).T)


@wrong("one_hot", f"{BAD_INPUT}: indices is refused", cases=200)
def one_hot_of_classes_from_the_end(indices: Array, *, classes: int) -> Array:
    """-1 is the last class, as Python counts."""
    if isinstance(indices, np.ndarray) and indices.dtype.kind == "i" and indices.ndim == 1 and indices.size:
        return base.one_hot(np.where(indices < 0, indices + classes, indices), classes=classes)
    return base.one_hot(indices, classes=classes)


@wrong("one_hot", f"{BAD_INPUT}: indices is refused", cases=200)
def one_hot_of_nothing_beyond(indices: Array, *, classes: int) -> Array:
    """What is no class gets a row of zeros."""
    if isinstance(indices, np.ndarray) and indices.dtype.kind == "i" and indices.ndim == 1 and indices.size:
        return (np.arange(classes) == indices[:, None]).astype(np.int64)
    return base.one_hot(indices, classes=classes)


# --- right ------------------------------------------------------------------------------------------------------------


@right("flatten")
def flat_number_by_number(values: Array) -> Array:
    """One number after the other."""
    return np.fromiter(values.flat, values.dtype, values.size)


@right("one_hot")
def one_hot_by_comparison(indices: Array, *, classes: int) -> Array:
    """Every column asks whether it is meant."""
    return (np.arange(classes) == indices[:, None]).astype(np.int64)


@right("one_hot")
def one_hot_of_truth_values(indices: Array, *, classes: int) -> Array:
    """Truth values are labels, too."""
    return np.arange(classes) == indices[:, None]
