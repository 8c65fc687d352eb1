"""Reproductions: a failing call as a snippet to copy, paste and run."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.operations import Operation


def snippet(implementation: str, operation: Operation, arguments: dict[str, Any]) -> str:
    """A program that makes a call of an implementation and prints its result beside the reference's."""
    data, hyperparameters = operation.split(arguments)
    keywords = "".join(f", {name}={value!r}" for name, value in hyperparameters.items() if not _has_array(value))
    keywords += "".join(f", {name}={name}" for name, value in hyperparameters.items() if _has_array(value))
    lines = [
        "import numpy as np",
        "import reference",
        "from conformance.comparison import as_lists",
        "from conformance.implementation import load",
        "",
        f"implementation = load({implementation!r}).module",
        *(f"{name} = {literal(value)}" for name, value in arguments.items() if name in data or _has_array(value)),
        "",
        f"print(implementation.{operation.name}({', '.join(data)}{keywords}))",
    ]
    lists = ", ".join(f"as_lists({name})" for name in data)
    listed = keywords
    for name, value in hyperparameters.items():
        if _has_array(value):
            listed = listed.replace(f"{name}={name}", f"{name}=as_lists({name})")
    return "\n".join([*lines, f"print(reference.{operation.name}({lists}{listed}))"])


def literal(value: Any) -> str:
    """A value as Python source; floats print so that reading them gives the same bits."""
    if isinstance(value, tuple) and _has_array(value):
        return f"({', '.join(map(literal, value))},)"
    if isinstance(value, np.ndarray):
        numbers = str(value.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
        return f"np.array({numbers}, {str(value.dtype)!r}){_reshaped(value)}"
    return repr(value)


def _reshaped(array: np.ndarray[Any, Any]) -> str:
    """An empty array prints without its shape."""
    return f".reshape({array.shape})" if array.size == 0 else ""


def _has_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or (isinstance(value, tuple) and any(map(_has_array, value)))
