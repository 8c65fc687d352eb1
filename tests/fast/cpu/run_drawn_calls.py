"""Run every operation on drawn integers and compare it with the reference; a program, for any processor of x86.

Prints the bytes of a vector register, and how many results were compared for each operation.
"""

from __future__ import annotations

import json
import sys

from conformance.comparison import compare, expected
from fast import cpu
from fast.cpu.vectors import VECTOR_BYTES
from reference.numbers import Arithmetic
from tests.fast.drawn import drawn_calls, functions_of

DTYPE = "float32"
CALLS = 4


def main() -> None:
    """Compare, and tell."""
    arithmetic = Arithmetic(DTYPE, **cpu.PROFILE[DTYPE])
    compared = {}
    for name in functions_of(cpu):
        comparisons = [
            compare(expected(call.operation, call.arguments, arithmetic), call.run(), arithmetic, call.arguments)
            for call in drawn_calls(cpu, name, DTYPE, CALLS, values="lattice")
        ]
        compared[name] = sum(comparison.deciding for comparison in comparisons)
    json.dump([VECTOR_BYTES, compared], sys.stdout)


if __name__ == "__main__":
    main()
