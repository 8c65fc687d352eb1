"""Pictures of graphs: every operation and every arrow is there once, folded or not, and Graphviz can draw it."""

from __future__ import annotations

import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from reference import Graph, InvalidArgument, add_gradients, graph_dot, graph_page, graph_svg
from reference.graph_folding import OPERATION, SCOPE, arrows, folded, frames_of
from reference.tensors import Tensor
from tests.reference.graphs_to_optimize import Drawing

GRAPHVIZ = shutil.which("dot")
needs_graphviz = pytest.mark.skipif(GRAPHVIZ is None, reason="Graphviz isn't installed")


class InScopes(Drawing):
    """A drawn graph whose operations stand in scopes, some of them inside of others, and that has gradients."""

    def constant(self, shape: tuple[int, ...] | None = None) -> None:
        self.graph._scope = self.draw.choice(("", "layer_1/", "layer_2/", "layer_1/inner/"))
        super().constant(shape)

    def finished(self, steps: int) -> Graph:
        self.grow(steps)
        self.graph._scope = ""
        y = self.graph.apply("multiply", self.tensors[()][0], self.tensors[()][0])
        add_gradients([y], [self.tensors[()][0]])
        return self.graph


CHOICES: list[Any] = [(), None, ["layer_1"], ["layer_1/inner", "gradients"]]
OUTSIDE = re.compile(r"(?:src|href)=|url\(|@import|<!ENTITY|<!DOCTYPE", re.IGNORECASE)


def graphs() -> list[Graph]:
    return [InScopes(seed).finished(40) for seed in range(25)]


@pytest.mark.parametrize("opened", CHOICES, ids=str)
@pytest.mark.parametrize("most", [4, 10_000])
def test_every_operation_is_in_one_box_and_every_way_is_an_arrow(opened: Any, most: int) -> None:
    for graph in graphs():
        known = {outer for name in graph.operations for outer in frames_of(name.rpartition("/")[0])}
        boxes = folded(graph, opened if opened is None else known.intersection(opened), most)
        assert sorted(o.name for box in boxes for o in box.operations) == sorted(graph.operations)
        assert len({box.key for box in boxes}) == len(boxes)
        assert all(o.name.startswith(f"{box.frame}/") for box in boxes if box.frame for o in box.operations)
        where = {operation: box for box in boxes for operation in box.operations}
        tensors, waits = set(), set()
        for arrow in arrows(boxes):
            assert arrow.start is not arrow.end
            tensors |= {(arrow.start.key, arrow.end.key, tensor) for tensor in arrow.tensors}
            waits |= {(arrow.start.key, arrow.end.key)} if not arrow.tensors else set()
        wanted = {(where[t.operation].key, where[o].key, t) for o in where for t in o.inputs}
        assert tensors == {way for way in wanted if way[0] != way[1]}
        wanted_waits = {(where[c].key, where[o].key) for o in where for c in o.control_inputs}
        assert waits == {way for way in wanted_waits if way[0] != way[1]}


def test_what_is_opened_is_in_its_frame_and_what_is_not_is_one_box() -> None:
    for graph in graphs():
        known = {outer for name in graph.operations for outer in frames_of(name.rpartition("/")[0])}
        for box in folded(graph, known & {"layer_1"}, 10_000):
            names = {operation.name for operation in box.operations}
            if box.what == SCOPE:
                assert names == {name for name in graph.operations if name.startswith(f"{box.name}/")}
                assert box.frame == box.name.rpartition("/")[0]
            else:
                assert (box.what, names) == (OPERATION, {box.name})
                assert box.frame in ("", "layer_1")


def test_frames_stand_inside_of_frames() -> None:
    graph = Graph()
    for name in ("a/x", "ab/x", "a/b/x", "a/bc/x", "a/b/c/x", "x"):
        graph.constant(1, name)
    around: list[str] = []
    seen = {}
    for line in graph_dot(graph, opened=None).splitlines()[1:]:
        if frame := re.search(r'subgraph "cluster ([^"]+)"', line):
            around.append(frame[1])
        elif line.strip() == "}" and around:
            around.pop()
        elif node := re.match(r' *"([^"]+)" \[', line):
            seen[node[1]] = tuple(around)
    assert seen == {name: tuple(frames_of(name.rpartition("/")[0])) for name in graph.operations}


def test_who_opens_a_scope_opens_those_around_it() -> None:
    graph = Graph()
    for name in ("a/b/x", "a/y", "a/c/z"):
        graph.constant(1, name)
    assert [(box.key, box.frame) for box in folded(graph, ["a/b"])] == [("a/b/x", "a/b"), ("a/y", "a"), ("a/c/", "a")]


def lines_of(graph: Graph, **choices: Any) -> dict[str, str]:
    """What is said of each box, by its name."""
    return dict(re.findall(r'^ *"([^"]+)" \[(.*)\]$', graph_dot(graph, **choices), re.MULTILINE))


def slide() -> tuple[Graph, Tensor, Tensor]:
    graph = Graph()
    x, w, b = graph.placeholder("x", (1, 2)), graph.variable("w", [[3], [4]]), graph.variable("b", 1)
    return graph, graph.apply("tanh", graph.apply("matrix_product", x, w) + b, name="y"), w


