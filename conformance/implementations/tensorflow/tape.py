"""Gradients from TensorFlow's gradient tape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf


def vjp(function: Callable[..., Any], inputs: Sequence[Any], cotangent: Any) -> tuple[Any, ...]:
    tensors = [tf.constant(array) for array in inputs]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        output = function(*tensors)
    return tuple(
        gradient.numpy() for gradient in tape.gradient(output, tensors, output_gradients=tf.constant(cotangent))
    )
