"""What poolings ask of their arguments."""

from __future__ import annotations

from typing import Any

from fast.validation import require_array
from fast.validation.convolution import Geometry, slide
from reference.errors import require_pair


def require_pooling(images: Any, pool_size: Any, strides: Any, padding: Any) -> tuple[Geometry, tuple[int, int]]:
    """Check the arguments of a pooling; return where its windows stand and how large they are."""
    _, rows, columns, _ = require_array("images", images, "N H W C").shape
    window = require_pair("pool_size", pool_size)
    return slide("pool_size", (rows, columns), window, window if strides is None else strides, padding), window
