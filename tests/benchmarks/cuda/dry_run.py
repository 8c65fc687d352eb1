"""How kernels are launched on a GPU, without one: a program that runs every operation, and no kernel.

    NUMBA_ENABLE_CUDASIM=0 python -m tests.benchmarks.cuda.dry_run LAUNCHES.json

Sizes of blocks and of shared memory have other values in the simulator. Here they are those of a GPU: arrays "on the
device" are the simulator's, and where a kernel would be launched, its name, the types of its arguments, its grid, its
block and its shared memory are noted. The results are zeros.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from conformance.choices import Chance
from conformance.drawing import Draw
from conformance.operations import operations
from conformance.pools import Budget, pool
from fast import cuda
from fast.cuda import device
from tests.benchmarks.cuda.cells import LAYERS, training_step
from tests.benchmarks.grid import activations, classes, convolution, optimizers, pooling, products
from tests.benchmarks.grid.cell import Cell
from tests.fast.cuda.launches import BY_WARPS, in_tf32, kernels, operations_that_know
from tests.fast.drawn import drawn_calls, functions_of

DTYPES = ("float32", "float64")
#: Calls of each operation and type.
DRAWN = 12
#: Multiplications and additions of a call with long axes; nobody computes them.
MOST_WORK = 1e6
#: Launches that were noted: kernel, types of its arguments, blocks, threads of each, bytes of shared memory.
Launches = list[dict[str, Any]]


def on_device(array: Any, *arguments: Any, **options: Any) -> Any:
    """An array as the simulator has them."""
    from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray

    return FakeCUDAArray(np.array(array))


def zeros_on_device(shape: Any, dtype: Any = np.float64, **layout: Any) -> Any:
    """An array that a kernel would fill."""
    return on_device(np.zeros(shape, dtype))


def argument_type(value: Any) -> Any:
    """The type of an argument, as `compile_kernels` reads it."""
    if isinstance(value, tuple):
        return [argument_type(part) for part in value]
    if hasattr(value, "copy_to_host"):
        return f"{value.dtype} {value.ndim}"
    return str(np.asarray(value).dtype)


def noted(launches: Launches) -> Callable[..., Any]:
    """What a kernel does in the place of launching, when it is called with a grid and a block."""
    names = {id(kernel): name for name, kernel in kernels().items()}

    def configured(compiled: Any, configuration: Any) -> Callable[..., None]:
        grid, block, _, shared = (*np.atleast_1d(np.array(configuration, object)), 0, 0)[:4]

        def called(*arguments: Any) -> None:
            types = [argument_type(value) for value in arguments]
            sizes = {"blocks": int(np.prod(grid)), "threads": int(np.prod(block)), "shared": int(shared)}
            launches.append({"kernel": names[id(compiled)], "types": types, **sizes})

        return called

    return configured


def calls() -> Iterator[Callable[[], Any]]:
    """Calls of every operation: small drawn ones of both types, and those of networks."""
    for name in functions_of(cuda):
        for dtype in DTYPES:
            yield from (call.run for call in drawn_calls(cuda, name, dtype, DRAWN))
            yield from (call.run for batch in (10, 70) for call in drawn_calls(cuda, name, dtype, batch=batch))
        yield from long_calls(name, "float32")
    with in_tf32():
        for name in operations_that_know({name for name in kernels() if name.endswith(BY_WARPS)}):
            yield from (call.run for call in drawn_calls(cuda, name, "float32", DRAWN))
    for cell in large_cells():
        yield partial(operations()[cell.operation].call, getattr(cuda, cell.operation), cell.timed())


def long_calls(name: str, dtype: str) -> Iterator[Callable[[], Any]]:
    """Calls with each of the lengths at the edges of tiles."""
    operation = operations()[name]
    found = pool(operation.space, Budget(MOST_WORK, math.inf), 0)
    for configuration in found.edges.covering(1, 0):
        arguments = operation.draw_call(Draw(Chance(0, configuration), dtype, "swept"))
        yield partial(operation.call, getattr(cuda, name), dict(arguments))


def large_cells() -> list[Cell]:
    """Cells whose kernels may be others than those of small arrays."""
    return [
        activations.activation("relu", activations.LAYER),
        classes.rows("softmax", classes.MANY, "softmax"),
        pooling.pooling("max_pool2d", pooling.SLIDES, 2, 2),
        optimizers.adam(100_003),
        *map(products.product, (1024, 4096)),
        products.product_vjp(1024),
        *(make(*layer) for make in (convolution.convolution, convolution.convolution_vjp) for layer in LAYERS),
        training_step(),
    ]


def launches_on_a_gpu() -> Launches:
    """All launches of all calls, each once."""
    from numba.cuda.dispatcher import CUDADispatcher

    launches: Launches = []
    with ExitStack() as patches:
        enter = patches.enter_context
        enter(patch.object(CUDADispatcher, "__getitem__", noted(launches)))
        enter(patch.object(device.cuda, "to_device", on_device))
        enter(patch.object(device.cuda, "device_array", zeros_on_device))
        for call in calls():
            call()
    return [*{json.dumps(launch): launch for launch in launches}.values()]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(launches_on_a_gpu()), "utf-8")
