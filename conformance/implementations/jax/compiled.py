"""Calls of compiled functions: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import numpy as np


def arrays_of(result: Any) -> Any:
    """JAX's arrays as NumPy's."""
    return jax.tree.map(np.array, result)


@lru_cache(maxsize=512)
def compiled(function: Callable[..., Any], names: tuple[str, ...] = ()) -> Any:
    return jax.jit(function, static_argnames=names)


@lru_cache(maxsize=512)
def _gradients(function: Callable[..., Any], count: int, names: tuple[str, ...]) -> Any:
    def run(*arrays: Any, **options: Any) -> Any:
        inputs, constants, cotangent = arrays[:count], arrays[count:-1], arrays[-1]
        return jax.vjp(lambda *given: function(*given, *constants, **options), *inputs)[1](cotangent)

    return jax.jit(run, static_argnames=names)


def call(function: Callable[..., Any], *arrays: Any, **options: Any) -> Any:
    """A compiled function's result; options are constants of its program."""
    return arrays_of(compiled(function, tuple(options))(*arrays, **options))


def vjp(function: Callable[..., Any], inputs: tuple[Any, ...], *rest: Any, **options: Any) -> Any:
    """The gradients with respect to some inputs; further arguments, and the cotangent at last, follow them."""
    return arrays_of(_gradients(function, len(inputs), tuple(options))(*inputs, *rest, **options))
