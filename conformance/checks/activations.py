"""Drawing activation functions and their gradients, and their laws."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.drawing import Draw
from conformance.laws import Law, exact


def relu(draw: Draw) -> dict[str, Any]:
    return {"z": draw.array(*_shape(draw))}


def relu_changes_nothing_twice(draw: Draw, law: Law) -> None:
    z = draw.array(*_shape(draw))
    once = law.run(z)
    law.agree(once, law.run(np.vectorize(lambda interval: float(interval.low))(once).astype(draw.dtype)))


def relu_splits_a_number_into_its_parts(draw: Draw, law: Law) -> None:
    z = draw.array(*_shape(draw))
    law.agree(law.run(z) - law.run(-z), exact(z))


def relu_vjp(draw: Draw) -> dict[str, Any]:
    return _with_cotangent(draw)


def relu_vjp_passes_or_stops(draw: Draw, law: Law) -> None:
    z, g = _with_cotangent(draw).values()
    law.agree(np.where(z != 0, law.run(z, g), 0), exact(np.where(z > 0, g, 0)))


def sigmoid(draw: Draw) -> dict[str, Any]:
    return {"z": draw.array(*_shape(draw))}


def sigmoid_is_symmetric(draw: Draw, law: Law) -> None:
    z = draw.array(*_shape(draw))
    law.agree(law.run(z) + law.run(-z), 1)


def sigmoid_vjp(draw: Draw) -> dict[str, Any]:
    return _with_cotangent(draw)


def sigmoid_vjp_is_even(draw: Draw, law: Law) -> None:
    z, g = _with_cotangent(draw).values()
    law.agree(law.run(z, g), law.run(-z, g))


def tanh(draw: Draw) -> dict[str, Any]:
    return {"z": draw.array(*_shape(draw))}


def tanh_is_odd(draw: Draw, law: Law) -> None:
    z = draw.array(*_shape(draw))
    law.agree(law.run(-z), -law.run(z))


def tanh_vjp(draw: Draw) -> dict[str, Any]:
    return _with_cotangent(draw)


def tanh_vjp_is_even(draw: Draw, law: Law) -> None:
    z, g = _with_cotangent(draw).values()
    law.agree(law.run(z, g), law.run(-z, g))


def softmax(draw: Draw) -> dict[str, Any]:
    rows, classes = draw.sizes(2, 5, long=20)
    return {"z": draw.array(*draw.choice((rows, classes), (classes,), (2, rows, min(classes, 4))))}


def softmax_sums_to_one(draw: Draw, law: Law) -> None:
    law.agree(law.run(softmax(draw)["z"]).sum(axis=-1), 1)


def softmax_is_shift_invariant(draw: Draw, law: Law) -> None:
    z, shift = softmax(draw)["z"], draw.integer(-1000, 1000)
    law.agree(law.run(z), law.run(z + draw.dtype.type(shift)))


def softmax_follows_a_permutation(draw: Draw, law: Law) -> None:
    z = softmax(draw)["z"]
    law.agree(law.run(z)[..., ::-1], law.run(np.ascontiguousarray(z[..., ::-1])))


def _shape(draw: Draw) -> tuple[int, ...]:
    columns, rows = draw.sizes(6, 2, long=24)
    return draw.choice((columns,), (rows, min(columns, 6)), (rows, 2, min(columns, 4)))


def _with_cotangent(draw: Draw) -> dict[str, Any]:
    shape = _shape(draw)
    return {"z": draw.array(*shape), "cotangent": draw.array(*shape)}
