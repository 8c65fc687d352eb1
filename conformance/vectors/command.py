"""`conformance vectors`: write test vectors."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from conformance.comparison import expected
from conformance.implementation import DTYPES
from conformance.operation import Arguments, Operation
from conformance.operations import operations
from conformance.options import chosen_operations, positive, seed_from, seed_text
from conformance.report import replace
from conformance.sampling import sample_calls
from conformance.vectors.encoding import encoded_arguments, encoded_results
from reference.errors import Undecidable
from reference.numbers import Arithmetic

#: Of the shape of the files, described in schema.json: the first number changes when a reader would have to.
SCHEMA_VERSION = "1.0"
#: Which values are drawn: integers, where every bit tells; and those that show the rounding errors.
VALUES = ("swept", "rounding")
DEFAULT_CASES = 100
#: So many calls are drawn for each that is wanted, and a few more: of few, many may be undecidable.
TRIES, MORE_TRIES = 2, 30
FOLDER = Path(__file__).resolve().parent

DESCRIPTION = """\
Write test vectors: calls of operations with the reference's exact results, and how far off each number may be. With
them, an implementation in any language can be judged without Python.

For each operation and dtype one file, OPERATION.DTYPE.json; schema.json beside them describes what they hold, and
reader.js is an example that judges an implementation in JavaScript.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit status."""
    parser = _parser()
    said = parser.parse_args(arguments)
    names = chosen_operations(parser, said.only)
    folder, seed = Path(said.folder), seed_from(said.seed)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("schema.json", "reader.js"):
            replace(folder / name, (FOLDER / name).read_bytes())
        count = 0
        for name in names:
            for dtype in dict.fromkeys(said.dtype) or DTYPES:
                data = vectors(operations()[name], dtype, said.cases, seed)
                count += len(data["cases"])
                replace(folder / f"{name}.{dtype}.json", json.dumps(data, allow_nan=False).encode())
    except OSError as error:
        print(f"conformance vectors: {error}", file=sys.stderr)
        return 2
    print(f"{count} cases of {len(names)} operations in {folder}")
    return 0


def vectors(operation: Operation, dtype: str, cases: int, seed: int) -> dict[str, Any]:
    """Test vectors of an operation: half of the cases on integers, half on what shows rounding errors."""
    arithmetic = Arithmetic(dtype)
    made = [
        {
            "values": values,
            "arguments": encoded_arguments(operation, arguments),
            "results": encoded_results(wanted, arithmetic),
        }
        for values in VALUES
        for arguments, wanted in _decided(operation, values, math.ceil(cases / len(VALUES)), seed, arithmetic)
    ]
    return {
        "schema": SCHEMA_VERSION,
        "operation": operation.name,
        "dtype": dtype,
        "seed": seed,
        "arithmetic": {
            "unit_roundoff": arithmetic.unit_roundoff,
            "flush_to_zero": arithmetic.flush_to_zero,
            "ulps": dict(arithmetic.ulps),
        },
        "data": [name for name in operation.parameters if name not in operation.hyperparameters],
        "hyperparameters": [name for name in operation.parameters if name in operation.hyperparameters],
        "cases": made[:cases],
    }


def _decided(
    operation: Operation, values: str, count: int, seed: int, arithmetic: Arithmetic
) -> Iterator[tuple[Arguments, Any]]:
    """Calls, with what is wanted of them; those that hang on a comparison nobody can decide are left out."""
    found = 0
    for arguments in sample_calls(operation, arithmetic.format, TRIES * count + MORE_TRIES, values=values, seed=seed):
        with contextlib.suppress(Undecidable):
            wanted = expected(operation, arguments, arithmetic)
            yield arguments, wanted
            found += 1
        if found == count:
            return


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="conformance vectors",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("folder", metavar="DIR", help="where to write to")
    add("--only", action="append", default=[], metavar="NAMES", help="these operations or rooms only, with commas")
    add("--dtype", choices=DTYPES, action="append", default=[], help="this dtype only (default: both)")
    cases = f"for each operation and dtype; fewer where few can be decided (default: {DEFAULT_CASES})"
    add("--cases", type=positive, default=DEFAULT_CASES, metavar="N", help=cases)
    add(
        "--seed",
        type=seed_text,
        default="0",
        metavar="S",
        help="a number, or 'random' (default: 0; same seed, same cases)",
    )
    return parser
