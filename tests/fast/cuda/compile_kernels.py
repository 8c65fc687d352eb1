"""Compile every kernel to PTX for compute capability 9.0 and print it as JSON; run as a program, without the simulator.

Without a driver there is no current device to ask for its compute capability, which Numba does for device functions, so
it is told.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

COMPUTE_CAPABILITY = (9, 0)
#: The exit status where there is nothing to compile with.
NO_TOOLKIT = 3

#: The types of each kernel's arguments: the rank of an array of the dtype, "i" and the rank of one of int64, "g" and
#: the length of a tuple of int64, or "n" for an int64.
SIGNATURES = {
    "matrix_product": {
        "product_plus_bias": "2 2 1 n 3",
        "product_with_transpose": "2 2 n n 3",
        "product_of_transpose": "2 2 n n 3",
        "add_slices": "3 2",
        "sum_columns": "2 1",
    },
    "activations": {
        **dict.fromkeys(("relu_kernel", "sigmoid_kernel", "tanh_kernel"), "1 1"),
        **dict.fromkeys(("relu_vjp_kernel", "sigmoid_vjp_kernel", "tanh_vjp_kernel"), "1 1 1"),
        "softmax_kernel": "2 2",
    },
    "losses": {
        "cross_entropy_kernel": "2 2 1",
        "loss_kernel": "2 2 1",
        "loss_vjp_kernel": "2 2 1 2",
        "mean_loss_vjp_kernel": "2 2 2",
        "mean_kernel": "1 1",
    },
    "convolution": {"convolve": "4 2 g7 n 3", "correlate": "4 2 g7 n 3", "collect": "6 g7 4"},
    "pooling": {"largest_kernel": "4 g6 4", "winners_kernel": "4 g6 i4", "collect": "i4 4 g6 4"},
    "perceptron": {"train": "2 1 1 i1 2 1 i1", "predict": "2 1 1 i1"},
}


def argument_type(types: Any, dtype: Any, letter: str) -> Any:
    """The Numba type of an argument."""
    kind, count = letter.rstrip("0123456789"), letter.lstrip("ign")
    if kind in ("n", "g"):
        return types.UniTuple(types.int64, int(count)) if count else types.int64
    return types.Array(types.int64 if kind == "i" else dtype, int(count), "C")


def kernels_of(room: ModuleType) -> dict[str, Any]:
    """The kernels that a room defines or imports, by name."""
    from numba.cuda.dispatcher import CUDADispatcher

    dispatchers = {name: value for name, value in vars(room).items() if isinstance(value, CUDADispatcher)}
    return {name: value for name, value in dispatchers.items() if not value.targetoptions["device"]}


def require_toolkit() -> None:
    """Leave with `NO_TOOLKIT` where the libraries that compile aren't installed."""
    from cuda.pathfinder import DynamicLibNotFoundError, load_nvidia_dynamic_lib

    try:
        for library in ("nvvm", "nvrtc"):
            load_nvidia_dynamic_lib(library)
    except DynamicLibNotFoundError as missing:
        print(missing, file=sys.stderr)
        sys.exit(NO_TOOLKIT)


def main() -> None:
    """Print {dtype: {room.kernel: PTX}}."""
    require_toolkit()
    from numba import cuda, types
    from numba.cuda import dispatcher

    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=COMPUTE_CAPABILITY)
    rooms = {
        room: kernels_of(import_module(f"fast.cuda.{room}")) for room in (*SIGNATURES, "linear", "backpropagation")
    }
    signed = {id(rooms[room][name]) for room, signatures in SIGNATURES.items() for name in signatures}
    unsigned = [name for kernels in rooms.values() for name, value in kernels.items() if id(value) not in signed]
    if unsigned:
        sys.exit(f"no signature for {', '.join(unsigned)}")
    compiled: dict[str, dict[str, str]] = {"float32": {}, "float64": {}}
    for room, signatures in SIGNATURES.items():
        for name, signature in signatures.items():
            for dtype, texts in compiled.items():
                arguments = tuple(argument_type(types, getattr(types, dtype), letter) for letter in signature.split())
                body = rooms[room][name].py_func
                texts[f"{room}.{name}"], _ = cuda.compile_ptx(body, arguments, cc=COMPUTE_CAPABILITY)
    json.dump(compiled, sys.stdout)


if __name__ == "__main__":
    main()
