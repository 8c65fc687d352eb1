"""What convolutions ask of their arguments, and where any sliding window stands."""

from __future__ import annotations

from typing import Any, NamedTuple

from fast.validation import require_array, require_like
from reference.errors import InvalidArgument, require_choice, require_pair


class Geometry(NamedTuple):
    """Where a sliding window stands along rows and columns."""

    output_rows: int
    output_columns: int
    row_stride: int
    column_stride: int
    padding_top: int
    padding_left: int
    padding_bottom: int
    padding_right: int


def require_convolution(images: Any, filters: Any, strides: Any, padding: Any) -> Geometry:
    """Check the arguments of a convolution; return where its windows stand."""
    _, rows, columns, channels = require_array("images", images, "N H W C").shape
    kernel_rows, kernel_columns, _, count = require_array("filters", filters, "KH KW C F").shape
    wanted = (kernel_rows, kernel_columns, channels, count)
    require_like("filters", filters, wanted, images.dtype, "for images with {2} channels")
    return slide("filters", (rows, columns), (kernel_rows, kernel_columns), strides, padding)


def slide(argument: str, size: tuple[int, int], window: tuple[int, int], strides: Any, padding: Any) -> Geometry:
    """Where a window of some size stands on an image of some size, or what is wrong with the request."""
    (length, width), (rows, columns), (down, right) = size, window, require_pair("strides", strides)
    if require_choice("padding", padding, ("valid", "same")) == "valid":
        if rows > length or columns > width:
            raise InvalidArgument(argument, f"a window no larger than the image's {list(size)}", str(list(window)))
        return Geometry(1 + (length - rows) // down, 1 + (width - columns) // right, down, right, 0, 0, 0, 0)
    (places_down, top, bottom), (places_right, left, end) = _pad(length, rows, down), _pad(width, columns, right)
    return Geometry(places_down, places_right, down, right, top, left, bottom, end)


def _pad(length: int, extent: int, step: int) -> tuple[int, int, int]:
    """How many places a window has along an axis if it starts at every step; what is missing before and behind."""
    count = (length + step - 1) // step
    missing = max(0, extent + step * (count - 1) - length)
    return count, missing // 2, missing - missing // 2
