"""What a convolutional network asks of its arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import require_array, require_arrays, require_like
from fast.validation.backpropagation import require_layers
from fast.validation.convolution import Geometry, slide
from fast.validation.regularization import require_mask_of
from reference.errors import InvalidArgument, require_positive_integer


def require_convolutional_network(
    images: Any, filters: Any, filter_biases: Any, weights: Any, biases: Any, strides: Any
) -> list[Geometry]:
    """Check that each layer fits the one before; return where the windows of each convolution stand."""
    _, rows, columns, channels = require_array("images", images, "N H W C").shape
    require_arrays("filters", filters, "KH KW C F")
    require_arrays("filter_biases", filter_biases, "F")
    if len(filter_biases) != len(filters):
        raise InvalidArgument("filter_biases", f"{len(filters)} vectors for as many filters", str(len(filter_biases)))
    if not isinstance(strides, tuple) or len(strides) != len(filters):
        raise InvalidArgument("strides", f"a tuple of {len(filters)} positive integers, one a layer", repr(strides))
    geometries, dtype = [], images.dtype
    for layer, (those, bias) in enumerate(zip(filters, filter_biases, strict=True)):
        kernel, units = those.shape[:2], those.shape[3]
        because = f"for images with {channels} channels"
        require_like(f"filters[{layer}]", those, (*kernel, channels, units), dtype, because)
        require_like(f"filter_biases[{layer}]", bias, (units,), dtype, f"for {units} filters")
        stride = require_positive_integer("strides", strides[layer])
        geometries.append(slide("filters", (rows, columns), kernel, stride, "same"))
        rows, columns, channels = geometries[-1].output_rows, geometries[-1].output_columns, units
    require_layers(rows * columns * channels, weights, biases, dtype)
    return geometries


def require_targets(images: Any, weights: Any, biases: Any, labels: Any, mask: Any, rate: Any) -> np.ndarray:
    """Check labels and dropout's rate; return the mask of the units before the last layer."""
    require_like("labels", labels, (len(images), len(biases[-1])), images.dtype, "of the network's output")
    return require_mask_of((len(images), len(weights[-1])), mask, rate, "of the units before the last layer")
