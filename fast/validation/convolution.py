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
    require_like("filters", filters, wanted, images.dtype, f"for images with {channels} channels")
    return slide("filters", (rows, columns), (kernel_rows, kernel_columns), strides, padding)


def slide(argument: str, size: tuple[int, int], window: tuple[int, int], strides: Any, padding: Any) -> Geometry:
    """Where a window of some size stands on an image of some size, or what is wrong with the request."""
    steps = require_pair("strides", strides)
    same = require_choice("padding", padding, ("valid", "same")) == "same"
    if not same and (window[0] > size[0] or window[1] > size[1]):
        raise InvalidArgument(argument, f"a window no larger than the image's {list(size)}", str(list(window)))
    places, before, after = [], [], []
    for length, extent, step in zip(size, window, steps, strict=True):
        count = (length + step - 1) // step if same else 1 + (length - extent) // step
        missing = max(0, extent + step * (count - 1) - length) if same else 0
        places.append(count)
        before.append(missing // 2)
        after.append(missing - missing // 2)
    return Geometry(*places, *steps, *before, *after)
