"""Convolutions by Winograd's tiles, and by Fourier transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.convolution import require_convolution
from conformance.implementations.numpy.windows import pad
from reference import alternatives
from tests.conformance.claims.ways import computes, telling, wrong


def _pixels(d: Array, axis: int) -> Array:
    a, b, c, e = np.moveaxis(d, axis, 0)
    return np.stack([a - c, b + c, c - b, b - e], axis)


def _taps(g: Array, axis: int) -> Array:
    a, b, c = np.moveaxis(g, axis, 0)
    half = g.dtype.type(0.5)
    return np.stack([a, half * (a + b + c), half * (a - b + c), c], axis)


def _outputs(m: Array, axis: int) -> Array:
    a, b, c, e = np.moveaxis(m, axis, 0)
    return np.stack([a + b + c, b - c - e], axis)


def _outputs_with_a_wrong_sign(m: Array, axis: int) -> Array:
    a, b, c, e = np.moveaxis(m, axis, 0)
    return np.stack([a + b + c, b - c + e], axis)


def _winograd(
    images: Array,
    filters: Array,
    how: dict[str, Any],
    rounded: Callable[[Array], Array] = lambda values: values,
    outputs: Callable[[Array, int], Array] = _outputs,
    spoil: Callable[[Array, tuple[int, int]], None] = lambda tiles, sizes: None,
) -> Array:
    """All tiles at once: [N, tile rows, tile columns, F, 2, 2], after `spoil` has had its way with them."""
    where = require_convolution(images, filters, how.get("strides", 1), how.get("padding", "valid"))
    if filters.shape[:2] != (3, 3) or where.strides != (1, 1):
        return base.conv2d(images, filters, **how)
    rows, columns = where.outputs
    odd = ((0, 0), (0, rows % 2), (0, columns % 2), (0, 0))
    windows = sliding_window_view(np.pad(pad(images, where, 0), odd), (4, 4), axis=(1, 2))[:, ::2, ::2]
    values, weights = _pixels(_pixels(windows, -1), -2), _taps(_taps(filters, 0), 1)
    products = np.einsum("nijcab,abcf->nijfab", rounded(values), rounded(weights))
    tiles = outputs(_outputs(products, -2), -1)
    spoil(tiles, (rows, columns))
    whole = tiles.transpose(0, 1, 4, 2, 5, 3).reshape(len(images), 2 * tiles.shape[1], 2 * tiles.shape[2], -1)
    return np.ascontiguousarray(whole[:, :rows, :columns])


@computes("conv2d", alternatives.winograd_conv2d)
def winograd(images: Array, filters: Array, **how: Any) -> Array:
    return _winograd(images, filters, how)


@wrong
def winograd_with_a_wrong_sign(images: Array, filters: Array, **how: Any) -> Array:
    """The last transform adds what it should subtract."""
    return _winograd(images, filters, how, outputs=_outputs_with_a_wrong_sign)


@wrong
def winograd_with_a_wrong_sign_at_an_odd_tail(images: Array, filters: Array, **how: Any) -> Array:
    """Where the number of rows is odd, the last row of tiles has the second column's sign wrong."""

    def spoil(tiles: Array, sizes: tuple[int, int]) -> None:
        if sizes[0] % 2:
            tiles[:, -1, :, :, :, 1] *= -1

    return _winograd(images, filters, how, spoil=spoil)


@wrong
def winograd_without_its_last_tile(images: Array, filters: Array, **how: Any) -> Array:
    """Where both sizes are odd, the tile in the corner is never written."""

    def spoil(tiles: Array, sizes: tuple[int, int]) -> None:
        if sizes[0] % 2 and sizes[1] % 2:
            tiles[:, -1, -1] = 0

    return _winograd(images, filters, how, spoil=spoil)


