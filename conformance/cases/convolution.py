"""Drawing convolutions, and their laws."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact, total_of
from reference.convolution import slide


@case
def conv2d(draw: Draw) -> dict[str, Any]:
    padding = draw.choice("valid", "same")
    batch, rows, columns, channels = draw.sizes(2, 5, 5, 2)
    kernel_rows, kernel_columns, filters = draw.sizes(3, 3, 2, long=20)
    if padding == "valid":
        kernel_rows, kernel_columns = min(kernel_rows, rows), min(kernel_columns, columns)
    elif kernel_rows * kernel_columns > 16:
        kernel_rows, kernel_columns = min(kernel_rows, 8), min(kernel_columns, 8)
    return {
        "images": draw.array(batch, rows, columns, channels),
        "filters": draw.array(kernel_rows, kernel_columns, channels, filters),
        "strides": draw.choice(1, 2, (1, 2), (2, 1), (3, 2)),
        "padding": padding,
    }


@law(conv2d)
def conv2d_is_linear_in_its_images(draw: Draw, trial: Trial) -> None:
    """Superposition: a bias, a clip or a wrong pixel in some windows breaks it."""
    x, filters, *how = conv2d(draw).values()
    y, hyperparameters = draw.array(*x.shape), dict(zip(("strides", "padding"), how, strict=True))
    both = trial.run(x + 2 * y, filters, **hyperparameters)
    trial.agree(both, trial.run(x, filters, **hyperparameters) + 2 * trial.run(y, filters, **hyperparameters))


@law(conv2d)
def conv2d_is_translation_equivariant(draw: Draw, trial: Trial) -> None:
    """What makes it a convolution: moving the image by a stride moves the result by one place."""
    batch, rows, columns, channels = draw.sizes(2, 4, 4, 2)
    stride = draw.integer(1, 2)
    image = draw.array(batch, rows + 2 + stride, columns + 2 + stride, channels)
    filters = draw.array(draw.integer(1, 3), draw.integer(1, 3), channels, 2)
    whole, moved = (
        trial.run(image, filters, strides=stride),
        trial.run(image[:, stride:, stride:], filters, strides=stride),
    )
    trial.agree(whole[:, 1:, 1:], moved)


@law(conv2d)
def conv2d_with_one_weight_picks_one_pixel(draw: Draw, trial: Trial) -> None:
    """An impulse shows where each tap looks: kernels turned, flipped or off by one."""
    batch, rows, columns = draw.sizes(2, 4, 4)
    image = draw.array(batch, rows + 2, columns + 2, 1)
    a, b = draw.integer(0, 2), draw.integer(0, 2)
    filters = np.zeros((3, 3, 1, 1), draw.dtype)
    filters[a, b] = 1
    trial.agree(trial.run(image, filters), exact(image[:, a : a + rows, b : b + columns]))


@case
def conv2d_vjp(draw: Draw) -> dict[str, Any]:
    arguments = conv2d(draw)
    images, filters, strides, padding = arguments.values()
    geometry = slide("filters", images.shape[1:3], filters.shape[:2], strides, padding)
    cotangent = draw.array(len(images), *geometry.outputs, filters.shape[3])
    return {"images": images, "filters": filters, "cotangent": cotangent, "strides": strides, "padding": padding}


@law(conv2d_vjp)
def conv2d_vjp_is_the_adjoint_of_conv2d(draw: Draw, trial: Trial) -> None:
    """The definition of a gradient of a linear map, and independent of any other gradient."""
    images, filters, cotangent, strides, padding = conv2d_vjp(draw).values()
    gradients = trial.run(images, filters, cotangent, strides=strides, padding=padding)
    # ⟨cotangent, conv2d(images, filters)⟩ is linear in images and in filters: both gradients must give it back.
    trial.agree(total_of(gradients.images * exact(images)), total_of(gradients.filters * exact(filters)))
