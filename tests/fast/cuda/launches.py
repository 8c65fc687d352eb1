"""What is launched while every operation of the CUDA path runs on drawn calls: kernels, grids and arguments."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Set
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import numpy as np

from conformance.arrays import map_arrays
from fast import cuda
from fast.cuda import activations, device, tensor_cores
from tests.fast.drawn import drawn_calls, functions_of, rooms_of

#: In the simulator, examples enough for a sum over them to take two tiles, and to be cut into slices.
BATCHES = (10, 70)
#: How kernels are called that the variant of TF32 launches.
BY_WARPS = ".by_warps"
#: So many seeds are tried until every kernel has been launched.
MOST_SEEDS = 50


@dataclass(frozen=True)
class Launch:
    """A launch of a kernel; arrays as they were before."""

    kernel: str
    compiled: Any
    grid: Any
    block: int
    arguments: tuple[Any, ...]
    shared_bytes: int

    def run(self) -> list[np.ndarray]:
        """Launch it again, on copies; returns all arrays as they are afterwards."""
        arguments = map_arrays(device.to_device, self.arguments)
        device.launch(self.compiled, self.grid, self.block, *arguments, shared_bytes=self.shared_bytes)
        return [value.copy_to_host() for value in arguments if hasattr(value, "copy_to_host")]

    @property
    def shuffles(self) -> bool:
        """Whether threads sum together, by shuffles where they are near enough."""
        return "shuffled" in inspect.signature(body_of(self.compiled)).parameters

    def without_shuffles(self) -> Launch:
        """The same, with all threads meeting in shared memory."""
        names = inspect.signature(body_of(self.compiled)).parameters
        arguments = tuple(1 if name == "shuffled" else value for name, value in zip(names, self.arguments, strict=True))
        return replace(self, arguments=arguments)

    @property
    def size(self) -> int:
        """How many numbers it works on."""
        return sum(value.size for value in self.arguments if isinstance(value, np.ndarray))

    @property
    def blocks(self) -> int:
        """How many blocks it has."""
        return int(np.prod(self.grid))

    @property
    def shares_memory(self) -> bool:
        """Whether threads of a block read what others of them wrote."""
        source = inspect.getsource(body_of(self.compiled))
        return "cuda.shared" in source or "cuda.syncthreads" in source


def body_of(compiled: Any) -> Any:
    """The Python function that a kernel was made of."""
    return compiled.fn.body if device.SIMULATED else compiled.py_func


def kernels() -> dict[str, Any]:
    """All kernels by room and name: that of the room that defines the function, if it is known there by some name."""
    found: dict[int, tuple[str, Any]] = {}
    for room in rooms_of(cuda):
        for name, value in named(vars(room)):
            if type(value) is type(activations.relu_kernel) and not getattr(value, "targetoptions", {}).get("device"):
                at_home = body_of(value).__module__ == room.__name__
                if at_home or id(value) not in found:
                    found[id(value)] = f"{room.__name__.removeprefix('fast.cuda.')}.{name}", value
    return dict(found.values())


def kernels_for(dtype: Any) -> Set[str]:
    """The names of the kernels that compute in a dtype: tensor cores, as they are used here, have float32 alone."""
    return {name for name in kernels() if np.dtype(dtype) == np.float32 or not name.endswith(BY_WARPS)}


def named(things: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Things by name, and those in named tuples, such as the kernels of a product by tile, by names with a dot."""
    for name, value in things.items():
        yield name, value
        for field in getattr(value, "_fields", ()):
            yield f"{name}.{field}", getattr(value, field)


def on_host(value: Any) -> Any:
    """A copy of an argument, those in tuples as well."""
    if isinstance(value, tuple):
        return tuple(map(on_host, value))
    return value.copy_to_host() if hasattr(value, "copy_to_host") else value


def in_tf32() -> AbstractContextManager[Any]:
    """In it, operations are those of the variant."""
    return patch.object(tensor_cores, "TF32", True)


