"""Whether what is claimed of an arithmetic can be meant: a misspelt function or a negative error would claim nothing.

Every message names the claim, what was wanted and what came.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from reference.errors import InvalidArgument, is_number


def require_roundoff(claim: str, value: Any) -> None:
    """A relative error that leaves something right; or 0, where nothing is claimed."""
    if not _is_size(value) or not value < 1:
        raise InvalidArgument(claim, "a number from 0 to below 1", repr(value))


def require_truth(claim: str, value: Any) -> None:
    """True or False."""
    # NumPy's are no bool, and no text or number either.
    if type(value).__name__ not in ("bool", "bool_"):
        raise InvalidArgument(claim, "True or False", repr(value))


def require_errors(claim: str, value: Any, functions: Collection[str]) -> None:
    """Largest errors by the function's name."""
    if not isinstance(value, Mapping):
        raise InvalidArgument(claim, "a dict of errors by the function's name", repr(value))
    require_names(claim, list(value), functions)
    for name, error in value.items():
        if not _is_size(error) or error == math.inf:
            raise InvalidArgument(f"{claim}[{name!r}]", "a finite number of at least 0", repr(error))


def require_names(claim: str, value: Any, functions: Collection[str]) -> None:
    """Names of elementary functions, in a list or tuple: a text alone would be taken for its letters."""
    if not isinstance(value, (list, tuple)):
        raise InvalidArgument(claim, "a tuple of functions' names", repr(value))
    for name in value:
        if name not in functions:
            raise InvalidArgument(claim, f"names of {', '.join(functions)}", repr(name))


def _is_size(value: Any) -> bool:
    """Whether a value is a real number of at least 0; NaN isn't."""
    return is_number(value) and not isinstance(value, (bool, complex)) and bool(value >= 0)
