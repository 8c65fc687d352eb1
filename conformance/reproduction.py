"""Reproductions: programs to copy, paste and run, which print what was wanted and what came instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance.arrays import has_array
from conformance.operation import Arguments, Operation

#: What a program may need, beside the implementation's function.
REPLAYED = (
    "allowed",
    "at_once",
    "claimed",
    "disturbed",
    "flaw_of",
    "laid_out",
    "plain",
    "refill",
    "shares_memory",
    "wanted",
)

#: So many equal numbers of an array are written one by one.
MANY = 100


def program(implementation: str, operation: Operation, script: Sequence[str]) -> str:
    """A program that shows a failure: the script, after the lines that it needs."""
    body = "\n".join(script)
    names = [name for name in REPLAYED if f"{name}(" in body]
    imports = f"from conformance.replay import {', '.join(sorted(['function', *names]))}"
    loading = f"{operation.name} = function({implementation!r}, {operation.name!r})"
    return "\n".join(["import numpy as np", imports, "", loading, body])


def of_calls(operation: Operation, calls: Sequence[Arguments]) -> list[str]:
    """The lines that make calls and print, for each, what is wanted, give or take what is allowed, and what comes."""
    lines = []
    for place, arguments in enumerate(calls):
        suffix = f"_{place + 1}" if place else ""
        given = given_text(operation, arguments, suffix)
        lines += definitions(arguments, suffix)
        lines.append(f'print("wanted ", wanted({operation.name}, {given}))')
        lines.append(f'print("allowed", allowed({operation.name}, {given}))')
        lines.append(f'print("came   ", {operation.name}({given}))')
    return lines


def of_a_bad_call(operation: Operation, arguments: Arguments) -> list[str]:
    """The lines that make a call which should be refused."""
    call = f"{operation.name}({given_text(operation, arguments)})"
    return [*definitions(arguments), 'print("wanted  an error")', f'print("came   ", {call})']


def of_an_error(operation: Operation, arguments: Arguments, wanted: str) -> list[str]:
    """The lines that make a call which should be refused, and print the error."""
    return [
        *definitions(arguments),
        "try:",
        f"    {operation.name}({given_text(operation, arguments)})",
        "except Exception as error:",
        f'    print("wanted ", {wanted!r})',
        '    print("came   ", error)',
    ]


def of_a_row(operation: Operation, row: Sequence[Arguments], results: str = "results", after: int = 0) -> list[str]:
    """The lines that make calls in a row and keep what they return; `after` so many calls of the same program."""
    suffixes = [f"_{place}" if place > 1 else "" for place in range(after + 1, after + len(row) + 1)]
    defined = [line for suffix, arguments in zip(suffixes, row, strict=True) for line in definitions(arguments, suffix)]
    made = [called(operation, arguments, suffix) for suffix, arguments in zip(suffixes, row, strict=True)]
    return [*defined, f"{results} = [{', '.join(made)}]"]


def called(operation: Operation, arguments: Arguments, suffix: str = "") -> str:
    """The call of an implementation's function, which returns what it returns."""
    return f"{operation.name}.implementation({given_text(operation, arguments, suffix)})"


def definitions(arguments: Arguments, suffix: str = "") -> list[str]:
    """A line for each argument that is too long to stand in the call."""
    return [f"{name}{suffix} = {literal(value)}" for name, value in arguments.items() if has_array(value)]


def given_text(operation: Operation, arguments: Arguments, suffix: str = "") -> str:
    """What stands between the parentheses of a call."""
    data, hyperparameters = operation.split(arguments)
    texts = {name: f"{name}{suffix}" if has_array(value) else literal(value) for name, value in arguments.items()}
    return ", ".join([*(texts[name] for name in data), *(f"{name}={texts[name]}" for name in hyperparameters)])


def literal(value: Any) -> str:
    """A value as Python source; floats print so that reading them gives the same bits."""
    if isinstance(value, tuple) and has_array(value):
        return f"({', '.join(map(literal, value))},)"
    if isinstance(value, np.ndarray):
        if value.size > MANY and value.tobytes() == value.ravel()[:1].tobytes() * value.size:
            return f"np.full({value.shape}, {literal(value.item(0))}, {str(value.dtype)!r})"
        numbers = _named(str(value.tolist()))
        return f"np.array({numbers}, {str(value.dtype)!r}){_reshaped(value)}"
    return _named(repr(value))


def _named(text: str) -> str:
    """NaN and infinities, which print as no names that Python knows."""
    return re.sub(r"(?<![\w.'\"])(nan|inf)(?!\w)", r"np.\1", text)


def _reshaped(array: np.ndarray[Any, Any]) -> str:
    """An empty array prints without its shape."""
    return f".reshape({array.shape})" if array.size == 0 else ""
