"""What regularization asks of its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fast.validation import looks_by_itself, require_array, require_arrays, require_like
from reference.errors import InvalidArgument, is_integer, require_number


def require_mask(inputs: Any, mask: Any, rate: Any) -> np.ndarray:
    """Return a mask of zeros and ones, of any numeric dtype, that fits some inputs; check the rate too."""
    return require_mask_of(require_array("inputs", inputs).shape, mask, rate, "as inputs has")


def require_mask_of(shape: Sequence[int], mask: Any, rate: Any, because: str) -> np.ndarray:
    """Return a mask of zeros and ones, of any numeric dtype and some shape; check the rate too."""
    wanted = "0 or 1 in each place"
    if not isinstance(mask, np.ndarray) or mask.dtype.kind not in "biuf":
        raise InvalidArgument("mask", wanted, str(getattr(mask, "dtype", type(mask).__name__)))
    if mask.shape != tuple(shape):
        raise InvalidArgument("mask", f"shape {list(shape)} {because}", f"shape {list(mask.shape)}")
    wrong = mask.outside(range(2)) if looks_by_itself(mask) else mask[(mask != 0) & (mask != 1)]
    if wrong.size:
        raise InvalidArgument("mask", wanted, f"{wrong[0]!r} among them")
    if require_number("rate", rate, 0, 1) == 1:
        raise InvalidArgument("rate", "a number from 0 to below 1", repr(rate))
    return mask


def require_layers(weights: Any) -> np.dtype:
    """Return the dtype that all layers' weights have."""
    dtype = require_arrays("weights", weights, "")[0].dtype
    for layer, array in enumerate(weights):
        require_like(f"weights[{layer}]", array, array.shape, dtype, "")
    return dtype


def require_losses(losses: Any, patience: Any, min_delta: Any) -> tuple[np.ndarray, np.floating[Any]]:
    """Return the losses, and the least improvement in their dtype; check the patience."""
    require_array("losses", losses, "S")
    if not is_integer(patience) or int(patience) < 0:
        raise InvalidArgument("patience", "a whole number of at least 0", repr(patience))
    return losses, losses.dtype.type(require_number("min_delta", min_delta, 0))
