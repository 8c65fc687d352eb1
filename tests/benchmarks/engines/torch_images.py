"""PyTorch's convolutions and poolings, over images in either of its memory formats."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from reference.errors import require_pair
from tests.benchmarks.engines.prepared import Prepared


def images_of(array: Any, memory_format: Any) -> Any:
    """[N, H, W, C] as a tensor [N, C, H, W]."""
    return torch.tensor(array).permute(0, 3, 1, 2).contiguous(memory_format=memory_format)


def image_arrays(tensor: Any) -> Any:
    """[N, C, H, W] as an array [N, H, W, C]."""
    return np.array(tensor.detach().permute(0, 2, 3, 1).cpu())


def filters_of(array: Any, memory_format: Any) -> Any:
    """[KH, KW, C, F] as a tensor [F, C, KH, KW]."""
    return torch.tensor(array).permute(3, 2, 0, 1).contiguous(memory_format=memory_format)


def filter_arrays(tensor: Any) -> Any:
    """[F, C, KH, KW] as an array [KH, KW, C, F]."""
    return np.array(tensor.detach().permute(2, 3, 1, 0).cpu())


def around(images: Any, window: Any, strides: Any, padding: str) -> list[int]:
    """Cells of padding before and behind columns, then rows."""
    if padding == "valid":
        return [0, 0, 0, 0]
    cells = []
    for length, extent, step in zip(images.shape[:1:-1], window[::-1], strides[::-1], strict=True):
        missing = max((-(-length // step) - 1) * step + extent - length, 0)
        cells += [missing // 2, missing - missing // 2]
    return cells


def conv2d(
    memory_format: Any, images: Any, filters: Any, strides: Any = 1, padding: str = "valid", bias: Any = None
) -> Prepared:
    x, w, steps = images_of(images, memory_format), filters_of(filters, memory_format), require_pair("strides", strides)
    b = None if bias is None else torch.tensor(bias)
    left, right, top, bottom = cells = around(x, filters.shape[:2], steps, padding)
    if (left, top) == (right, bottom):
        return Prepared(partial(functional.conv2d, x, w, b, steps, (top, left)), image_arrays)
    return Prepared(lambda: functional.conv2d(functional.pad(x, cells), w, b, steps), image_arrays)


def convolutional_layer(activation: str, **given: Any) -> Prepared:
    function, (sums, laid_out) = getattr(torch, activation), conv2d(**given)
    return Prepared(lambda: function(sums()), laid_out)


def convolutional_layer_vjp(activation: str, bias: Any, cotangent: Any, **given: Any) -> Prepared:
    """Of relu, whose slope its outputs tell."""
    assert activation == "relu"
    sums, (back, laid_out) = conv2d(bias=bias, **given).call, convolution_back(bias=bias, **given)
    c = images_of(cotangent, given["memory_format"])
    return Prepared(lambda: back(torch.ops.aten.threshold_backward(c, torch.relu(sums()), 0)), laid_out)


def conv2d_vjp(cotangent: Any, **given: Any) -> Prepared:
    (back, laid_out), c = convolution_back(**given), images_of(cotangent, given["memory_format"])
    return Prepared(partial(back, c), laid_out)


def convolution_back(
    memory_format: Any, images: Any, filters: Any, strides: Any = 1, padding: str = "valid", bias: Any = None
) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """From a cotangent to the gradients, with the bias's if there is one; and from these to arrays.

    What is padded is cropped behind; PyTorch itself pads both sides alike.
    """
    x, w, steps = images_of(images, memory_format), filters_of(filters, memory_format), require_pair("strides", strides)
    sizes, wanted = (None, (True, True, False)) if bias is None else (list(bias.shape), (True, True, True))
    left, right, top, bottom = cells = around(x, filters.shape[:2], steps, padding)
    alike = (left, top) == (right, bottom)
    pads = [top, left] if alike else [0, 0]
    rows, columns = x.shape[2:]

    def back(c: Any) -> tuple[Any, ...]:
        whole = x if alike else functional.pad(x, cells)
        d_whole, *others = torch.ops.aten.convolution_backward(
            c, whole, w, sizes, steps, pads, (1, 1), False, (0, 0), 1, wanted
        )
        return d_whole if alike else d_whole[:, :, top : top + rows, left : left + columns], *others

    def laid_out(result: Any) -> tuple[Any, ...]:
        found = image_arrays(result[0]), filter_arrays(result[1])
        return found if bias is None else (*found, np.array(result[2].cpu()))

    return back, laid_out


def pool(
    function: Callable[..., Any], memory_format: Any, images: Any, pool_size: Any, strides: Any = None, **_: Any
) -> Prepared:
    """Without padding, as all poolings of the grid are."""
    return Prepared(partial(function, images_of(images, memory_format), pool_size, strides), image_arrays)


def max_pool2d_vjp(memory_format: Any, images: Any, cotangent: Any, pool_size: Any, strides: Any) -> Prepared:
    x, c = images_of(images, memory_format), images_of(cotangent, memory_format)
    size, steps = require_pair("pool_size", pool_size), require_pair("strides", strides)

    def call() -> Any:
        _, places = torch.ops.aten.max_pool2d_with_indices(x, size, steps)
        return torch.ops.aten.max_pool2d_with_indices_backward(c, x, size, steps, (0, 0), (1, 1), False, places)

    return Prepared(call, image_arrays)


def average_pool2d_vjp(memory_format: Any, images: Any, cotangent: Any, pool_size: Any, strides: Any) -> Prepared:
    x, c = images_of(images, memory_format), images_of(cotangent, memory_format)
    size, steps = require_pair("pool_size", pool_size), require_pair("strides", strides)
    call = partial(torch.ops.aten.avg_pool2d_backward, c, x, size, steps, (0, 0), False, True, None)
    return Prepared(call, image_arrays)


def convolutional_backpropagation(
    memory_format: Any,
    images: Any,
    filters: Any,
    filter_biases: Any,
    weights: Any,
    biases: Any,
    labels: Any,
    mask: Any,
    strides: Any,
    rate: float,
) -> Prepared:
    """The tape's gradients of everything that is learnt."""
    x, targets, kept = images_of(images, memory_format), torch.tensor(labels), torch.tensor(mask) / (1 - rate)
    groups = [
        [filters_of(array, memory_format).requires_grad_() for array in filters],
        *([torch.tensor(array).requires_grad_() for array in group] for group in (filter_biases, weights, biases)),
    ]
    those, terms, matrices, vectors = groups

    def call() -> Any:
        with torch.enable_grad():
            values = x
            for w, b, stride in zip(those, terms, strides, strict=True):
                padded = functional.pad(values, around(values, w.shape[2:], (stride, stride), "same"))
                values = torch.relu(functional.conv2d(padded, w, b, stride))
            # Rows of pixels, each with its channels: as the weights are laid out.
            values = values.permute(0, 2, 3, 1).flatten(1)
            for matrix, b in zip(matrices[:-1], vectors[:-1], strict=True):
                values = torch.relu(torch.addmm(b, values, matrix))
            loss = functional.cross_entropy(torch.addmm(vectors[-1], values * kept, matrices[-1]), targets)
        return loss.detach(), torch.autograd.grad(loss, [array for group in groups for array in group])

    def laid_out(result: Any) -> Any:
        loss, gradients = result[0].cpu().numpy(), iter(result[1])
        convert = (filter_arrays, *[lambda tensor: np.array(tensor.cpu())] * 3)
        grouped = (tuple(of(next(gradients)) for _ in group) for of, group in zip(convert, groups, strict=True))
        return (loss, *grouped)

    return Prepared(call, laid_out)


IMAGES: dict[str, Callable[..., Prepared]] = {
    "conv2d": conv2d,
    "conv2d_vjp": conv2d_vjp,
    "convolutional_layer": convolutional_layer,
    "convolutional_layer_vjp": convolutional_layer_vjp,
    "convolutional_backpropagation": convolutional_backpropagation,
    "max_pool2d": partial(pool, functional.max_pool2d),
    "max_pool2d_vjp": max_pool2d_vjp,
    "average_pool2d": partial(pool, functional.avg_pool2d),
    "average_pool2d_vjp": average_pool2d_vjp,
}
