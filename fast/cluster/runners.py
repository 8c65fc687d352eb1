"""How a segment runs, as a function: values and variables go in, values and changed variables come out.

Nothing of a run stays behind in it: so it may be repeated anywhere, with the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

import numpy as np

from fast.cluster.segments import Key, Segment
from fast.cpu.graphs import GraphSession
from reference.errors import InvalidArgument

Values = Mapping[Key, np.ndarray]
Variables = Mapping[str, np.ndarray]


class Runner:
    """Runs one segment, as often as is wanted; its session is made when the shapes of its values are known."""

    def __init__(self, segment: Segment, dtype: Any, seed: int) -> None:
        self.segment, self.dtype, self.seed = segment, dtype, seed
        self.session: GraphSession | None = None
        self.initial: dict[str, np.ndarray] = {}
        # A session has one memory for its variables, and a process may have several threads.
        self.lock = Lock()

    def run(
        self, values: Values, variables: Variables, step: int
    ) -> tuple[dict[Key, np.ndarray], dict[str, np.ndarray]]:
        """Run the segment in a step, which random numbers depend on; returns its outputs, and what it assigned."""
        with self.lock:
            given = {f"{name}:0": values[key] for name, key in self.segment.inputs.items()}
            session = self._session_for(given)
            for name in self.segment.variables:
                session.variables[name][...] = self._held(name, variables)
            session.runs = step - 1
            fetched, _ = session.run((dict(self.segment.outputs), list(self.segment.runs)), given)
            return fetched, {name: session.variables[name].copy() for name in self.segment.assigned}

    def _held(self, name: str, variables: Variables) -> np.ndarray:
        """What a variable holds; not of another graph, of which NumPy would spread one number over all."""
        initial = self.initial[name]
        held = variables.get(name, initial)
        if held.shape != initial.shape or held.dtype != initial.dtype:
            wanted = f"{initial.dtype} {list(initial.shape)} for variable '{name}'"
            raise InvalidArgument("checkpoint", wanted, f"{held.dtype} {list(held.shape)}")
        return held

    def _session_for(self, given: Mapping[str, np.ndarray]) -> GraphSession:
        if self.session is None:
            placeholders = [
                {"name": name, "kind": "placeholder", "attributes": {"shape": given[f"{name}:0"].shape}}
                for name in self.segment.inputs
            ]
            self.session = GraphSession([*placeholders, *self.segment.operations], dtype=self.dtype, seed=self.seed)
            self.initial = {name: self.session.variables[name].copy() for name in self.segment.variables}
        return self.session