@contextmanager
def recorded() -> Iterator[list[Launch]]:
    """Collect the launches inside the block."""
    names = {id(kernel): name for name, kernel in kernels().items()}
    launches: list[Launch] = []
    launch = device.launch

    def recording(compiled: Any, grid: Any, block: int, *arguments: Any, shared_bytes: int = 0) -> None:
        before = tuple(map(on_host, arguments))
        launches.append(Launch(names[id(compiled)], compiled, grid, block, before, shared_bytes))
        launch(compiled, grid, block, *arguments, shared_bytes=shared_bytes)

    launching = [room for room in rooms_of(cuda) if getattr(room, "launch", None) is launch]
    patches = [patch.object(room, "launch", recording) for room in launching]
    for each in patches:
        each.start()
    try:
        yield launches
    finally:
        for each in patches:
            each.stop()


def launches_of_drawn_calls(dtype: Any, count: int = 3) -> list[Launch]:
    """The launches of some calls of each operation, with few and with many examples, and on arrays on the device.

    Where a kernel is for calls that are rarely drawn, the operations of rooms that know it draw more of them.
    """
    with recorded() as launches:
        for name in functions_of(cuda):
            calls = drawn_calls(cuda, name, dtype, count)
            for batch in BATCHES:
                calls += drawn_calls(cuda, name, dtype, batch=batch)
            for call in calls:
                call.run()
            for call in drawn_calls(cuda, name, dtype, count):
                call.rearranged(device.cuda.to_device).run()
        networks_of_many_units(dtype)
        for seed in range(1, MOST_SEEDS):
            missing = kernels_for(dtype) - {launch.kernel for launch in launches}
            with in_tf32() if any(name.endswith(BY_WARPS) for name in missing) else nullcontext():
                for name in operations_that_know(missing):
                    for call in drawn_calls(cuda, name, dtype, count, seed=seed):
                        call.run()
    return launches


def networks_of_many_units(dtype: Any) -> None:
    """Run networks with more units, filters and channels than drawn ones: enough for every tile of a product."""
    images, one_hot = np.ones((9, 4, 4, 9), dtype), np.eye(9, 3, dtype=dtype)
    filters, bias = np.ones((2, 2, 9, 9), dtype), np.ones(9, dtype)
    cuda.conv2d_vjp(images, filters, np.ones((9, 3, 3, 9), dtype))
    layers = (np.ones((144, 9), dtype), np.ones((9, 2), dtype), np.ones((2, 3), dtype)), (bias, bias[:2], bias[:3])
    cuda.backpropagation(np.ones((9, 144), dtype), *layers, one_hot)
    mask, settings = np.ones((9, 2)), {"strides": (1,), "rate": 0.5}
    cuda.convolutional_backpropagation(images, (filters,), (bias,), *layers, one_hot, mask, **settings)


def operations_that_know(names: Set[str]) -> list[str]:
    """The operations of rooms where one of some kernels has a name."""
    known = {id(kernel) for name, kernel in kernels().items() if name in names}
    rooms = {room.__name__ for room in rooms_of(cuda) if known & {id(value) for _, value in named(vars(room))}}
    return [name for name, function in functions_of(cuda).items() if function.__module__ in rooms]


def argument_type(value: Any) -> Any:
    """What a kernel is compiled for, as JSON: the dtype and rank of an array, the type of a number, a list of types."""
    if isinstance(value, tuple):
        return [argument_type(part) for part in value]
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.ndim}"
    return str(np.asarray(value).dtype)


def signatures(launches: list[Launch]) -> list[tuple[str, list[Any]]]:
    """The kernels launched, each with the types of its arguments, as JSON has them."""
    found = [(launch.kernel, [argument_type(value) for value in launch.arguments]) for launch in launches]
    return [signature for place, signature in enumerate(found) if signature not in found[:place]]
