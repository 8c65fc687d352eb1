"""Pictures of computational graphs: as DOT, as SVG where Graphviz is installed, and as a page."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from reference.errors import is_number, require_positive_integer
from reference.graph_folding import OPERATION, SCOPE, SERIES, Arrow, Box, arrows, folded, frames_of
from reference.numbers.pictures import drawn, escaped, listed
from reference.operation_kinds import SIGNS

if TYPE_CHECKING:
    from reference.graphs import Graph
    from reference.tensors import Operation, Tensor

__all__ = ["graph_dot", "graph_page", "graph_svg"]

#: What is inside a scope of this name belongs to a gradient.
GRADIENTS = re.compile(r"(^|/)gradients(_\d+)?/")
BLUE, ORANGE, GREEN = "#dbe9f6", "#fbdcb8", "#e3efd6"
#: What arithmetic is called on a slide.
SHORT = {kind: sign for kind, sign in SIGNS.items() if not sign.isalpha()} | {"negative": "−"}
#: How operations look that more than compute; all others are boxes, and in gradients hexagons.
LOOKS = {
    "placeholder": {"shape": "parallelogram", "fillcolor": "#ffffff"},
    "variable": {"shape": "cylinder", "fillcolor": GREEN},
    "read": {"shape": "cylinder", "fillcolor": "#ffffff"},
    "assign": {"shape": "box", "peripheries": "2", "fillcolor": GREEN},
    "assign_add": {"shape": "box", "peripheries": "2", "fillcolor": GREEN},
    "random_uniform": {"shape": "diamond", "fillcolor": "#ffffff"},
    "constant": {"shape": "plain", "fontsize": "9", "fontcolor": "#666666", "fillcolor": "transparent"},
}
LONGEST = 28

LEGEND = (
    "Boxes are operations, parallelograms placeholders, cylinders variables, and what has two borders changes one; "
    "small texts are constants. Hexagons, in orange, belong to gradients. A box with depth is a name scope, folded; "
    "× says how many alike are one. Arrows are tensors with their shapes, numbers without; dashed, one only waits."
)
STYLE = (
    "body{font:15px/1.5 sans-serif;color:#222;max-width:none;margin:1.5rem}figure{margin:0;overflow:auto}"
    "figcaption{color:#555;max-width:60rem}"
)


def graph_dot(graph: Graph, *, opened: Collection[str] | None = (), most: int = 60) -> str:
    """A computational graph in the DOT language, in which Graphviz draws it.

    Why: deep networks are deep, and it is easy to drown in their graphs. Folded, a training step of 36,000 operations
    is a few boxes.

    Args:
        graph: any graph.
        opened: the name scopes to look into, each drawn as a frame; what is in the others is one box each. None opens
            all of them.
        most: of more boxes than that, those whose names differ by a number only are drawn as one.

    Returns:
        A text.

    Raises:
        InvalidArgument: if a scope isn't one of the graph.

    Source:
        goldsborough-tensorflow, "Visualization Tools" and "TensorBoard to the Rescue": more than 36,000 nodes, in which
        it is easy to drown; TensorFlow's white paper of 2015, section 9.1.

    >>> from reference import Graph
    >>> graph = Graph()
    >>> x, w = graph.placeholder("x", (1, 2)), graph.variable("w", [[3], [4]])
    >>> y = graph.apply("matrix_product", x, w).tanh()
    >>> print(graph_dot(graph))
    digraph {
      rankdir=LR; node [shape=box, style=filled, fillcolor="#dbe9f6", fontname="sans-serif", fontsize=12]
      edge [fontname="sans-serif", fontsize=9, color="#444444"]
      "x" [label="x", shape="parallelogram", fillcolor="#ffffff"]
      "w" [label="w", shape="cylinder", fillcolor="#e3efd6"]
      "matrix_product" [label="matrix_product"]
      "tanh" [label="tanh"]
      "x" -> "matrix_product" [label="[1, 2]"]
      "w" -> "matrix_product" [label="[2, 1]"]
      "matrix_product" -> "tanh" [label="[1, 1]"]
    }
    """
    boxes = folded(graph, opened, require_positive_integer("most", most))
    lines = [
        "digraph {",
        f'  rankdir=LR; node [shape=box, style=filled, fillcolor="{BLUE}", fontname="sans-serif", fontsize=12]',
        '  edge [fontname="sans-serif", fontsize=9, color="#444444"]',
        *_framed(boxes),
        *map(_arrow, arrows(boxes)),
        "}",
    ]
    return "\n".join(lines)


def graph_svg(graph: Graph, *, opened: Collection[str] | None = (), most: int = 60) -> str | None:
    """A computational graph as a picture; a notebook shows a graph so.

    Args: as `graph_dot`.
    Returns: an SVG document; None without Graphviz.
    Raises: InvalidArgument, as `graph_dot`.

    Source:
        goldsborough-tensorflow, "Visualization Tools".
    """
    return drawn(graph_dot(graph, opened=opened, most=most))


def graph_page(graph: Graph, title: str, *, opened: Collection[str] | None = (), most: int = 60) -> str:
    """A computational graph as a page of its own, which loads nothing.

    Args: title, its headline; the others as `graph_dot`.
    Returns: an HTML document with the picture, or with its text in the DOT language without Graphviz.
    Raises: InvalidArgument, as `graph_dot`.

    Source:
        goldsborough-tensorflow, "Visualization Tools".
    """
    text = graph_dot(graph, opened=opened, most=most)
    picture = drawn(text)
    shown = f"<pre>{escape(text)}</pre>" if picture is None else picture[picture.index("<svg") :]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n<p>{len(graph.operations):,} operations.</p>\n"
        f"<figure>{shown}<figcaption>{escape(LEGEND)}</figcaption></figure>\n</body></html>\n"
    )


def _framed(boxes: list[Box]) -> Iterator[str]:
    """The boxes inside the frames of their scopes, frames inside of frames: depth first, which is sorted by name."""
    inside: dict[str, list[Box]] = {frame: [] for box in boxes for frame in ("", *frames_of(box.frame))}
    for box in boxes:
        inside[box.frame].append(box)
    around: list[str] = []
    for frame in sorted(inside, key=lambda name: name.split("/") if name else []):
        while around and not frame.startswith(f"{around[-1]}/"):
            yield f"{'  ' * len(around)}}}"
            around.pop()
        if frame:
            around.append(frame)
            yield f'{"  " * len(around)}subgraph "cluster {escaped(frame)}" {{ {_frame(frame)}'
        yield from (f"{'  ' * (len(around) + 1)}{_box(box)}" for box in inside[frame])
    yield from (f"{'  ' * depth}}}" for depth in range(len(around), 0, -1))


def _frame(scope: str) -> str:
    color = ORANGE if GRADIENTS.search(f"{scope}/") else BLUE
    return f'label="{escaped(scope.rpartition("/")[2])}"; fontname="sans-serif"; color="{color}"; penwidth=3'


def _box(box: Box) -> str:
    look = dict(LOOKS.get(box.kind, {}))
    if GRADIENTS.search(f"{box.name}/" if box.kind == SCOPE else box.name):
        # The shape says it, too: not everyone sees the colour.
        look = {"fontcolor": "#a05000"} | look if look else {"shape": "hexagon"}
        look.setdefault("fillcolor", ORANGE)
    if box.kind == SCOPE:
        look["shape"] = "box3d"
    return f'"{escaped(box.key)}" [{listed({"label": _label(box), **look})}]'


def _label(box: Box) -> str:
    if box.what == OPERATION:
        return _label_of_operation(box.operations[0])
    if box.kind != SCOPE:
        return f"{SHORT.get(box.kind, box.kind)} ×{box.boxes:,}"
    others = f" … ×{box.boxes:,}" if box.what == SERIES else ""
    return f"{box.name.rpartition('/')[2]}{others}\n{_counted(len(box.operations))}"


def _counted(count: int) -> str:
    return f"{count:,} operation{'s' if count > 1 else ''}"


def _label_of_operation(operation: Operation) -> str:
    """Its name, unless that only says its kind; its kind, and what else there is to say."""
    kind, called = operation.kind, operation.name.rpartition("/")[2]
    if kind == "constant":
        value = operation.attributes["value"]
        return _cut(str(value) if is_number(value) else f"{called}")
    if kind in ("placeholder", "variable"):
        return called
    lines = [SHORT.get(kind, kind), *_further(operation.attributes)]
    return "\n".join(lines if re.fullmatch(rf"{kind}(_\d+)?", called) else [called, *lines])


def _further(attributes: Any) -> Iterator[str]:
    """The attributes that aren't seen elsewhere: shapes stand at the arrows."""
    for name, value in attributes.items():
        if name in ("of", "variable"):
            yield f"{'of' if name == 'of' else 'to'} {value}"
        elif name not in ("shape", "inputs", "attributes"):
            yield _cut(f"{name} {value}")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _arrow(arrow: Arrow) -> str:
    look = {"style": "dashed", "color": "#999999"} if not arrow.tensors else {}
    if len(arrow.tensors) > 1:
        look = {"label": f"{len(arrow.tensors):,} tensors", "penwidth": "2"}
    elif arrow.tensors:
        look = {"label": label} if (label := _label_of_tensor(arrow.tensors[0])) else {}
    listing = f" [{listed(look)}]" if look else ""
    return f'  "{escaped(arrow.start.key)}" -> "{escaped(arrow.end.key)}"{listing}'


def _label_of_tensor(tensor: Tensor) -> str:
    """Which output it is, if there are others, and its shape, if it is no number."""
    index = f":{tensor.index} " if len(tensor.operation.outputs) > 1 else ""
    return f"{index}{list(tensor.shape) if tensor.shape else ''}".rstrip()
