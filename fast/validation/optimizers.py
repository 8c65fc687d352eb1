"""What optimizers ask of their arguments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fast.validation import require_array, require_like, require_scalar, require_within
from reference.errors import InvalidArgument, is_integer, require_number, require_positive_integer


def require_step(parameters: Any, learning_rate: Any, **others: Any) -> np.floating[Any]:
    """Check that all arrays are of the parameters' shape and dtype; return the learning rate in that dtype."""
    dtype = require_state(parameters, **others)
    return require_scalar(dtype, "learning_rate", require_number("learning_rate", learning_rate, 0))


def require_state(parameters: Any, **others: Any) -> np.dtype:
    """Check that all arrays are of the parameters' shape and dtype; return that dtype."""
    shape, dtype = require_array("parameters", parameters).shape, parameters.dtype
    for name, value in others.items():
        require_like(name, value, shape, dtype, "as parameters has")
    return dtype


def require_rate(dtype: np.dtype, argument: str, rate: Any, below: float = math.inf) -> float:
    """Return a number from 0 that the dtype can hold, which is left to be rounded to it."""
    # As most are; nobody asks for less.
    if type(rate) is float and 0 <= rate < 1:
        return rate
    return require_within(dtype, argument, require_number(argument, rate, 0, below=below))


def require_share(dtype: np.dtype, argument: str, share: Any) -> tuple[np.floating[Any], np.floating[Any]]:
    """Return the share of a running mean that is kept, from 0 to below 1, and the rest, both as the dtype has them."""
    require_number(argument, share, 0, below=1)
    # One less what the dtype has of the share, so that both add up to 1.
    kept = require_scalar(dtype, argument, share)
    return kept, dtype.type(1) - kept


def require_truth(argument: str, value: Any) -> bool:
    """Return a choice that is True or False."""
    if not isinstance(value, bool):
        raise InvalidArgument(argument, "True or False", repr(value))
    return value


def require_epsilon(dtype: np.dtype, epsilon: Any) -> np.floating[Any]:
    """Return what keeps a divisor from 0, as the dtype has it."""
    return require_scalar(dtype, "epsilon", require_number("epsilon", epsilon, 0))


def require_corrections(dtype: np.dtype, step: Any, *betas: np.floating[Any]) -> tuple[np.floating[Any], ...]:
    """Return 1 - βᵗ for each share of a running mean, computed in float64."""
    number = require_positive_integer("step", step)
    return tuple(dtype.type(1 - float(beta) ** number) for beta in betas)


def require_decay(dtype: np.dtype, step: Any, decay_steps: Any, decay_rate: Any, staircase: Any) -> np.floating[Any]:
    """Return the factor by which rates have decayed, computed in float64."""
    if not is_integer(step) or step < 0:
        raise InvalidArgument("step", "an integer of at least 0", repr(step))
    steps = require_positive_integer("decay_steps", decay_steps)
    rate = require_scalar(dtype, "decay_rate", require_number("decay_rate", decay_rate, above=0))
    exponent = int(step) // steps if require_truth("staircase", staircase) else int(step) / steps
    with np.errstate(all="ignore"):
        return dtype.type(np.float64(rate) ** exponent)
