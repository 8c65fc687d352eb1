"""What convolution and pooling share."""

from __future__ import annotations

from typing import Any


def upper(padding: Any) -> Any:
    """TensorFlow spells its paddings "VALID" and "SAME"."""
    return padding.upper() if isinstance(padding, str) else padding
