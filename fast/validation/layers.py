"""What layers ask of their arguments."""

from __future__ import annotations

from typing import Any

from fast.validation import require_like
from fast.validation.convolution import Geometry, require_convolution
from reference.errors import require_choice

#: The activations that a layer can have.
ACTIVATIONS = ("identity", "relu", "sigmoid", "tanh")


def require_activation(activation: Any) -> str:
    """Return the name of an activation, if it is one."""
    return require_choice("activation", activation, ACTIVATIONS)


def require_convolutional_layer(images: Any, filters: Any, bias: Any, strides: Any, padding: Any) -> Geometry:
    """Check the arguments of a convolutional layer; return where its windows stand."""
    geometry = require_convolution(images, filters, strides, padding)
    require_like("bias", bias, filters.shape[3:], images.dtype, "for {0} filters")
    return geometry
