"""What a GPU shows, in one file: times, errors in ULPs, a sanitizer's findings and verdicts; a program.

    python -m tests.benchmarks.cuda.evidence [--parts ulps,conformance] [--cases 200] [--rounds 30]

It refuses where there is no CUDA device, and where the tree is not the commit's, and then writes nothing. Each part
runs in processes of its own, so that what one breaks, a context of the device, say, costs no other one; and what is
done is written before the next part begins. Parts that an earlier run of that day, at the same commit and on the same
device, has recorded stay, so that a run may be made in several.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.cuda import machine, parts
from tests.benchmarks.cuda.judging import complaints

#: Of the shape of a file, which schema.json describes.
SCHEMA_VERSION = "1.0"
#: Exit status where nothing could be recorded, and where something that was recorded isn't as it should be.
REFUSED, WRONG = 2, 1

#: What is recorded, in the order in which it runs: what wants a quiet machine first, what takes longest last.
PARTS: dict[str, Callable[[argparse.Namespace], Any]] = {
    "benchmark": parts.benchmark,
    "ulps": parts.ulps,
    "sanitizer": parts.sanitizer,
    "conformance": parts.conformance,
}


def main(arguments: Sequence[str] | None = None, folder: Path = machine.FOLDER) -> int:
    """Record what is asked for; returns the exit status."""
    options = options_from(arguments)
    try:
        machine.require_device()
        commit = machine.commit(options.commit, options.allow_dirty)
    except machine.Refused as reason:
        print(f"cuda-evidence: {reason}\nNothing was written.", file=sys.stderr)
        return REFUSED
    where = {"device": machine.device_facts(), "versions": machine.versions(), "commit": commit}
    path, record = gathered(where, options, PARTS, folder)
    found = complaints(record)
    print("\n".join([f"recorded in {os.path.relpath(path)}", *found]))
    return WRONG if found else 0


def options_from(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read a command line."""
    parser = argparse.ArgumentParser(prog="cuda-evidence", description=__doc__.partition("\n")[0], allow_abbrev=False)
    add = parser.add_argument
    add("--parts", type=parts_from, default=list(PARTS), metavar="NAMES", help=f"of {', '.join(PARTS)}; all by default")
    add("--cases", type=int, default=200, metavar="N", help="of each operation that must decide (200)")
    add("--rounds", type=int, default=30, metavar="N", help="in which everybody who is timed has a turn (30)")
    add("--minutes", type=float, default=0, metavar="M", help="that a part may take; then it tells what it has (any)")
    add("--commit", default="", metavar="HASH", help="that of the tree, where there is no repository to ask")
    add("--allow-dirty", action="store_true", help="record a tree with changes, and that it had some")
    return parser.parse_args(arguments)


def parts_from(text: str) -> list[str]:
    """Names of parts, with commas between them, in the order in which they run."""
    named = text.split(",")
    if unknown := [name for name in named if name not in PARTS]:
        raise argparse.ArgumentTypeError(f"wanted some of {', '.join(PARTS)}; got {', '.join(unknown)}")
    return [name for name in PARTS if name in named]


def gathered(
    where: dict[str, Any],
    options: argparse.Namespace,
    of: Mapping[str, Callable[[argparse.Namespace], Any]],
    folder: Path,
) -> tuple[Path, dict[str, Any]]:
    """Run parts one after the other, and write what there is after each; what goes wrong is recorded in its place."""
    date = datetime.now(UTC).isoformat(timespec="seconds")
    path = folder / f"{date[:10]}-{slug(where['device']['name'])}.json"
    record = {"schema": SCHEMA_VERSION, "date": date, **where, **dict.fromkeys(of), **kept(path, where, of)}
    for name in options.parts:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            record[name] = of[name](options)
        except Exception as error:  # whatever it is: the other parts are worth having
            record[name] = {"error": f"{type(error).__name__}: {error}"}
        write(path, record)
    return path, record


def kept(path: Path, where: dict[str, Any], of: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a record in the same place that was made of the same things; changes may be other ones each time."""
    if not path.exists() or where["commit"]["dirty"]:
        return {}
    before = json.loads(path.read_text("utf-8"))
    return {name: before[name] for name in of} if all(before[name] == said for name, said in where.items()) else {}


def write(path: Path, record: dict[str, Any]) -> None:
    """Put a record in its place: all of it, or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".part", delete=False) as file:
        file.write(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def slug(name: str) -> str:
    """A name as part of a file's.

    >>> slug("NVIDIA H100 80GB HBM3")
    'nvidia-h100-80gb-hbm3'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


if __name__ == "__main__":
    sys.exit(main())
