"""Architectures as texts: the slides' pattern of a network, with the sizes that it leaves open.

`INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC` says which layers may follow each other, for any N ≥ 1,
M ≥ 0 and K ≥ 0. Every network of the decks is one of these, and is written here as

    INPUT(28x28x1)                images of 28 rows and 28 columns with 1 channel; INPUT(784): 784 features
    CONV(3x3x12)                  12 filters of 3 rows and 3 columns, and as many biases
    CONV(3x3x12, stride 2, same)  the step between windows, 1 when not said (2x1: 2 rows, 1 column); the padding,
                                  "valid" when not said
    RELU                          the activation function
    POOL(2x2)                     max pooling over windows of 2 rows and 2 columns; `stride`, the window's size when
                                  not said, and `same` as above
    FC(200)                       a dense layer of 200 units; an image before it is flattened
    [CONV(3x3x12) -> RELU]*2      twice what is in the brackets, which may hold brackets, too

A text has no arrays, nothing is rounded, and nobody's library reads this notation: implementations aren't held to this
room, only to the layers that it speaks of.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from reference.convolution import slide
from reference.errors import InvalidArgument
from reference.notation import Architecture, Layer, complain, read

__all__ = [
    "Architecture",
    "LayerTable",
    "count_hidden_layers",
    "expand_architecture",
    "layer_shapes",
    "layer_table",
    "parse_architecture",
    "weight_shapes",
]


class LayerTable(NamedTuple):
    """What `layer_table` returns: a column for each property, a row for each layer. Prints as a table with totals."""

    layers: list[str]
    shapes: list[list[int]]
    weights: list[int]
    biases: list[int]

    def __str__(self) -> str:
        def row(layer: str, shape: str, *counts: object) -> str:
            return f"{layer:<34}{shape:<16}" + "".join(f"{count:>12}" for count in counts)

        columns = zip(*self, strict=True)
        rows = [row(layer, " x ".join(map(str, shape)), f"{w:,}", f"{b:,}") for layer, shape, w, b in columns]
        totals = row("in all", "", f"{sum(self.weights):,}", f"{sum(self.biases):,}")
        return "\n".join([row("layer", "output", "weights", "biases"), *rows, totals])


def parse_architecture(text: str) -> Architecture:
    """Read the text of an architecture, or point at the first place where it isn't one.

    Why: a network can be told in one line, and a line can be checked.

    Formula:
        architecture = part (-> part)*;  part = layer | [part (-> part)*]*count;  what it expands to keeps the pattern.
        Blocks that differ are written one after the other: with M of 1 and more, N of 1 and a POOL that may be missing,
        the pattern allows any number of CONV -> RELU between two POOLs.

    Args:
        text: as this module's documentation says; spaces and line breaks don't matter.

    Returns:
        Architecture, which prints as the text that says the same in the fewest words.

    Raises:
        InvalidArgument: at a character, name, size or order of layers that can't be, with the line and the column.

    Source:
        goldsborough-deep, "Convolutional Neural Network: Architecture"; ruppert-ml2, "Layers".

    >>> print(parse_architecture("INPUT(32x32x3)->[CONV(3x3x8,stride 1)->RELU]*2->POOL(2x2,stride 2)->FC(10)"))
    INPUT(32x32x3) -> [CONV(3x3x8) -> RELU]*2 -> POOL(2x2) -> FC(10)
    >>> parse_architecture("INPUT(784) -> FC(60) -> FC(10)")
    Traceback (most recent call last):
        ...
    reference.errors.InvalidArgument: architecture: wanted RELU or the end after FC; got FC in line 1, column 25:
        INPUT(784) -> FC(60) -> FC(10)
                                ^
    """
    return read(text)


def expand_architecture(architecture: str | Architecture) -> Architecture:
    """Write out all repetitions: the same network as a chain of layers, one after the other.

    Why: brackets and counts are for people; what is computed is the chain.

    Formula:
        [part]*3 ↦ part -> part -> part;  [part]*0 ↦ nothing

    Args:
        architecture: a text, or what `parse_architecture` returns.

    Returns:
        Architecture without brackets.

    Raises:
        InvalidArgument: as `parse_architecture`.

    Source:
        goldsborough-deep, "Convolutional Neural Network: Architecture".

    >>> print(expand_architecture("INPUT(2) -> [FC(3) -> RELU]*2 -> FC(2)"))
    INPUT(2) -> FC(3) -> RELU -> FC(3) -> RELU -> FC(2)
    """
    parsed = read(architecture)
    return Architecture(tuple(parsed.layers()), parsed.text)


def layer_shapes(architecture: str | Architecture) -> tuple[list[int], ...]:
    """The shape of what each layer puts out for one example, the input's first.

    Why: whether layers fit each other is decided before any number is known.

    Formula:
        CONV and POOL: [OH, OW, F] and [OH, OW, C] as in `conv2d` and `max_pool2d`; FC: [units]; RELU: as before it

    Args:
        architecture: a text, or what `parse_architecture` returns.

    Returns:
        A list of lengths for each layer of the expanded architecture: [H, W, C] or [D].

    Raises:
        InvalidArgument: as `parse_architecture`; at a CONV or POOL whose window is larger than its image, or which
            has none.

    Source:
        ruppert-ml2, "CNN", "Convolutional Neural Network" and "Keras"; goldsborough-deep, "Convolutional Neural
        Network: Architecture".

    >>> layer_shapes("INPUT(28x28x1) -> CONV(6x6x24, stride 2, same) -> RELU -> POOL(2x2) -> FC(10)")
    ([28, 28, 1], [14, 14, 24], [14, 14, 24], [7, 7, 24], [10])
    """
    return tuple(shape for _, shape, _ in _trace(read(architecture)))


def weight_shapes(architecture: str | Architecture) -> tuple[list[int], ...]:
    """The shape of the weights of each layer that has some. Its biases are one vector, as long as the last axis.

    Why: what has to be stored, drawn at random, and learnt.

    Formula:
        CONV: [KH, KW, C, F]; FC: [D, units], where an image [H, W, C] has D = H·W·C features

    Args:
        architecture: a text, or what `parse_architecture` returns.

    Returns:
        A list of lengths for each CONV and FC of the expanded architecture.

    Raises:
        InvalidArgument: as `layer_shapes`.

    Source:
        ruppert-ml2, "CNN", "Dense Layer Classifier" and "PyTorch".

    >>> weight_shapes("INPUT(28x28x1) -> CONV(3x3x12, same) -> RELU -> FC(10)")
    ([3, 3, 1, 12], [9408, 10])
    """
    return tuple(weights for _, _, weights in _trace(read(architecture)) if weights)


def layer_table(architecture: str | Architecture) -> LayerTable:
    """Every layer with its output's shape and how many weights and biases it has.

    Why: where the weights of a network are. For images, nearly all are in the first dense layer.

    Formula:
        weights: the product of `weight_shapes`; biases: its last axis; 0 of both for INPUT, RELU and POOL

    Args:
        architecture: a text, or what `parse_architecture` returns.

    Returns:
        LayerTable(layers: texts, shapes: lists of lengths, weights: counts, biases: counts).

    Raises:
        InvalidArgument: as `layer_shapes`.

    Source:
        goldsborough-deep, "Convolutional Neural Networks": 100 × 120,000 = 12,000,000 weights.

    >>> print(layer_table("INPUT(200x200x3) -> [FC(100) -> RELU]*1 -> FC(100)"))
    layer                             output               weights      biases
    INPUT(200x200x3)                  200 x 200 x 3              0           0
    FC(100)                           100               12,000,000         100
    RELU                              100                        0           0
    FC(100)                           100                   10,000         100
    in all                                              12,010,000         200
    """
    rows = list(_trace(read(architecture)))
    return LayerTable(
        layers=[str(layer) for layer, _, _ in rows],
        shapes=[shape for _, shape, _ in rows],
        weights=[math.prod(weights) if weights else 0 for _, _, weights in rows],
        biases=[weights[-1] if weights else 0 for _, _, weights in rows],
    )


def count_hidden_layers(architecture: str | Architecture) -> int:
    """How many layers with weights a network has beside its last one.

    Why: a network is called deep if it has more than one.

    Formula:
        𝓛 = the number of CONV and FC in the expanded architecture, less the last FC

    Args:
        architecture: a text, or what `parse_architecture` returns.

    Returns:
        A number ≥ 0.

    Raises:
        InvalidArgument: as `parse_architecture`.

    Source:
        goldsborough-deep, "Basic Definition": deep if 𝓛 > 1; ruppert-ml2, "Deep Neural Network".

    >>> [count_hidden_layers(f"INPUT(784) -> [FC(60) -> RELU]*{k} -> FC(10)") for k in (0, 1, 4)]
    [0, 1, 4]
    """
    return sum(layer.kind in ("CONV", "FC") for layer in read(architecture).layers()) - 1


def _trace(architecture: Architecture) -> Iterator[tuple[Layer, list[int], list[int]]]:
    """Each layer with its output's shape and its weights' shape, which is empty if it has none."""
    shape: list[int] = []
    for layer in architecture.layers():
        weights: list[int] = []
        if layer.kind == "INPUT":
            shape = list(layer.size)
        elif layer.kind == "FC":
            weights = [math.prod(shape), *layer.size]
            shape = list(layer.size)
        elif layer.kind != "RELU":
            rows, columns, *filters = layer.size
            weights = [rows, columns, shape[-1], *filters] if filters else []
            shape = [*_places(architecture, layer, shape), *(filters or shape[-1:])]
        yield layer, shape, weights


def _places(architecture: Architecture, layer: Layer, shape: list[int]) -> tuple[int, int]:
    """On how many rows and columns a layer's window stands, on an image of some shape."""
    if len(shape) != 3:
        complain(architecture.text, layer.place, f"an image before {layer.kind}", f"{shape[0]} features")
    try:
        window = layer.size[0], layer.size[1]
        return slide("window", (shape[0], shape[1]), window, layer.strides, layer.padding).outputs
    except InvalidArgument as error:
        complain(architecture.text, layer.place, error.wanted, str(error.got))
