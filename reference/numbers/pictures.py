"""Pictures of graphs: their text in the DOT language, and what Graphviz draws from it, if it is there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence


def digraph(nodes: Iterable[tuple[str, str, Sequence[int]]]) -> str:
    """A graph in the DOT language, from left to right.

    Each node is told by its operation, empty for an input; its value; and the places of its operands.
    """
    lines = ["digraph {", "  rankdir=LR"]
    for place, (operation, value, operands) in enumerate(nodes):
        look = rf'label="{operation}\n{escaped(value)}"' if operation else f'shape=box, label="{escaped(value)}"'
        lines.append(f"  {place} [{look}]")
        lines += [f"  {operand} -> {place}" for operand in operands]
    return "\n".join([*lines, "}"])


def escaped(text: str) -> str:
    """A text as it stands between quotes in the DOT language, in which a backslash means something else."""
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def listed(attributes: Mapping[str, str]) -> str:
    """Attributes of a node or an edge in the DOT language."""
    return ", ".join(f'{name}="{escaped(value)}"' for name, value in attributes.items())


def drawn(graph: str) -> str | None:
    """The picture of a graph as SVG; None without Graphviz."""
    if shutil.which("dot") is None:
        return None
    return subprocess.run(["dot", "-Tsvg"], input=graph, capture_output=True, check=True, encoding="utf-8").stdout
