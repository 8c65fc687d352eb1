"""What a client feeds, checked once before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.errors import InvalidArgument


def require_feeds(
    wanted: Mapping[str, tuple[int, ...]], feeds: Mapping[str, Any], dtype: np.dtype
) -> dict[str, np.ndarray]:
    """Return feeds in arrays of their own: a step may be done again, whatever the caller does with his by then."""
    for name in wanted:
        if name not in feeds:
            raise InvalidArgument("feeds", f"a value for '{name}'", "none")
    unknown = [name for name in feeds if name not in wanted]
    if unknown:
        raise InvalidArgument("feeds", f"values for {', '.join(wanted) or 'nothing'}", ", ".join(unknown))
    given = {name: np.array(value) for name, value in feeds.items()}
    for name, shape in wanted.items():
        if given[name].shape != shape or given[name].dtype != dtype:
            described = f"a {dtype} array of shape {list(shape)} for '{name}'"
            raise InvalidArgument("feeds", described, f"{given[name].dtype} {list(given[name].shape)}")
    return given
