"""Calls of every operation with inputs drawn from a seed, and how near a machine comes to their bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import pytest

import reference
from reference import elementary
from reference.numbers import Arithmetic, Rounded
from reference.numbers.arithmetic import FORMATS
from tests.reference.numbers.machine import Processor
from tests.reference.support import array_of, convert, leaves

SINGLE = Arithmetic("float32")
EVERY_FORMAT = pytest.mark.parametrize("format", ["float16", "bfloat16", "float32", "float64"])

#: Bounds are doubles, and lose digits below this one.
SMALLEST_NORMAL_DOUBLE = 2.0**-1022
#: How inputs are drawn: alike in size, over many binades, with few bits, or so that sums cancel.
KINDS = ("alike", "wide", "short", "cancelling")


class Drawn:
    """Inputs of a call, drawn from one seed."""

    def __init__(self, seed: int, kind: str, format: str, wide: int = 0) -> None:
        self.random, self.kind, self.wide = Random(seed), kind, wide
        self.bits = FORMATS[format][0]
        self.processor = Processor(Arithmetic(format), seed)

    def number(self) -> float:
        sign = self.random.choice((-1, 1))
        if self.kind == "short":
            return sign * self.random.randrange(0, 9) / 4
        if self.kind == "wide":
            return sign * self.rounded(self.random.random() * 2.0 ** self.random.randint(-6, 4))
        if self.kind == "wide by narrow":
            return sign * self.random.choice(
                (0, 0, 1, self.random.randrange(2 ** (self.wide - 1) + 1, 2**self.wide, 2))
            )
        if self.kind == "tiny":
            return sign * self.tiny()
        if self.kind == "cancelling":
            return sign * self.rounded(1 + self.random.randrange(4) * 2.0 ** (2 - self.bits))
        return sign * self.rounded(self.random.uniform(0.5, 2))

    def tiny(self) -> float:
        """About 1, or about the smallest normal number, or its root, so that products of two are about as small."""
        bits, subnormal, _ = FORMATS[self.processor.arithmetic.format]
        near = subnormal + self.random.randint(0, 2 * bits)
        exponent = self.random.choice((0, 0, near, (subnormal + bits) // 2))
        return self.processor.nearest(Fraction(self.random.uniform(1, 2)) * Fraction(2) ** exponent, self.bits)

    def rounded(self, value: float) -> float:
        return self.processor.nearest(Fraction(value), self.bits)

    def array(self, *lengths: int) -> Any:
        return array_of(self.number, *lengths)

    def probabilities(self, *lengths: int) -> Any:
        return array_of(lambda: self.rounded(self.random.uniform(0.01, 1)), *lengths)

    def labels(self, rows: int, columns: int) -> Any:
        winners = [self.random.randrange(columns) for _ in range(rows)]
        return [[int(column == winner) for column in range(columns)] for winner in winners]

    def network(self) -> tuple[Any, Any, Any, Any]:
        weights = self.array(3, 4), self.array(4, 2)
        return self.array(2, 3), weights, (self.array(4), self.array(2)), self.labels(2, 2)

    def options(self) -> dict[str, Any]:
        strides = self.random.randint(1, 2), self.random.randint(1, 2)
        return {"strides": strides, "padding": self.random.choice(("valid", "same"))}


def conv2d(drawn: Drawn) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    options = drawn.options()
    return lambda *args: reference.conv2d(*args, **options), (drawn.array(1, 3, 4, 2), drawn.array(2, 2, 2, 2))


def conv2d_vjp(drawn: Drawn) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    options = drawn.options()
    images, filters = drawn.array(1, 3, 3, 2), drawn.array(2, 2, 2, 2)
    cotangent = drawn.array(*reference.shape(reference.conv2d(images, filters, **options)))
    return lambda *args: reference.conv2d_vjp(*args, **options), (images, filters, cotangent)


def pool_vjp(drawn: Drawn) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    options = {**drawn.options(), "pool_size": 2}
    images = drawn.array(1, 3, 4, 2)
    cotangent = drawn.array(*reference.shape(reference.max_pool2d(images, **options)))
    return lambda *args: reference.max_pool2d_vjp(*args, **options), (images, cotangent)


def sgd(drawn: Drawn) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    labels = [drawn.random.choice((-1, 1)) for _ in range(4)]

    def train(features: Any, rate: Any) -> Any:
        return reference.perceptron_sgd(features, labels, epochs=3, learning_rate=rate)

    return train, (drawn.array(4, 3), drawn.rounded(drawn.random.uniform(0.1, 1)))


#: For every operation, a function and arguments for it.
CALLS: dict[str, Callable[[Drawn], tuple[Callable[..., Any], tuple[Any, ...]]]] = {
    "+": lambda d: (lambda x, y: x + y, (d.number(), d.number())),
    "-": lambda d: (lambda x, y: x - y, (d.number(), d.number())),
    "·": lambda d: (lambda x, y: x * y, (d.number(), d.number())),
    "/": lambda d: (lambda x, y: x / y, (d.number(), d.number() or 3.0)),
    "x·y/z - z": lambda d: (lambda x, y, z: x * y / z - z, (d.number(), d.number(), d.number() or 3.0)),
    "log": lambda d: (elementary.log, (abs(d.number()) or 1.0,)),
    "sqrt": lambda d: (elementary.sqrt, (abs(d.number()),)),
    "exp of a sum": lambda d: (lambda *x: elementary.exp(sum(x)), tuple(d.array(4))),
    "log of a sum": lambda d: (lambda *x: elementary.log(sum(x)), tuple(d.probabilities(4))),
    "sqrt of a sum": lambda d: (lambda *x: elementary.sqrt(sum(x)), tuple(d.probabilities(4))),
    "dense": lambda d: (reference.dense, (d.array(2, 6), d.array(6, 2), d.array(2))),
    "dense of one feature": lambda d: (
        lambda x, w: reference.dense(x, w, [0, 0]),
        (d.array(3, 1), d.array(1, 2)),
    ),
    "dense_vjp of one example": lambda d: (
        reference.dense_vjp,
        (d.array(1, 2), d.array(2, 2), d.array(2), d.array(1, 2)),
    ),
    "dense_vjp": lambda d: (reference.dense_vjp, (d.array(3, 2), d.array(2, 2), d.array(2), d.array(3, 2))),
    "conv2d": conv2d,
    "conv2d_vjp": conv2d_vjp,
    "max_pool2d": lambda d: (reference.max_pool2d, (d.array(1, 4, 4, 1),)),
    "max_pool2d_vjp": pool_vjp,
    "relu of dense": lambda d: (
        lambda *a: reference.relu(reference.dense(*a)),
        (d.array(2, 4), d.array(4, 2), d.array(2)),
    ),
    "relu_vjp": lambda d: (reference.relu_vjp, (d.array(6), d.array(6))),
    "leaky_relu": lambda d: (lambda z, s: reference.leaky_relu(z, slope=s), (d.array(6), 0.01)),
    "leaky_relu_vjp": lambda d: (
        lambda z, g, s: reference.leaky_relu_vjp(z, g, slope=s),
        (d.array(6), d.array(6), 0.01),
    ),
    "sigmoid": lambda d: (reference.sigmoid, (d.array(4),)),
    "sigmoid_vjp": lambda d: (reference.sigmoid_vjp, (d.array(4), d.array(4))),
    "tanh": lambda d: (reference.tanh, (d.array(4),)),
    "tanh_vjp": lambda d: (reference.tanh_vjp, (d.array(4), d.array(4))),
    "softmax": lambda d: (reference.softmax, (d.array(2, 4),)),
    "cross_entropy": lambda d: (reference.cross_entropy, (d.probabilities(2, 4), d.probabilities(2, 4))),
    "softmax_cross_entropy": lambda d: (
        reference.softmax_cross_entropy_with_logits,
        (d.array(2, 4), d.labels(2, 4)),
    ),
    "softmax_cross_entropy_vjp": lambda d: (
        reference.softmax_cross_entropy_with_logits_vjp,
        (d.array(2, 4), d.labels(2, 4), d.array(2)),
    ),
    "forward_pass": lambda d: (reference.forward_pass, d.network()[:3]),
    "backpropagation": lambda d: (reference.backpropagation, d.network()),
    "perceptron_predict": lambda d: (
        lambda x, w: reference.perceptron_predict(x, w).scores,
        (d.array(3, 3), d.array(4)),
    ),
    "perceptron_sgd": sgd,
}
EVERY_CALL = pytest.mark.parametrize("name", CALLS)


def worst_ratio(function: Callable[..., Any], arguments: Any, arithmetic: Arithmetic, processor: Processor) -> float:
    """Run a function on bounds and on a machine; the largest error / bound, after asserting that none exceeds 1."""
    bounds = list(leaves(function(*convert(lambda x: Rounded(x, arithmetic), arguments))))
    came = list(leaves(function(*convert(processor.number, arguments))))
    worst = 0.0
    for bound, value in zip(bounds, came, strict=True):
        number = bound if isinstance(bound, Rounded) else Rounded(bound, arithmetic)
        allowed = number.error
        if allowed == math.inf:
            continue
        result = float(value)
        error = number.distance(result)
        if 0 < allowed < SMALLEST_NORMAL_DOUBLE and math.isfinite(result):
            # A bound down there is a subnormal double, with no digits left for the rounding up of a distance.
            assert abs(number.value - Fraction(result)) <= Fraction(allowed)
            continue
        assert error <= allowed, f"{result} is {error} away from {number}"
        worst = max(worst, error / allowed if allowed and not number.undecided else 0.0)
    return worst
