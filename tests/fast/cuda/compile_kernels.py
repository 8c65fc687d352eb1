"""Compile kernels to PTX for the compute capability in the arguments, 9 0 say; a program, without the simulator.

Reads from stdin, as JSON, a list of [kernel, types of its arguments], and writes a list of [kernel, PTX] in that order.
A kernel is named by its room and name, one from elsewhere by its whole module; the types are as
`launches.argument_type` gives them.

Without a driver there is no current device to ask for its compute capability, which Numba does for device functions, so
it is told.
"""

from __future__ import annotations

import json
import sys
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import Any

#: The exit status where there is nothing to compile with.
NO_TOOLKIT = 3


def numba_type(types: Any, text: Any) -> Any:
    """The Numba type of an argument."""
    if isinstance(text, list):
        return types.Tuple([numba_type(types, part) for part in text])
    dtype, *rank = text.split()
    number = getattr(types, dtype)
    return types.Array(number, int(rank[0]), "C") if rank else number


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
    """Compile what is asked for on stdin."""
    require_toolkit()
    from numba import cuda, types
    from numba.cuda import dispatcher

    major, minor = map(int, sys.argv[1:])
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=(major, minor))
    compiled = []
    for kernel, texts in json.load(sys.stdin):
        found = resolve_name(kernel if kernel.startswith("tests.") else f"fast.cuda.{kernel}")
        arguments, bounds = tuple(numba_type(types, text) for text in texts), found.targetoptions.get("launch_bounds")
        text, _ = cuda.compile_ptx(found.py_func, arguments, cc=(major, minor), launch_bounds=bounds)
        compiled.append((kernel, text))
    json.dump(compiled, sys.stdout)


if __name__ == "__main__":
    main()
