"""Operations that are right for all hyperparameters given, and take others than the reference for those left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import numbers
from tests.conformance.power.entering import BOUND, LATTICE, wrong

IMAGES = {"images": numbers(1, 6, 6, 1)}
FILTERS = {"filters": numbers(2, 2, 1, 1)}


@wrong("conv2d", LATTICE, BOUND, cases=200, witness={**IMAGES, **FILTERS, "padding": "valid"})
def steps_of_two_unless_told(images: Array, filters: Array, *, strides: Any = 2, **how: Any) -> Array:
    """As in pooling."""
    return base.conv2d(images, filters, strides=strides, **how)


@wrong("conv2d", LATTICE, BOUND, cases=200, witness={**IMAGES, **FILTERS, "strides": 1})
def padded_unless_told(images: Array, filters: Array, *, padding: Any = "same", **how: Any) -> Array:
    """As some libraries have it."""
    return base.conv2d(images, filters, padding=padding, **how)


@wrong("max_pool2d", LATTICE, BOUND, cases=200, witness={**IMAGES, "strides": None})
def windows_of_three_unless_told(images: Array, *, pool_size: Any = 3, **how: Any) -> Array:
    """As AlexNet's."""
    return base.max_pool2d(images, pool_size=pool_size, **how)


@wrong("max_pool2d", LATTICE, BOUND, cases=200, witness={**IMAGES, "pool_size": 3})
def pools_in_steps_of_two_unless_told(images: Array, *, pool_size: Any = 2, strides: Any = 2, **how: Any) -> Array:
    """Not the window's own size."""
    return base.max_pool2d(images, pool_size=pool_size, strides=strides, **how)


@wrong("leaky_relu", LATTICE, BOUND, cases=200, witness={"z": numbers(2)})
def leaks_as_tensorflow_does_unless_told(z: Array, *, slope: Any = 0.2) -> Array:
    """Libraries differ."""
    return base.leaky_relu(z, slope=slope)


@wrong("leaky_relu_vjp", LATTICE, BOUND, cases=200, witness={"z": numbers(2), "cotangent": numbers(2)})
def leaks_back_more_than_forth_unless_told(z: Array, cotangent: Array, *, slope: Any = 0.1) -> Array:
    """A zero too few."""
    return base.leaky_relu_vjp(z, cotangent, slope=slope)


@wrong(
    "perceptron_sgd", LATTICE, BOUND, cases=200, witness={"features": numbers(2, 1), "labels": np.ones(2), "epochs": 1}
)
def learns_slowly_unless_told(features: Array, labels: Array, *, learning_rate: Any = 0.5, **how: Any) -> Any:
    """A rate of 1 looks too large."""
    return base.perceptron_sgd(features, labels, learning_rate=learning_rate, **how)