def test_forward_and_gradient_operations_are_told_apart_by_shape_and_color() -> None:
    graph, y, w = slide()
    add_gradients([y], [w])
    said = lines_of(graph, opened=None)
    for name, line in said.items():
        is_plain = graph.operations[name].kind not in ("placeholder", "variable", "constant")
        in_gradients = name.startswith("gradients/")
        assert ("hexagon" in line and "#fbdcb8" in line) == (is_plain and in_gradients), name
    folded_line = lines_of(graph)["gradients/"]
    assert "#fbdcb8" in folded_line
    assert re.search(r'label="gradients\\n\d+ operations"', folded_line)


def test_an_operation_that_takes_a_tensor_twice_has_two_arrows() -> None:
    graph = Graph()
    x = graph.placeholder("x", (2,))
    graph.apply("multiply", x, x)
    assert graph_dot(graph).count('"x" -> "multiply" [label="[2]"]') == 2


def test_outputs_are_told_apart_and_what_only_waits_is_dashed() -> None:
    graph = Graph()
    first, second = graph.apply("unstack", graph.placeholder("x", (2,)))
    with graph.control_dependencies([first]):
        graph.apply("negative", second)
    text = graph_dot(graph)
    assert '"unstack" -> "negative" [label=":1"]' in text
    assert '"unstack" -> "negative" [style="dashed", color="#999999"]' in text


def test_constants_are_small_and_show_what_they_are() -> None:
    graph = Graph()
    graph.constant(Fraction(1, 3))
    graph.constant([[1, 2]], name="table")
    graph.constant(10**50)
    said = lines_of(graph)
    assert said["constant"].startswith('label="1/3", shape="plain", fontsize="9"')
    assert said["table"].startswith('label="table", shape="plain", fontsize="9"')
    assert "10000…" not in said["constant_1"]
    assert "00…" in said["constant_1"]


def test_names_hold_what_they_like(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph()
    hostile = ['"]; evil [x="', "back\\slash\\N", "<b>bold</b>", "two\nlines", "ŷ", "->", "a:b", "/", "a//b"]
    for name in hostile:
        graph.placeholder(name, ())
    for opened in ((), None):
        text = graph_dot(graph, opened=opened)
        without_escapes = re.sub(r"\\.", "", text)
        assert "evil" in without_escapes
        assert r"back\\slash\\N" in text
        assert "evil" not in re.sub(r'"[^"]*"', "", without_escapes)
        if GRAPHVIZ:
            picture = graph_svg(graph, opened=opened)
            assert picture is not None
            assert "<b>" not in picture
    assert "<b>" not in graph_page(graph, "<b>")
    monkeypatch.setenv("PATH", "")
    assert "<b>" not in graph_page(graph, "<b>", opened=None)


def test_a_page_loads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, *_ = slide()
    assert not OUTSIDE.search(graph_page(graph, "ŷ = tanh(xᵀw + b)").removeprefix("<!doctype html>"))
    monkeypatch.setenv("PATH", "")
    page = graph_page(graph, "ŷ = tanh(xᵀw + b)")
    assert graph_svg(graph) is None
    assert "<pre>digraph {" in page
    assert "<h1>ŷ = tanh(xᵀw + b)</h1>" in page


def test_a_notebook_shows_a_graph_where_graphviz_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, *_ = slide()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert graph._repr_svg_() is None
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\nread line\necho "<svg>$line $1</svg>"\n')
    program.chmod(0o755)
    assert (graph._repr_svg_() or "").strip() == "<svg>digraph { -Tsvg</svg>"


@needs_graphviz
@pytest.mark.parametrize("opened", CHOICES[:2], ids=str)
def test_graphviz_draws_every_box_and_every_arrow(opened: Any) -> None:
    for graph in graphs()[:6]:
        picture = graph_svg(graph, opened=opened, most=10_000)
        assert picture is not None
        boxes = folded(graph, opened, 10_000)
        assert picture.count('class="node"') == len(boxes)
        assert picture.count('class="edge"') == len(arrows(boxes))
        frames = {frame for box in boxes for frame in frames_of(box.frame)}
        assert picture.count('class="cluster"') == len(frames)


@needs_graphviz
def test_graphviz_warns_of_nothing() -> None:
    for graph in graphs()[:6]:
        done = subprocess.run(
            ["dot", "-Tsvg"], input=graph_dot(graph, opened=None), capture_output=True, check=True, encoding="utf-8"
        )
        assert done.stderr == ""


def test_a_graph_as_large_as_inception_is_a_small_picture() -> None:
    graph = Graph()
    x = y = graph.placeholder("x", ())
    for place in range(9000):
        with graph.name_scope(f"block_{place % 90}"):
            y = (y + place) * x
    add_gradients([y], [x])
    assert len(graph.operations) > 36_000
    assert len(folded(graph)) == 3, "x, the blocks, and the gradients"
    assert len(folded(graph, None)) <= 60 * 90
    assert len(folded(graph, ["block_0"])) == 6, "and three series in the block"
    assert 'label="block_0 … ×90\\n27,000 operations"' in graph_dot(graph)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"opened": ["conv"]}, r"opened: wanted scopes of the graph \(a, a/b\); got 'conv'"),
        ({"opened": [""]}, r"opened: wanted scopes of the graph \(a, a/b\); got ''"),
        ({"opened": "a"}, "opened: wanted a list of scopes of the graph, or None for all; got 'a'"),
        ({"most": 0}, "most: wanted a positive integer; got 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(choices: Any, said: str) -> None:
    graph = Graph()
    with graph.name_scope("a"), graph.name_scope("b"):
        graph.constant(1)
    with pytest.raises(InvalidArgument, match=said):
        graph_dot(graph, **choices)
