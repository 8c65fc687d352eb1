"""Dense layers, matrix products and their gradients: the slides' layers, large ones, and odd lengths."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.grid.cell import BATCH, Cell, integers, times


def cells() -> list[Cell]:
    """Examples × features × units, of a layer with a bias; the large ones are products alone."""
    return [
        layer(1, 784, 200),
        layer(BATCH, 784, 200, together=True),
        layer(BATCH, 200, 10),
        layer(97, 331, 203),
        product(1024),
        product(2048),
        layer_vjp(1, 784, 200),
        layer_vjp(BATCH, 784, 200),
        layer_vjp(BATCH, 200, 10),
        layer_vjp(97, 331, 203),
        product_vjp(1024),
    ]


def layer(examples: int, features: int, units: int, **choices: Any) -> Cell:
    """A dense layer."""

    def draw() -> dict[str, Any]:
        inputs, weights = integers(-8, 8, examples, features), integers(-4, 4, features, units)
        return {"inputs": inputs, "weights": weights, "bias": integers(-9, 9, units)}

    name, count = f"dense, {times((examples, features, units))}", 2 * examples * features * units
    return Cell(name, "dense", draw, count, exact=examples, **choices)


def layer_vjp(examples: int, features: int, units: int) -> Cell:
    """Its gradients: two products."""
    forward = layer(examples, features, units)

    def draw() -> dict[str, Any]:
        return {**forward.draw(), "cotangent": integers(-4, 4, examples, units)}

    name = forward.name.replace("dense", "dense vjp")
    return Cell(name, "dense_vjp", draw, 2 * forward.operations, exact=examples)


def product(length: int) -> Cell:
    """A product of two square matrices."""

    def draw() -> dict[str, Any]:
        return {"a": integers(-8, 8, length, length), "b": integers(-4, 4, length, length)}

    return Cell(f"matrix product, {length}³", "matrix_product", draw, 2 * length**3, exact=length)


def product_vjp(length: int) -> Cell:
    """Its gradients: two products."""
    forward = product(length)

    def draw() -> dict[str, Any]:
        return {**forward.draw(), "cotangent": integers(-4, 4, length, length)[::-1].copy()}

    name = f"matrix product vjp, {length}³"
    return Cell(name, "matrix_product_vjp", draw, 2 * forward.operations, exact=length)
