"""Which shapes an operation of a graph takes and gives: known before anything is computed, from the shapes alone.

A rule is written as the axes are in a docstring, "N D, D K, K -> N K": equal names are equal lengths, and "..." stands
for any further axes. What a formula must say, such as the places of a sliding window, a function adds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reference.convolution import slide
from reference.errors import InvalidArgument, require_pair, require_positive_integer

Shape = tuple[int, ...]
#: From an operation's argument names, its inputs' shapes and its attributes: its outputs' shapes.
ShapeRule = Callable[[Sequence[str], Sequence[Shape], Mapping[str, Any]], tuple[Shape, ...]]
#: Further lengths, by the name of the axis: from those of the inputs, and the attributes.
Extents = Callable[[Mapping[str, int], Mapping[str, Any]], Mapping[str, int]]

ANY = "..."


def axes(text: str, extents: Extents | None = None) -> ShapeRule:
    """The rule that a text such as "N D, D K, K -> N K" says."""
    wanted, given = ([part.split() for part in side.split(",")] for side in text.split("->"))

    def rule(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
        require_count(names, shapes)
        lengths: dict[str, int] = {}
        further: Shape | None = None
        for name, of_input, shape in zip(names, wanted, shapes, strict=True):
            further = _match(name, of_input, shape, lengths, further)
        if extents is not None:
            lengths.update(extents(lengths, attributes))
        return tuple(_shape_of(of_output, lengths, further or ()) for of_output in given)

    return rule


def require_count(names: Sequence[str], shapes: Sequence[Shape]) -> None:
    """Say that an operation has too many inputs, or too few."""
    if len(names) != len(shapes):
        raise InvalidArgument("inputs", f"{len(names)} of them ({', '.join(names)})", str(len(shapes)))


def _match(name: str, wanted: list[str], shape: Shape, lengths: dict[str, int], further: Shape | None) -> Shape | None:
    """Note the lengths of a shape's axes, or say which doesn't fit; return what "..." stands for."""
    told = ", ".join(wanted)
    named = [axis for axis in wanted if axis != ANY]
    extra = len(shape) - len(named)
    if extra < 0 or (extra and ANY not in wanted):
        raise InvalidArgument(name, f"shape [{told}]", f"shape {list(shape)}")
    if ANY in wanted:
        if further is not None and shape[:extra] != further:
            raise InvalidArgument(name, f"shape [{told}] with {list(further)} first", f"shape {list(shape)}")
        further = shape[:extra]
    for axis, length in zip(named, shape[extra:], strict=True):
        if lengths.setdefault(axis, length) != length:
            raise InvalidArgument(name, f"shape [{told}] with {axis} = {lengths[axis]}", f"shape {list(shape)}")
    return further


def _shape_of(given: list[str], lengths: Mapping[str, int], further: Shape) -> Shape:
    return tuple(length for axis in given for length in (further if axis == ANY else (lengths[axis],)))


def places_of_filters(lengths: Mapping[str, int], attributes: Mapping[str, Any]) -> dict[str, int]:
    """Where a convolution's filters stand: OH and OW from H, W, KH, KW, the strides and the padding."""
    size, window = (lengths["H"], lengths["W"]), (lengths["KH"], lengths["KW"])
    geometry = slide("filters", size, window, attributes.get("strides", 1), attributes.get("padding", "valid"))
    return {"OH": geometry.outputs[0], "OW": geometry.outputs[1]}


def places_of_windows(lengths: Mapping[str, int], attributes: Mapping[str, Any]) -> dict[str, int]:
    """Where a pooling's windows stand: OH and OW from H, W, the pool size, the strides and the padding."""
    window = require_pair("pool_size", attributes.get("pool_size", 2))
    strides, size = attributes.get("strides"), (lengths["H"], lengths["W"])
    steps = window if strides is None else strides
    geometry = slide("pool_size", size, window, steps, attributes.get("padding", "valid"))
    return {"OH": geometry.outputs[0], "OW": geometry.outputs[1]}


def spread(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    """Of arrays of one shape, among which numbers may stand: that shape."""
    require_count(names, shapes)
    of_arrays = [shape for shape in shapes if shape]
    for name, shape in zip(names, shapes, strict=True):
        if shape and shape != of_arrays[0]:
            raise InvalidArgument(name, f"shape {list(of_arrays[0])} as before, or a number", f"shape {list(shape)}")
    return (of_arrays[0] if of_arrays else (),)


def to_number(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    """Of anything, a number."""
    require_count(names, shapes)
    return ((),)


def to_attribute(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    """Of a number, what the attribute `shape` says."""
    require_count(names, shapes)
    if shapes[0]:
        raise InvalidArgument(names[0], "a number", f"shape {list(shapes[0])}")
    return (require_lengths(attributes.get("shape")),)


def reshaped(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    """What the attribute `shape` says, for as many numbers as there are."""
    require_count(names, shapes)
    shape = require_lengths(attributes.get("shape"))
    if math.prod(shapes[0]) != math.prod(shape):
        raise InvalidArgument("shape", f"a shape of {math.prod(shapes[0])} numbers", repr(shape))
    return (shape,)


def flattened(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    """Of an array, one axis of as many numbers."""
    require_count(names, shapes)
    if not shapes[0]:
        raise InvalidArgument(names[0], "an array", "a number")
    return ((math.prod(shapes[0]),),)


def to_numbers(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    """Of an array, an output for each of its numbers."""
    require_count(names, shapes)
    return ((),) * math.prod(shapes[0])


def from_numbers(names: Sequence[str], shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    """Of as many numbers, an array of the shape that the attribute says."""
    shape = require_lengths(attributes.get("shape"))
    if len(shapes) != math.prod(shape) or any(shapes):
        raise InvalidArgument("inputs", f"{math.prod(shape)} numbers for shape {list(shape)}", f"{len(shapes)} inputs")
    return (shape,)


def require_lengths(shape: object) -> Shape:
    """Return a shape as a tuple, or say what is wrong with it."""
    if not isinstance(shape, Sequence) or isinstance(shape, str):
        raise InvalidArgument("shape", "a tuple of positive integers", repr(shape))
    return tuple(require_positive_integer("shape", length) for length in shape)
