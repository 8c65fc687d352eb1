"""How good a network is: its mean loss, its error rate, and what it takes for what."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fast import cpu
from fast.cpu.convolutional_network import Parameters, find_logits, new_workspace
from fast.training.digits import CLASSES, Examples
from fast.training.networks import Network, shaped

#: Examples that are looked at in one go.
BATCH = 500


class Evaluation(NamedTuple):
    """A mean loss, the share of wrong answers, and how often each digit [row] was answered to each [column]."""

    loss: float
    error: float
    confusion: np.ndarray


def evaluate(network: Network, parameters: Parameters, examples: Examples) -> Evaluation:
    """Let a network answer for examples, without dropout.

    Args: network and its parameters; examples, one or more.
    Returns: Evaluation(loss, error, confusion [10, 10]).
    """
    confusion, loss, workspace = np.zeros((CLASSES, CLASSES), np.int64), 0.0, None
    for start in range(0, len(examples.images), BATCH):
        images = shaped(as_numbers(examples.images[start : start + BATCH]), network)
        labels = examples.labels[start : start + BATCH]
        if workspace is None or len(workspace.units[-1]) != len(images):
            workspace = new_workspace(images, parameters, network.geometries)
        find_logits(images, parameters, network.geometries, workspace)
        logits = workspace.units[-1]
        loss += float(cpu.sparse_softmax_cross_entropy_with_logits(logits, labels).sum(dtype=np.float64))
        confusion += cpu.confusion_matrix(logits.argmax(axis=1), labels, classes=CLASSES)
    count = len(examples.images)
    return Evaluation(loss / count, 1 - float(np.trace(confusion)) / count, confusion)


def as_numbers(images: np.ndarray) -> np.ndarray:
    """Bytes as float32 from 0 to 1."""
    return images.astype(np.float32) / np.float32(255)
