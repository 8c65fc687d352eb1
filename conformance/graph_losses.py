"""The losses of drawn graphs, each with labels that fit it.

Labels are constants, of integers where they are indices of classes or signs, which the reference wants to know for
certain. Nobody asks for gradients towards those.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from conformance.drawing import CLASSES
from conformance.graph_drawing import DrawnGraph, Shape


def labels_of(graph: DrawnGraph, values: Any) -> str:
    return graph.add("constant", [], attributes={"value": values.tolist()})


def probabilities_from(graph: DrawnGraph, kind: str, rank: int) -> tuple[str, Shape]:
    """What a kind makes of numbers between -1 and 1: next to 0 and 1, where logarithms end, not all libraries go on."""
    tensor, shape = graph.any(rank)
    return graph.add(kind, [graph.add("tanh", [tensor], shape)], shape), shape


def cross_entropy(graph: DrawnGraph) -> str:
    probabilities, (rows, columns) = probabilities_from(graph, "softmax", 2)
    labels = labels_of(graph, graph.draw.distributions(rows, columns))
    return graph.add("cross_entropy", [probabilities, labels], (rows,))


def empirical_loss(graph: DrawnGraph) -> str:
    return graph.add("empirical_loss", [graph.any(1)[0]], ())


def sparse_softmax_cross_entropy_with_logits(graph: DrawnGraph) -> str:
    tensor, (rows, columns) = graph.any(2)
    labels = labels_of(graph, graph.draw.indices(rows, columns, CLASSES))
    return graph.add("sparse_softmax_cross_entropy_with_logits", [tensor, labels], (rows,))


def negative_log_likelihood(graph: DrawnGraph) -> str:
    """Of logarithms of probabilities, or of any scores in their place."""
    tensor, (rows, columns) = graph.any(2)
    if graph.draw.choice(True, False):
        tensor = graph.add("log_softmax", [tensor], (rows, columns))
    labels = labels_of(graph, graph.draw.indices(rows, columns, CLASSES))
    return graph.add("negative_log_likelihood", [tensor, labels], (rows,))


def certain_answers(graph: DrawnGraph, shape: Shape) -> str:
    """1 or 0 for each entry.

    Where answers aren't certain, libraries compute a loss, or its gradient, by texts of their own with other bounds. Of
    one operation they can claim them; of a whole graph nobody can.
    """
    answers = np.maximum(graph.draw.signs(math.prod(shape)), 0).reshape(shape)
    return labels_of(graph, answers.astype(graph.draw.dtype))


def binary_cross_entropy(graph: DrawnGraph) -> str:
    probabilities, shape = probabilities_from(graph, "sigmoid", graph.draw.choice(2, 4))
    return graph.add("binary_cross_entropy", [probabilities, certain_answers(graph, shape)], shape)


def binary_cross_entropy_with_logits(graph: DrawnGraph) -> str:
    tensor, shape = graph.any(graph.draw.choice(2, 4))
    return graph.add("binary_cross_entropy_with_logits", [tensor, certain_answers(graph, shape)], shape)


def hinge_loss(graph: DrawnGraph) -> str:
    tensor, (count,) = graph.any(1)
    labels = labels_of(graph, np.asarray(graph.draw.signs(count)))
    return graph.add("hinge_loss", [tensor, labels], (count,))
