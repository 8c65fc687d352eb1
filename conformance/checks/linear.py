"""Drawing dense layers, and their laws."""

from __future__ import annotations

from typing import Any

from conformance.drawing import Draw
from conformance.laws import Law, exact, total_of


def dense(draw: Draw) -> dict[str, Any]:
    examples, features, units = draw.sizes(4, 8, 4, long=40)
    return {"inputs": draw.array(examples, features), "weights": draw.array(features, units), "bias": draw.array(units)}


def dense_is_linear_in_its_inputs(draw: Draw, law: Law) -> None:
    x, w, b = dense(draw).values()
    y = draw.array(*x.shape)
    law.agree(law.run(x + y, w, b) + b, law.run(x, w, b) + law.run(y, w, b))


def dense_adds_its_bias_to_every_row(draw: Draw, law: Law) -> None:
    x, w, b = dense(draw).values()
    law.agree(law.run(x, w, b), law.run(x, w, 0 * b) + exact(b))


def dense_vjp(draw: Draw) -> dict[str, Any]:
    arguments = dense(draw)
    return {**arguments, "cotangent": draw.array(len(arguments["inputs"]), len(arguments["bias"]))}


def dense_vjp_is_the_adjoint_of_dense(draw: Draw, law: Law) -> None:
    x, w, b, g = dense_vjp(draw).values()
    gradients = law.run(x, w, b, g)
    # ⟨g, x·w⟩ is linear in x and in w: each gradient must give the same number back.
    product = total_of((exact(x) @ exact(w)) * exact(g))
    law.agree(total_of(gradients.inputs * exact(x)), product)
    law.agree(total_of(gradients.weights * exact(w)), product)
    law.agree(gradients.bias, exact(g).sum(axis=0))
