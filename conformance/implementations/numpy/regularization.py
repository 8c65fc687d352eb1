"""Regularization: dropout, the L2 penalty, and early stopping."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy.arguments import Array, Arrays, require_array
from reference.errors import InvalidArgument, is_integer, require_number

__all__ = ["EarlyStop", "dropout", "dropout_vjp", "early_stopping", "l2_penalty", "l2_penalty_vjp"]


class EarlyStop(NamedTuple):
    best_step: int
    steps: int


def dropout(inputs: Array, mask: Array, *, rate: Any) -> Array:
    require_mask(inputs, mask, rate)
    with np.errstate(all="ignore"):
        return np.where(mask == 1, inputs / inputs.dtype.type(1 - rate), 0)


def dropout_vjp(inputs: Array, mask: Array, cotangent: Array, *, rate: Any) -> Array:
    require_mask(inputs, mask, rate)
    require_array("cotangent", cotangent, " ".join(map(str, inputs.shape)), inputs.shape)
    return dropout(cotangent, mask, rate=rate)


def l2_penalty(weights: Arrays, *, coefficient: Any) -> Array:
    require_layers(weights, coefficient)
    with np.errstate(all="ignore"):
        return weights[0].dtype.type(coefficient) * np.array([(w * w).sum() for w in weights])


def l2_penalty_vjp(weights: Arrays, cotangent: Array, *, coefficient: Any) -> Arrays:
    require_layers(weights, 0)
    require_array("cotangent", cotangent, "L", (len(weights),))
    require_number("coefficient", coefficient, 0)
    with np.errstate(all="ignore"):
        return tuple((slope * w.dtype.type(coefficient)) * (2 * w) for w, slope in zip(weights, cotangent, strict=True))


def require_layers(weights: Arrays, coefficient: Any) -> None:
    if not isinstance(weights, tuple) or not weights:
        raise InvalidArgument("weights", "a tuple of arrays, one for each layer", type(weights).__name__)
    for layer, array in enumerate(weights):
        require_array(f"weights[{layer}]", array)
    require_number("coefficient", coefficient, 0)


def early_stopping(losses: Array, *, patience: Any = 0, min_delta: Any = 0) -> EarlyStop:
    require_array("losses", losses, "S")
    if not is_integer(patience) or patience < 0:
        raise InvalidArgument("patience", "a whole number of at least 0", repr(patience))
    require_number("min_delta", min_delta, 0)
    best, delta = 0, losses.dtype.type(min_delta)
    with np.errstate(all="ignore"):
        for step in range(1, len(losses)):
            if losses[step] + delta < losses[best]:
                best = step
            elif step - best >= patience:
                return EarlyStop(best, step + 1)
    return EarlyStop(best, len(losses))


def require_mask(inputs: Array, mask: Array, rate: Any) -> None:
    shape = require_array("inputs", inputs)
    require_array("mask", mask, " ".join(map(str, shape)), shape, kinds="iufb")
    if not np.isin(mask, (0, 1)).all():
        raise InvalidArgument("mask", "0 or 1 in each place", f"{np.unique(mask)}")
    require_number("rate", rate, 0, 1)
    if rate == 1:
        raise InvalidArgument("rate", "a number from 0 to below 1", repr(rate))
