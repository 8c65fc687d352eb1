"""The code of a graph run as Python: the same text, with NumPy's arrays in the place of vectors and addresses.

Numba takes seconds for a graph, and this a millisecond: so hundreds of drawn graphs can be run. That the compiled text
does the same, fewer graphs show.
"""

from __future__ import annotations

import ctypes
import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fast.cpu import graph_program
from fast.cpu.graph_calls import in_threads
from fast.cpu.graph_functions import FUNCTIONS

LANES = 16
DTYPES = {4: np.float32, 8: np.float64}


def array_at(address: int, shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """The array that lies at an address."""
    count = int(np.prod(shape))
    memory = (ctypes.c_char * (count * np.dtype(dtype).itemsize)).from_address(int(address))
    return np.frombuffer(memory, dtype, count).reshape(shape)


def load_part(array: np.ndarray, start: int, count: int) -> np.ndarray:
    found = np.zeros(LANES, array.dtype)
    part = array[start : start + min(count, LANES)]
    found[: part.size] = part
    return found


def store_part(array: np.ndarray, start: int, count: int, vector: np.ndarray) -> None:
    array[start : start + min(count, LANES)] = vector[: min(count, LANES)]


def load(array: np.ndarray, start: int) -> np.ndarray:
    assert start + LANES <= array.size
    return load_part(array, start, LANES)


def store(array: np.ndarray, start: int, vector: np.ndarray) -> None:
    assert start + LANES <= array.size
    store_part(array, start, LANES, vector)


def beats(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (y > x) | ((y != y) & (x == x))


VECTORS = {
    "load": load,
    "load_part": load_part,
    "store": store,
    "store_part": store_part,
    "array_at": array_at,
    "leaf": lambda function: function,
    "vector_of": lambda array, number: np.full(LANES, number, array.dtype),
    "at_least": lambda x, limit: np.where(x <= limit, limit, x),
    "maximum": lambda x, y: np.where(beats(x, y), y, x),
    "root": np.sqrt,
    "where_negative": lambda x, y, z: np.where(x < 0, y, z),
    "where_beaten": lambda x, y, z, w: np.where(beats(x, y), z, w),
    "where_equal": lambda x, y, z: np.where(x == y, z, x.dtype.type(0)),
    "where_same": lambda x, y, z, w: np.where(x == y, z, w),
    "where_zero": lambda x, y, z: np.where(x == 0, y, z),
    "elementary": SimpleNamespace(**{name: FUNCTIONS[name] for name in ("exp", "log", "tanh", "sigmoid")}),
    "inf": np.inf,
    "nan": np.nan,
}


class PlainModule:
    """What `graph_program.loaded` returns, of functions that nobody compiles."""

    def __init__(self, text: str, functions: dict[int, Any]) -> None:
        self.functions = functions
        dtype = np.float32 if "import float32 as F" in text else np.float64
        self.names: dict[str, Any] = {**VECTORS, "F": dtype, "SIZE": LANES, "call": self.call}
        exec(compile(text[text.index("@leaf") :], "graph", "exec"), self.names)

    def call(self, address: int, arguments: tuple[Any, ...]) -> None:
        function = self.functions[int(address)]
        if function is in_threads:
            _, table, which, base, size = arguments
            for first in range(0, size, 3 * LANES + 1):  # blocks that end in the middle of vectors
                self.names["loops"](table, which, base, first, min(size, first + 3 * LANES + 1))
        else:
            function(*arguments)

    def __getattr__(self, name: str) -> Any:
        function = self.names[name]

        def run(table: np.ndarray, first: int, last: int) -> None:
            with np.errstate(all="ignore"):
                function(table, first, last)

        run.compile = lambda kinds: None  # type: ignore[attr-defined]
        return run


def without_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let programs run as Python; kernels are called as they are."""
    functions: dict[int, Any] = {}
    modules: dict[str, PlainModule] = {}
    numbers = itertools.count(1)

    def address_of(function: Any, kinds: Any) -> int:
        number = next(numbers)
        functions[number] = function
        return number

    def loaded(digest: str, text: str) -> PlainModule:
        return modules.setdefault(digest, PlainModule(text, functions))

    monkeypatch.setattr(graph_program, "address_of", address_of)
    monkeypatch.setattr(graph_program, "loaded", loaded)