@telling
def a_large_pixel_under_a_tap_that_is_zero(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    images, filters = np.full((1, 4, 4, 1), 0.1, dtype), np.full((3, 3, 1, 1), 0.1, dtype)
    images[0, 2, 2], filters[2, 2] = 1e6, 0
    return winograd, [images, filters]


def winograd_with_short_products(images: Array, filters: Array, **how: Any) -> Array:
    """What is multiplied is rounded to half the bits first."""

    def short(values: Array) -> Array:
        scale = values.dtype.type(2.0 ** (12 if values.dtype == np.float32 else 27) + 1)
        return (values * scale) - (values * scale - values)  # Veltkamp's splitting: the upper half

    return _winograd(images, filters, how, rounded=short)


def _fourier(x: Array, sign: int) -> Array:
    """Along the last axis, by halves; a quarter of a turn multiplies nothing, lest 0·∞ come in."""
    count = x.shape[-1]
    if count == 1:
        return x
    even, odd = _fourier(x[..., ::2], sign), _fourier(x[..., 1::2], sign)
    roots = np.exp(sign * 2j * np.pi * np.arange(count // 2) / count).astype(x.dtype)
    turned = odd * roots
    turned[..., 0] = odd[..., 0]
    if count >= 4:
        turned.real[..., count // 4] = -sign * odd.imag[..., count // 4]
        turned.imag[..., count // 4] = sign * odd.real[..., count // 4]
    return np.concatenate([even + turned, even - turned], axis=-1)


def _fourier_both_ways(x: Array, sign: int) -> Array:
    return np.swapaxes(_fourier(np.swapaxes(_fourier(x, sign), -1, -2), sign), -1, -2)


def _fft(images: Array, filters: Array, how: dict[str, Any], flip: bool = False, wrap: bool = False) -> Array:
    where = require_convolution(images, filters, how.get("strides", 1), how.get("padding", "valid"))
    padded = pad(images, where, 0)
    reach = images.shape[1:3] if wrap else padded.shape[1:3]
    size = [1 << (length - 1).bit_length() for length in reach]
    kind = np.complex64 if images.dtype == np.float32 else np.complex128
    planes = padded.transpose(0, 3, 1, 2), filters.transpose(2, 3, 0, 1)
    spectra = [_fourier_both_ways(_wrapped(plane.astype(kind), size), -1) for plane in planes]
    products = np.einsum("ncab,cfab->nfab", spectra[0], spectra[1] if flip else spectra[1].conj())
    whole = (_fourier_both_ways(products, 1).real / images.dtype.type(size[0] * size[1])).transpose(0, 2, 3, 1)
    axes = zip(where.outputs, where.strides, size, strict=True)
    starts = [np.arange(count) * step % length for count, step, length in axes]
    return np.ascontiguousarray(whole[:, starts[0]][:, :, starts[1]])


def _wrapped(values: Array, size: list[int]) -> Array:
    """Planes in planes of another size; what is beyond comes in again on the other side."""
    planes = np.zeros((*values.shape[:2], *size), values.dtype)
    for row, column in np.ndindex(values.shape[2:]):
        planes[:, :, row % size[0], column % size[1]] += values[:, :, row, column]
    return planes


@computes("conv2d", alternatives.fft_conv2d, cases=40)
def fft(images: Array, filters: Array, **how: Any) -> Array:
    return _fft(images, filters, how)


@wrong
def fft_that_flips(images: Array, filters: Array, **how: Any) -> Array:
    """A true convolution: the filter's spectrum isn't conjugated."""
    return _fft(images, filters, how, flip=True)


@wrong
def fft_that_wraps_around(images: Array, filters: Array, **how: Any) -> Array:
    """The transforms have no room for the padding: what is beyond comes in again on the other side."""
    return _fft(images, filters, how, wrap=True)


@telling
def a_large_pixel_elsewhere(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    images = np.full((1, 8, 8, 1), 0.1, dtype)
    images[0, 7, 7] = 1e6
    return fft, [images, np.full((2, 2, 1, 1), 0.1, dtype)]
