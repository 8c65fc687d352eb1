"""Convolution by other ways than the definition: fewer products, paid for with sums, and with larger errors."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod

from reference.arrays import Array, Number, total, transpose, zeros
from reference.convolution import conv2d, pad, require_convolution, window_starts
from reference.elementary import sqrt

__all__ = ["fft_conv2d", "winograd_conv2d"]


#: Outputs and taps of a tile along each axis: F(2×2, 3×3).
OUTPUTS, TAPS = 2, 3
TILE = OUTPUTS + TAPS - 1


def winograd_conv2d(
    images: Array, filters: Array, *, strides: int | tuple[int, int] = 1, padding: str = "valid"
) -> Array:
    """`conv2d` by Winograd's F(2×2, 3×3), for filters of 3×3 at stride 1; for others the definition.

    Why: of every 36 products of the definition 16 are left, in each tile of 4×4 pixels that gives 2×2 outputs. Two
    polynomials are multiplied by their values at 0, 1, -1 and ∞ rather than by their coefficients. Sums and differences
    of pixels of unlike size cancel, so an output may be off by a part of its window's largest pixel, even where that
    lies under a weight of 0.

    Formula:
        Y = Aᵀ·(Σ over channels of (G·g·Gᵀ) ⊙ (Bᵀ·d·B))·A for each tile d [4, 4] and filter g [3, 3], with
        Bᵀx = (x₀ - x₂, x₁ + x₂, x₂ - x₁, x₁ - x₃), Gx = (x₀, (x₀ + x₁ + x₂)/2, (x₀ - x₁ + x₂)/2, x₂) and
        Aᵀx = (x₀ + x₁ + x₂, x₁ - x₂ - x₃)

    Args:
        images: [N, H, W, C].
        filters: [KH, KW, C, F].
        strides: as in `conv2d`.
        padding: as in `conv2d`.

    Returns:
        [N, OH, OW, F].

    Raises:
        InvalidArgument: as `conv2d`.

    Source:
        Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, section 4.1.

    >>> from reference import flatten, reshape
    >>> image, kernel = reshape(list(range(16)), (1, 4, 4, 1)), reshape(list(range(9)), (3, 3, 1, 1))
    >>> flatten(winograd_conv2d(image, kernel)) == flatten(conv2d(image, kernel))
    True
    """
    geometry, filters_count = require_convolution(images, filters, strides, padding)
    if (len(filters), len(filters[0]), *geometry.strides) != (TAPS, TAPS, 1, 1):
        return conv2d(images, filters, strides=strides, padding=padding)
    transformed = [[_both_ways(_transform_taps, plane) for plane in _planes(filters, f)] for f in range(filters_count)]
    rows, columns = geometry.outputs
    outputs: Array = zeros((len(images), rows, columns, filters_count))
    for n, image in enumerate(pad(image, geometry) for image in images):
        for top in range(0, rows, OUTPUTS):
            for left in range(0, columns, OUTPUTS):
                pixels = [_both_ways(_transform_pixels, tile) for tile in _tiles(image, top, left)]
                for f, taps in enumerate(transformed):
                    for i, row in enumerate(_both_ways(_transform_products, _products(pixels, taps))):
                        for j, output in enumerate(row):
                            # Where the number of outputs is odd, the last tile reaches beyond the image.
                            if top + i < rows and left + j < columns:
                                outputs[n][top + i][left + j][f] = output
    return outputs


def fft_conv2d(images: Array, filters: Array, *, strides: int | tuple[int, int] = 1, padding: str = "valid") -> Array:
    """`conv2d` by fast Fourier transforms of images and filters.

    Why: sliding becomes multiplying place by place, so large filters cost no more than small ones. Every output is made
    of every pixel, and so is its error: of the size of the largest one, not of those under the filter. From transforms
    of 8 numbers on that is so for integers too, since roots of unity are irrational.

    Formula:
        Y = F⁻¹(Σ over channels of F(image)·conj(F(filter))), both padded with zeros to powers of two, where
        F(x)[k] = Σⱼ x[j]·e^(-2πi·jk/n) along rows and columns, computed by halves (radix 2)

    Args:
        images: [N, H, W, C].
        filters: [KH, KW, C, F].
        strides: as in `conv2d`; what is skipped is computed and dropped.
        padding: as in `conv2d`.

    Returns:
        [N, OH, OW, F].

    Raises:
        InvalidArgument: as `conv2d`.

    Source:
        Cooley and Tukey, An Algorithm for the Machine Calculation of Complex Fourier Series; Higham, Accuracy and
        Stability of Numerical Algorithms, chapter 24.

    >>> image, kernel = [[[[1.0], [2.0]], [[3.0], [4.0]]]], [[[[10.0]]]]
    >>> fft_conv2d(image, kernel)
    [[[[10.0], [20.0]], [[30.0], [40.0]]]]
    """
    geometry, filters_count = require_convolution(images, filters, strides, padding)
    one = 0 * filters[0][0][0][0] + 1  # a number of the filters' kind, which has a square root
    size = [_power_of_two(length) for length in geometry.padded]
    spectra = [[_spectrum(plane, size, one) for plane in _planes(filters, f)] for f in range(filters_count)]
    outputs: Array = zeros((len(images), *geometry.outputs, filters_count))
    for n, image in enumerate(pad(image, geometry) for image in images):
        pixels = [_spectrum([[cell[c] for cell in row] for row in image], size, one) for c in range(len(filters[0][0]))]
        for f, taps in enumerate(spectra):
            whole = _transform_both_ways(_matched(pixels, taps), one, inverse=True)
            for i, top in enumerate(window_starts(geometry, 0)):
                for j, left in enumerate(window_starts(geometry, 1)):
                    outputs[n][i][j][f] = whole[top][left][0] / prod(size)
    return outputs


def _planes(filters: Array, f: int) -> Array:
    """One filter, channel by channel: [C, KH, KW]."""
    return [[[taps[c][f] for taps in row] for row in filters] for c in range(len(filters[0][0]))]


def _tiles(image: Array, top: int, left: int) -> Array:
    """The pixels of a padded image under one tile, channel by channel: [C, 4, 4], with zeros beyond the image."""
    cells: Array = zeros((TILE, TILE, len(image[0][0])))
    for i, row in enumerate(image[top : top + TILE]):
        for j, pixel in enumerate(row[left : left + TILE]):
            cells[i][j] = pixel
    return [[[cell[c] for cell in row] for row in cells] for c in range(len(image[0][0]))]


def _products(pixels: Array, taps: Array) -> Array:
    """The only products of values with weights: place by place, summed over the channels."""
    return [
        [total(x[i][j] * w[i][j] for x, w in zip(pixels, taps, strict=True)) for j in range(TILE)] for i in range(TILE)
    ]


def _both_ways(transform: Callable[..., list[Number]], matrix: Array) -> Array:
    """A transform of every column, then of every row."""
    half = transpose([transform(*column) for column in transpose(matrix)])
    return [transform(*row) for row in half]


def _transform_pixels(a: Number, b: Number, c: Number, d: Number) -> list[Number]:
    return [a - c, b + c, c - b, b - d]


def _transform_taps(a: Number, b: Number, c: Number) -> list[Number]:
    return [a, (a + b + c) / 2, (a - b + c) / 2, c]


def _transform_products(a: Number, b: Number, c: Number, d: Number) -> list[Number]:
    return [a + b + c, b - c - d]


def _power_of_two(length: int) -> int:
    """The smallest one that is no less."""
    return 1 if length == 1 else 2 * _power_of_two((length + 1) // 2)


def _spectrum(plane: Array, size: list[int], one: Number) -> Array:
    """The transform of a plane of numbers, padded with zeros: pairs of real and imaginary parts."""
    rows = [[(value, 0) for value in row] + [(0, 0)] * (size[1] - len(row)) for row in plane]
    return _transform_both_ways(rows + [[(0, 0)] * size[1]] * (size[0] - len(rows)), one)


def _matched(pixels: Array, taps: Array) -> Array:
    """Σ over the channels of x·conj(w), place by place."""
    return [
        [
            (
                total(part for (a, b), (c, d) in zip(xs, ws, strict=True) for part in (a * c, b * d)),
                total(part for (a, b), (c, d) in zip(xs, ws, strict=True) for part in (b * c, -(a * d))),
            )
            for xs, ws in zip(zip(*of_x, strict=True), zip(*of_w, strict=True), strict=True)
        ]
        for of_x, of_w in zip(zip(*pixels, strict=True), zip(*taps, strict=True), strict=True)
    ]


def _transform_both_ways(matrix: Array, one: Number, inverse: bool = False) -> Array:
    across, down = (_roots(length, one, inverse) for length in (len(matrix[0]), len(matrix)))
    rows = [_transform(row, across) for row in matrix]
    return transpose([_transform(column, down) for column in transpose(rows)])


def _roots(count: int, one: Number, inverse: bool) -> Array:
    """The first half of the roots of unity, e^(-2πi·k/count), or with the other sign."""
    turns = [Fraction(k, count) for k in range(count // 2)]
    return [(_cosine(t, one), _cosine(t + Fraction(-1 if inverse else 1, 4), one)) for t in turns]


def _cosine(turns: Fraction, one: Number) -> Number:
    """The cosine of a part of a full turn, a power of two, by halving: 2·cos²(x/2) = 1 + cos x."""
    turns = min(turns % 1, -turns % 1)
    if turns in (0, Fraction(1, 4), Fraction(1, 2)):
        return 1 - int(4 * turns)
    size = sqrt((one + _cosine(2 * turns, one)) / 2)
    return size if turns < Fraction(1, 4) else -size


def _transform(values: Array, roots: Array) -> Array:
    """The discrete Fourier transform of 2ᵏ values: that of the even ones and that of the odd ones, turned."""
    if len(values) == 1:
        return values
    even, odd = (_transform(values[first::2], roots[::2]) for first in (0, 1))
    turned = [_turn(z, root, Fraction(k, len(values))) for k, (z, root) in enumerate(zip(odd, roots, strict=True))]
    return [(a + c, b + d) for (a, b), (c, d) in zip(even, turned, strict=True)] + [
        (a - c, b - d) for (a, b), (c, d) in zip(even, turned, strict=True)
    ]


def _turn(z: tuple[Number, Number], root: tuple[Number, Number], turns: Fraction) -> tuple[Number, Number]:
    """A complex number turned about 0 by a root of unity; for no turn and for a quarter nothing is multiplied."""
    (a, b), (c, s) = z, root
    if turns == 0:
        return z
    if turns == Fraction(1, 4):
        return (-b, a) if s > 0 else (b, -a)
    return c * a - s * b, s * a + c * b
