"""Compile kernels without running them; a program, for a processor that Numba is told and this machine need not have.

Reads from stdin, pickled, a list of (module, name, types of the arguments), and prints the assembly of the matrix
product's tiles.
"""

from __future__ import annotations

import pickle
import sys
from importlib import import_module

from numba import cfunc, types

panels = import_module("fast.cpu.panels")


def main() -> None:
    """Compile, and show the tiles."""
    for module, name, arguments in pickle.load(sys.stdin.buffer):
        getattr(import_module(module), name).compile(arguments)
    # Afresh, since what comes from the disk has no assembly.
    signature = types.void(*panels.signature_of(types.Array(types.float32, 1, "C")))
    print(cfunc(signature)(panels._multiply_packed)._library.get_asm_str())


if __name__ == "__main__":
    main()
