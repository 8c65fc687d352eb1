"""Windows that slide over images, for convolution and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from conformance.implementations.numpy.arguments import Array, Pair
from reference.errors import InvalidArgument, require_choice, require_pair


class Windows(NamedTuple):
    """Where a sliding window stands: how many cells of padding are before and behind an image, how many places."""

    padding: tuple[Pair, Pair]
    outputs: Pair
    strides: Pair


def place_windows(argument: str, size: Pair, window: Pair, strides: Any, padding: Any) -> Windows:
    """Where a window stands on an image; "same" pads until there are ⌈size/stride⌉ places, the odd cell behind."""
    steps = require_pair("strides", strides)
    same = require_choice("padding", padding, ("valid", "same")) == "same"
    places, pads = [], []
    for length, extent, step in zip(size, window, steps, strict=True):
        if not same and extent > length:
            raise InvalidArgument(argument, f"a window no larger than the image's {list(size)}", str(list(window)))
        count = -(-length // step) if same else 1 + (length - extent) // step
        missing = max(0, (count - 1) * step + extent - length) if same else 0
        places.append(count)
        pads.append((missing // 2, missing - missing // 2))
    return Windows((pads[0], pads[1]), (places[0], places[1]), steps)


def pad(images: Array, where: Windows, value: float) -> Array:
    return np.pad(images, ((0, 0), *where.padding, (0, 0)), constant_values=value)


def crop(padded: Array, where: Windows) -> Array:
    (top, bottom), (left, right) = where.padding
    return padded[:, top : padded.shape[1] - bottom, left : padded.shape[2] - right]


def window_view(padded: Array, size: Sequence[int], where: Windows) -> Array:
    """Every window of padded images: [N, OH, OW, C, window rows, window columns]."""
    rows, columns = where.strides
    return sliding_window_view(padded, tuple(size), axis=(1, 2))[:, ::rows, ::columns]


def reached(cell: Sequence[int], where: Windows) -> tuple[slice, ...]:
    """The pixels of padded images that lie under one cell of the window, at each of its places."""
    steps = zip(cell, where.outputs, where.strides, strict=True)
    return slice(None), *(slice(start, start + count * step, step) for start, count, step in steps)
