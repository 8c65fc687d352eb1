"""Who is timed: every implementation as a user would call it, with arguments and results in its own kind of array."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from typing import Any

from fast.cuda.device import SIMULATED, device_count
from reference.numbers import Arithmetic
from tests.benchmarks.interleaving import Timer
from tests.benchmarks.processes import Process

OURS, ON_GPU, REFERENCE = "fast.cpu", "fast.cuda", "reference"
#: Whether there is one: the simulator's times would say nothing.
GPU = not SIMULATED and device_count() > 0
#: The libraries that fast.cpu is compared with: those for everybody's use, on the same processor.
PEERS = ("TensorFlow", "PyTorch", "JAX", "NumPy")


@dataclass(frozen=True)
class Engine:
    """A library, in one of the ways to use it.

    Args:
        name: in the report.
        implementation: what the suite calls it; where it says what it claims.
        room: where its calls are prepared, in `engines`.
        way: which of them.
        needs: the package that has to be installed.
    """

    name: str
    implementation: str
    room: str
    way: str
    needs: str = "numpy"

    @property
    def heading(self) -> str:
        """The library alone."""
        return self.name.partition(",")[0]

    @property
    def installed(self) -> bool:
        return find_spec(self.needs) is not None


#: fast.cpu first, and the reference last.
ENGINES = (
    Engine(OURS, "fast.cpu", "modules", "fast.cpu"),
    *((Engine(ON_GPU, "fast.cuda", "modules", "fast.cuda"),) if GPU else ()),
    Engine("TensorFlow, eager", "tensorflow", "tensorflow", "eager", "tensorflow"),
    Engine("TensorFlow, graph", "tensorflow", "tensorflow", "graph", "tensorflow"),
    Engine("PyTorch, channels last", "torch", "torch", "channels_last", "torch"),
    Engine("PyTorch, channels first", "torch", "torch", "contiguous_format", "torch"),
    Engine("JAX", "jax", "jax", "", "jax"),
    Engine("NumPy", "numpy", "modules", "numpy"),
    Engine(REFERENCE, REFERENCE, "modules", "reference"),
)


@dataclass(frozen=True)
class Contestant:
    """An engine in a process."""

    engine: Engine
    process: Process

    @property
    def name(self) -> str:
        return self.engine.name

    @cache  # noqa: B019  (there are few, and they live as long as the run)
    def claims(self) -> tuple[Arithmetic, dict[str, Any]]:
        """The arithmetic that it claims, and the algorithms that it has instead of the reference's."""
        if self.engine.name == REFERENCE:
            return Arithmetic("float64"), {}
        return self.process.ask("claims", self.engine.implementation)

    def prepare(self, operation: str, arguments: dict[str, Any]) -> bool:
        """Prepare a call; False if the engine has no such function."""
        engine = self.engine
        return self.process.ask("prepare", engine.name, engine.room, engine.way, operation, arguments)

    def result(self) -> Any:
        """What the call returns, as arrays."""
        return self.process.ask("result", self.engine.name)

    @property
    def timer(self) -> Timer:
        return partial(self.process.ask, "time", self.engine.name)


def contestants(together: bool = False) -> list[Contestant]:
    """The engines that are installed: those of each library in a process of their own, or all in a single one."""
    processes: dict[str, Process] = {}
    found = []
    for engine in ENGINES:
        if engine.installed:
            key = "all" if together else engine.implementation
            if key not in processes:
                processes[key] = Process()
            found.append(Contestant(engine, processes[key]))
    return found


def missing() -> list[str]:
    """The libraries that aren't installed."""
    return list(dict.fromkeys(engine.heading for engine in ENGINES if not engine.installed))
