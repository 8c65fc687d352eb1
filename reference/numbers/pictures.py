"""Pictures of graphs: their text in the DOT language, and what Graphviz draws from it, if it is there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence


def digraph(nodes: Iterable[tuple[str, str, Sequence[int]]]) -> str:
    """A graph in the DOT language, from left to right.

    Each node is told by its operation, empty for an input; its value; and the places of its operands.
    """
    lines = ["digraph {", "  rankdir=LR"]
    for place, (operation, value, operands) in enumerate(nodes):
        escaped = value.replace("\\", r"\\").replace('"', r"\"")
        look = rf'label="{operation}\n{escaped}"' if operation else f'shape=box, label="{escaped}"'
        lines.append(f"  {place} [{look}]")
        lines += [f"  {operand} -> {place}" for operand in operands]
    return "\n".join([*lines, "}"])


def drawn(graph: str) -> str | None:
    """The picture of a graph as SVG; None without Graphviz."""
    if shutil.which("dot") is None:
        return None
    return subprocess.run(["dot", "-Tsvg"], input=graph, capture_output=True, check=True, text=True).stdout
