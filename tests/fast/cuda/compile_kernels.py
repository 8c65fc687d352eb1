"""Compile kernels to PTX for the compute capabilities in the arguments, 8.0 9.0 say; a program, without the simulator.

Reads from stdin, as JSON, a list of [kernel, types of its arguments], and writes, for each capability, a list of
[kernel, PTX] in that order. A kernel is named by its room and name, one from elsewhere by its whole module; the types
are as `launches.argument_type` gives them.

A kernel is compiled as for a launch, with all the options that it was declared with. Without a driver there is no
current device to ask for its compute capability, so Numba is told the first one. What Numba makes of a kernel for NVVM
is made once, which takes most of the time, and serves all capabilities: Numba looks at them only for atomic additions
and for the approximate tanh of `fastmath`, and `test_ptx` sees to it that there are none.
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
    from numba import types
    from numba.cuda import dispatcher
    from numba.cuda.cudadrv import devices

    # As Numba's own, which keeps the PTX for each: without what only one architecture has.
    capabilities = {text: (*map(int, text.split(".")), "") for text in sys.argv[1:]}
    device = SimpleNamespace(compute_capability=capabilities[sys.argv[1]][:2])
    dispatcher.get_current_device = lambda: device
    devices.get_context = lambda: SimpleNamespace(device=device)
    compiled: dict[str, list[Any]] = {text: [] for text in capabilities}
    for name, texts in json.load(sys.stdin):
        found = resolve_name(name if name.startswith("tests.") else f"fast.cuda.{name}")
        arguments = tuple(numba_type(types, text) for text in texts)
        kernel = dispatcher._Kernel(found.py_func, arguments, **found.targetoptions)
        for text, capability in capabilities.items():
            compiled[text].append((name, kernel.inspect_asm(capability)))
    json.dump(compiled, sys.stdout)


if __name__ == "__main__":
    main()
