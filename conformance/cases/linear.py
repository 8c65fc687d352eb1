"""Drawing dense layers, and their laws."""

from __future__ import annotations

from typing import Any

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.lanes.reading import Axes
from conformance.laws import Trial, exact, total_of
from conformance.spaces import EDGES, Configuration, Space

SMALL = {"N": range(1, 6), "D": range(1, 18), "U": range(1, 15)}
LAYERS = {
    "a hidden layer": {"N": 10, "D": 64, "U": 32},
    "the slides' first layer": {"N": 100, "D": 784, "U": 200},
    "the slides' last layer": {"N": 100, "D": 30, "U": 10},
    "a feature more than 512": {"N": 9, "D": 513, "U": 9},
    "a feature more than 1024": {"N": 9, "D": 1025, "U": 9},
}
SIZES = {"N": EDGES, "D": (*EDGES, 255, 256, 257, 511, 512, 513), "U": EDGES}

LAYER = Space(
    sizes=SIZES,
    small=SMALL,
    steps=lambda c: 2 * c.D,
    work=lambda c: 2 * c.N * c.D * c.U,
    common=LAYERS,
)
LAYER_VJP = Space(
    sizes=SIZES,
    small=SMALL,
    steps=lambda c: 4 * (c.N + c.U),
    work=lambda c: 4 * c.N * c.D * c.U,
    common=LAYERS,
)


@case(LAYER, Axes(("N D", "D U", "U"), ("N U",), "N U"))
def dense(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"inputs": draw.array(c.N, c.D), "weights": draw.array(c.D, c.U), "bias": draw.array(c.U)}


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


@case(LAYER_VJP, Axes(("N D", "D U", "U", "N U"), ("N D", "D U", "U"), "N D U"))
def dense_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**dense.draw(draw, c), "cotangent": draw.array(c.N, c.U)}


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
