"""A compiled run of a graph: its code from the disk, the memory that it works in, and the border to Python.

The code is a module of its own in Numba's folder of compiled code, named by the digest of its text: so whoever compiles
the same run again, in any process, loads what is there; and so does who compiles another run of the same forms.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np

from fast.cpu.arguments import contiguous
from fast.cpu.compilation import lock
from fast.cpu.finishing import finisher
from fast.cpu.graph_calls import address_of, in_threads
from fast.cpu.graph_code import LOOPS, RUN, Code, PythonCall
from fast.cpu.graph_functions import computed
from fast.cpu.graph_operands import Address, Operand, Storage
from fast.cpu.graph_plan import Arena, Plan
from fast.cpu.graph_runs import Run, apart, changed_by, mapped, require_feed
from fast.cpu.panels import multiplier
from reference.errors import InvalidArgument


class Program:
    """A run of a graph as a function of feeds, from `GraphSession.compile` or `compile_graph`.

    Args: feeds, arrays by the names of the tensors that it was compiled for.
    Returns: arrays in the structure of the fetches, with memory of their own; None for an operation.
    Memory: what the largest step of the plan needs, for as long as the function lives; `memory` says how many bytes.
    Raises: InvalidArgument, if feeds are missing, too many or of another shape or dtype.
    """

    def __init__(self, session: Any, run: Run) -> None:
        self.session, self.graph, self.run = session, session.graph, run
        self.variables = MappingProxyType(session.variables)
        self.code = Code(Plan(self.graph, run))
        self.digest = hashlib.sha256(self.code.text.encode()).hexdigest()
        self.module = loaded(self.digest, self.code.text)
        self.memory = self.code.arena.size
        self._memory = np.empty(self.memory + 2 * Arena.LINE, np.uint8)
        self._start = -self._memory.ctypes.data % Arena.LINE
        self._arrays = {storage: self._lasting(storage) for storage in self._storages()}
        changed = changed_by(run)
        self._changing = [session.variables[name] for name in changed]
        # Only what Python calls can fail.
        self._at_risk = changed if any(isinstance(part, PythonCall) for part in self.code.parts) else []
        # Two runs at once would write to the same memory.
        self._lock = threading.Lock()
        self._table = np.zeros(len(self.code.table), np.intp)
        self._own: list[tuple[int, Storage, int]] = []
        self._fill()

    def __call__(self, feeds: Mapping[str, Any] | None = None) -> Any:
        given = self._given(feeds or {})
        with self._lock, self.session.whole_run(self._at_risk):
            arrays = {**self._arrays, **given, **self._new()}
            for place, storage, offset in self._own:
                self._table[place] = arrays[storage].ctypes.data + offset
            for part in self.code.parts:
                if isinstance(part, PythonCall):
                    self._call(part, arrays)
                else:
                    self.module.run(self._table, *(self.code.first_call + place for place in part))
            handed_out: set[int] = set()
            return mapped(lambda tensor: self._fetched(tensor, arrays, handed_out), self.run.structure)

    def _given(self, feeds: Mapping[str, Any]) -> dict[Storage, np.ndarray]:
        """What is fed, as kernels can take it."""
        names = {self.graph.tensor("feeds", name): name for name in feeds}
        if set(names) != set(self.run.fed):
            wanted = ", ".join(repr(self.graph.name_of(tensor)) for tensor in self.run.fed) or "nothing"
            raise InvalidArgument("feeds", f"values for {wanted}", ", ".join(map(repr, feeds)) or "none")
        given = {tensor: contiguous(require_feed(self.graph, tensor, feeds[name])) for tensor, name in names.items()}
        return {Storage("feed", tensor): apart(value, self._changing) for tensor, value in given.items()}

    def _new(self) -> dict[Storage, np.ndarray]:
        """Memory for what is fetched, and this run's random numbers."""
        arrays = {}
        for storage in self._fresh:
            if storage.kind == "random":
                arrays[storage] = self.session.random_numbers(self.graph.givers[storage.key])
            else:
                arrays[storage] = np.empty(self.graph.shapes[storage.key], self.graph.dtype)
        return arrays

    def _storages(self) -> list[Storage]:
        """All memory but the arena's; `_fresh` is what is another's in each run."""
        operands = [*self.code.results.values()]
        for part in self.code.parts:
            operands += (*part.inputs, *part.outputs) if isinstance(part, PythonCall) else ()
        storages = {operand.storage for operand in operands}
        storages |= {key[0] for key in self.code.table if isinstance(key, tuple) and isinstance(key[0], Storage)}
        self._fresh = [storage for storage in storages if storage.kind in ("random", "result")]
        return [storage for storage in storages if storage.kind in ("variable", "constant")]

    def _lasting(self, storage: Storage) -> np.ndarray:
        if storage.kind == "variable":
            return self.session.variables[storage.key]
        return np.array(self.graph.givers[storage.key].attributes["value"], self.graph.dtype)

    def _fill(self) -> None:
        """Write the addresses down that stay the same; the others are each run's."""
        for place, key in enumerate(self.code.table):
            if isinstance(key, int):
                self._table[place] = key
            elif key == "loops":
                self._table[place] = address_of(self.module.loops, LOOPS)
            elif isinstance(key, Address):
                dtype = self.graph.dtype
                found = multiplier(dtype) if key.what == "multiplier" else finisher(dtype, key.activation)
                self._table[place] = found
            elif not isinstance(key[0], Storage):
                self._table[place] = address_of(*key)
            elif key[0].kind == "arena":
                self._table[place] = self._memory.ctypes.data + self._start + key[0].key + key[1]
            elif key[0].kind in ("variable", "constant"):
                self._table[place] = self._arrays[key[0]].ctypes.data + key[1]
            else:
                self._own.append((place, *key))
        if self.code.calls:
            self.module.run.compile(RUN)

    def _view(self, operand: Operand, arrays: Mapping[Storage, np.ndarray]) -> np.ndarray:
        """An array of a step, as NumPy's."""
        if operand.storage.kind == "arena":
            start, dtype = self._start + operand.storage.key, self.graph.dtype
            start += operand.offset * dtype.itemsize
            return self._memory[start : start + operand.size * dtype.itemsize].view(dtype).reshape(operand.shape)
        numbers = arrays[operand.storage].reshape(-1)
        return numbers[operand.offset : operand.offset + operand.size].reshape(operand.shape)

    def _call(self, part: PythonCall, arrays: Mapping[Storage, np.ndarray]) -> None:
        operation = part.operation
        inputs = [self._view(operand, arrays) for operand in part.inputs]
        try:
            results = computed(operation.kind, inputs, dict(operation.attributes))
        except InvalidArgument as error:
            argument = f"{error.argument} of {operation.kind} '{operation.name}'"
            raise InvalidArgument(argument, error.wanted, error.got) from None
        for operand, result in zip(part.outputs, results, strict=True):
            self._view(operand, arrays)[...] = result

    def _fetched(
        self, tensor: int | None, arrays: Mapping[Storage, np.ndarray], handed_out: set[int]
    ) -> np.ndarray | None:
        """What is fetched, in memory that nobody else has: new memory it was written to, or a copy."""
        if tensor is None:
            return None
        operand = self.code.results[tensor]
        if operand.storage == Storage("result", tensor) and tensor not in handed_out:
            handed_out.add(tensor)
            return arrays[operand.storage]
        return self._view(operand, arrays).copy()


def loaded(digest: str, text: str) -> ModuleType:
    """The module with a run's code, from the folder of compiled code; written there if it is new."""
    name = f"fast_cpu_graph_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    folder = Path(in_threads._cache.cache_path)
    path = folder / f"{name}.py"
    with lock(str(folder)):
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            unfinished = path.with_suffix(f".{os.getpid()}")
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(path)
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
