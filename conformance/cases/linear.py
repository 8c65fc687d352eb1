"""Drawing dense layers, and their laws."""

from __future__ import annotations

from typing import Any

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact, total_of


@case
def dense(draw: Draw) -> dict[str, Any]:
    examples, features, units = draw.sizes(4, 8, 4, long=40)
    return {"inputs": draw.array(examples, features), "weights": draw.array(features, units), "bias": draw.array(units)}


@law(dense)
def dense_is_linear_in_its_inputs(draw: Draw, trial: Trial) -> None:
    """Up to the bias, which must be added once."""
    x, w, b = dense(draw).values()
    y = draw.array(*x.shape)
    trial.agree(trial.run(x + y, w, b) + b, trial.run(x, w, b) + trial.run(y, w, b))


@law(dense)
def dense_adds_its_bias_to_every_row(draw: Draw, trial: Trial) -> None:
    """To every row, and to nothing else."""
    x, w, b = dense(draw).values()
    trial.agree(trial.run(x, w, b), trial.run(x, w, 0 * b) + exact(b))


@case
def dense_vjp(draw: Draw) -> dict[str, Any]:
    arguments = dense(draw)
    return {**arguments, "cotangent": draw.array(len(arguments["inputs"]), len(arguments["bias"]))}


@law(dense_vjp)
def dense_vjp_is_the_adjoint_of_dense(draw: Draw, trial: Trial) -> None:
    """The definition of a gradient of a linear map, and independent of any other gradient."""
    x, w, b, g = dense_vjp(draw).values()
    gradients = trial.run(x, w, b, g)
    # ⟨g, x·w⟩ is linear in x and in w: each gradient must give the same number back.
    product = total_of((exact(x) @ exact(w)) * exact(g))
    trial.agree(total_of(gradients.inputs * exact(x)), product)
    trial.agree(total_of(gradients.weights * exact(w)), product)
    trial.agree(gradients.bias, exact(g).sum(axis=0))
