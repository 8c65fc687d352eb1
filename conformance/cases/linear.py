"""Drawing matrix products, dense layers, arrays to flatten and labels, and their laws."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.cases.activations import ARRAYS, lengths
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
#: Enough of everything for whoever copies blocks of both matrices, in pieces of the depth.
WIDE = {"a wide layer": {"N": 130, "D": 330, "U": 800}}
SIZES = {"N": EDGES, "D": (*EDGES, 255, 256, 257, 511, 512, 513), "U": EDGES}

LAYER = Space(
    sizes=SIZES,
    small=SMALL,
    steps=lambda c: 2 * c.D,
    work=lambda c: 2 * c.N * c.D * c.U,
    common=LAYERS | WIDE,
)
LAYER_VJP = Space(
    sizes=SIZES,
    small=SMALL,
    steps=lambda c: 4 * (c.N + c.U),
    work=lambda c: 4 * c.N * c.D * c.U,
    common=LAYERS,
)


LABELS = Space(
    sizes={"N": EDGES, "K": (1, 2, 3, 5, 8, 9, 10, 16, 17, 33, 100)},
    small={"N": range(1, 10), "K": range(1, 10)},
    work=lambda c: c.N * c.K,
    common={"the slide's programmers": {"N": 3, "K": 2}, "ten digits": {"N": 50, "K": 10}},
)


@case(LAYER, Axes(("N D", "D U"), ("N U",), "N U"))
def matrix_product(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"a": draw.array(c.N, c.D), "b": draw.array(c.D, c.U)}


@law(matrix_product)
def matrix_product_with_the_unit_matrix_changes_nothing(draw: Draw, trial: Trial) -> None:
    """On either side: an operand that is transposed, or a row that isn't reached, shows."""
    a = matrix_product(draw)["a"]
    trial.agree(trial.run(a, np.eye(a.shape[1], dtype=a.dtype)), exact(a))
    trial.agree(trial.run(np.eye(len(a), dtype=a.dtype), a), exact(a))


@law(matrix_product)
def matrix_product_of_transposes_is_the_transpose_of_the_other(draw: Draw, trial: Trial) -> None:
    """(A·B)ᵀ = Bᵀ·Aᵀ: rows and columns are cut to tiles in different ways."""
    a, b = matrix_product(draw).values()
    turned = trial.run(np.ascontiguousarray(b.T), np.ascontiguousarray(a.T))
    trial.agree(trial.run(a, b).T, turned)


@law(matrix_product)
def matrix_product_is_linear_in_its_second_matrix(draw: Draw, trial: Trial) -> None:
    """A·(B + C) = A·B + A·C: inputs, products or sums of fewer bits than claimed show."""
    a, b = matrix_product(draw).values()
    c = draw.array(*b.shape)
    trial.agree(trial.run(a, b + c), trial.run(a, b) + trial.run(a, c))


@case(LAYER_VJP, Axes(("N D", "D U", "N U"), ("N D", "D U"), "N D U"))
def matrix_product_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**matrix_product.draw(draw, c), "cotangent": draw.array(c.N, c.U)}


@law(matrix_product_vjp)
def matrix_product_vjp_is_the_adjoint_of_the_product(draw: Draw, trial: Trial) -> None:
    """⟨g, A·B⟩ = ⟨dA, A⟩ = ⟨dB, B⟩, since the product is linear in each matrix."""
    a, b, g = matrix_product_vjp(draw).values()
    gradients = trial.run(a, b, g)
    product = total_of((exact(a) @ exact(b)) * exact(g))
    trial.agree(total_of(gradients.a * exact(a)), product)
    trial.agree(total_of(gradients.b * exact(b)), product)


@case(ARRAYS)
def flatten(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"values": draw.array(*lengths(c))}


@law(flatten)
def flatten_puts_part_after_part(draw: Draw, trial: Trial) -> None:
    """The slide's concatenate(R.flatten, G.flatten, B.flatten), for an array of those parts."""
    values = flatten(draw)["values"]
    parts = [np.atleast_1d(part) for part in values]
    trial.agree(trial.run(values), np.concatenate([trial.run(part) for part in parts]))


@law(flatten)
def flatten_leaves_numbers_in_their_order(draw: Draw, trial: Trial) -> None:
    """The last axis runs fastest."""
    values = flatten(draw)["values"]
    trial.agree(trial.run(values).reshape(values.shape), exact(values))


@case(LABELS)
def one_hot(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"indices": draw.indices(c.N, c.K), "classes": c.K}


@law(one_hot)
def one_hot_rows_sum_to_one(draw: Draw, trial: Trial) -> None:
    """One class each, and the place of the one says which."""
    indices, classes = one_hot(draw).values()
    rows = trial.run(indices, classes=classes)
    trial.agree(rows.sum(axis=1), 1)
    trial.agree(rows @ np.arange(classes), indices.astype(object))


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


@law(dense)
def dense_is_a_perceptron_for_each_output(draw: Draw, trial: Trial) -> None:
    """The multi-output perceptron: each output has weights and a bias of its own, and nothing to do with the others."""
    x, w, b = dense(draw).values()
    each = [trial.run(x, np.ascontiguousarray(w[:, [j]]), b[[j]]) for j in range(len(b))]
    trial.agree(trial.run(x, w, b), np.concatenate(each, axis=1))


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
