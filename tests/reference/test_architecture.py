"""The notation of architectures: what is printed can be read, what is read fits, and what is wrong is pointed at."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import product
from math import prod

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import reference
from reference import InvalidArgument, layer_shapes, layer_table, parse_architecture, weight_shapes
from reference.arrays import zeros
from reference.notation import FOLLOWERS, Architecture, Group, Layer
from tests.reference.architectures import architectures
from tests.reference.support import many

TOKENS = re.compile(r"->|\d+(?:x\d+)*|[A-Za-z]+|[][(),*]")
#: Of the tutorial that the decks' examples come from.
TUTORIAL = {
    "INPUT(784) -> FC(200) -> RELU -> FC(100) -> RELU -> FC(60) -> RELU -> FC(30) -> RELU -> FC(10)": (
        [784 * 200, 200 * 100, 100 * 60, 60 * 30, 30 * 10],
        [200, 100, 60, 30, 10],
    ),
    "INPUT(28x28x1) -> CONV(6x6x6, same) -> RELU -> CONV(5x5x12, stride 2, same) -> RELU"
    " -> CONV(4x4x24, stride 2, same) -> RELU -> FC(200) -> RELU -> FC(10)": (
        [6 * 6 * 6, 5 * 5 * 6 * 12, 4 * 4 * 12 * 24, 7 * 7 * 24 * 200, 200 * 10],
        [6, 12, 24, 200, 10],
    ),
}


@given(architectures())
@many
def test_what_is_printed_is_read_as_it_was(architecture: Architecture):
    read = parse_architecture(str(architecture))
    assert read == architecture
    assert str(read) == str(architecture)


@given(architectures(), st.data())
@many
def test_spaces_and_line_breaks_do_not_matter(architecture: Architecture, data: st.DataObject):
    tokens = TOKENS.findall(str(architecture))
    spaces = data.draw(
        st.lists(st.sampled_from(("", " ", "\n", "\t \r\n")), min_size=len(tokens), max_size=len(tokens))
    )
    # A name and a number beside each other would be one word.
    apart = [space or " " * (token == "stride") for token, space in zip(tokens, spaces, strict=True)]
    text = "".join(token + space for token, space in zip(tokens, apart, strict=True))
    assert parse_architecture(text) == architecture


@given(architectures())
@many
def test_an_expanded_architecture_is_the_same_chain_of_layers(architecture: Architecture):
    expanded = reference.expand_architecture(architecture)
    assert not any(isinstance(part, Group) for part in expanded.parts)
    assert list(expanded.layers()) == list(architecture.layers()) == list(expanded.parts)
    assert reference.expand_architecture(str(expanded)) == expanded
    assert reference.count_hidden_layers(expanded) == reference.count_hidden_layers(architecture)
    assert shapes_or_message(expanded) == shapes_or_message(architecture)


def shapes_or_message(architecture: Architecture) -> object:
    try:
        return layer_shapes(architecture)
    except InvalidArgument as error:
        return error.wanted


@pytest.mark.parametrize("length", range(7))
def test_a_chain_is_read_if_it_is_the_slides_pattern(length: int):
    sizes = {"CONV": "(1x1x1)", "POOL": "(1x1)", "FC": "(1)", "RELU": ""}
    for kinds in product(sizes, repeat=length):
        text = " -> ".join(["INPUT(9x9x1)", *(kind + sizes[kind] for kind in kinds)])
        if re.fullmatch(r"((CR)+P?)*(FR)*F", "".join(kind[0] for kind in kinds)):
            assert [layer.kind for layer in parse_architecture(text).layers()] == ["INPUT", *kinds]
        else:
            with pytest.raises(InvalidArgument, match=r"^architecture: wanted .* after .*; got .* in line 1, column "):
                parse_architecture(text)


def test_every_pattern_of_a_few_repetitions_is_read():
    for n in (1, 2, 3):
        for m in (0, 1, 2):
            for k in (0, 1, 2):
                for pool in ("", " -> POOL(2x2)"):
                    text = (
                        f"INPUT(64x64x3) -> [[CONV(3x3x4, same) -> RELU]*{n}{pool}]*{m} -> [FC(8) -> RELU]*{k} -> FC(2)"
                    )
                    table = layer_table(text)
                    assert len(table.layers) == 2 + m * (2 * n + bool(pool)) + 2 * k
                    assert reference.count_hidden_layers(text) == n * m + k


@given(architectures(images=True).filter(lambda a: len(list(a.layers())) < 8), st.integers(1, 2))
@many
def test_shapes_are_those_of_what_the_reference_computes(architecture: Architecture, examples: int):
    try:
        shapes, parameters = layer_shapes(architecture), iter(weight_shapes(architecture))
    except InvalidArgument:
        assume(False)
    assume(sum(map(prod, shapes)) < 3000)
    values = zeros((examples, *shapes[0]))
    for layer, shape in zip(architecture.layers(), shapes, strict=True):
        windows = {"strides": layer.strides, "padding": layer.padding}
        if layer.kind == "CONV":
            values = reference.conv2d(values, zeros(next(parameters)), **windows)
        elif layer.kind == "POOL":
            values = reference.max_pool2d(values, pool_size=layer.size, **windows)
        elif layer.kind == "FC":
            features, units = next(parameters)
            values = reference.dense([reference.flatten(row) for row in values], zeros((features, units)), [0] * units)
        assert reference.shape(values) == (examples, *shape)
    assert next(parameters, None) is None


@pytest.mark.parametrize("text", TUTORIAL)
def test_weights_of_the_tutorials_networks(text: str):
    weights, biases = TUTORIAL[text]
    table = layer_table(text)
    assert [count for count in table.weights if count] == weights
    assert [count for count in table.biases if count] == biases
    assert list(map(prod, weight_shapes(text))) == weights
    assert str(table).splitlines()[-1].split() == ["in", "all", f"{sum(weights):,}", f"{sum(biases):,}"]


def test_a_table_has_a_row_for_each_layer():
    table = layer_table("INPUT(4x6x1) -> [CONV(3x3x2, stride 1x2) -> RELU]*1 -> POOL(2x1, stride 1) -> FC(3)")
    assert table.layers == ["INPUT(4x6x1)", "CONV(3x3x2, stride 1x2)", "RELU", "POOL(2x1, stride 1)", "FC(3)"]
    assert table.shapes == [[4, 6, 1], [2, 2, 2], [2, 2, 2], [1, 2, 2], [3]]
    assert table.weights == [0, 18, 0, 0, 12]
    assert table.biases == [0, 2, 0, 0, 3]


def test_what_is_not_said_is_the_usual():
    assert layer_shapes("INPUT(8x8x1) -> CONV(3x2x5) -> RELU -> POOL(2x3) -> FC(1)")[1:4:2] == ([6, 7, 5], [3, 2, 5])


def test_brackets_beside_each_other_are_not_inside_each_other():
    text = " -> ".join(["INPUT(2)", *["[[FC(3) -> RELU]*1]*1"] * 30, "FC(2)"])
    assert reference.count_hidden_layers(text) == 30


@pytest.mark.parametrize(
    ("text", "wanted", "got", "place"),
    [
        ("", "INPUT, CONV, POOL, FC, RELU or '['", "the end", (1, 1)),
        ("INPUT(2) -> CNOV(3x3x1)", "INPUT, CONV, POOL, FC, RELU or '['", "'CNOV'", (1, 13)),
        ("INPUT(2) -> fc(1)", "INPUT, CONV, POOL, FC, RELU or '['", "'fc'", (1, 13)),
        ("INPUT(2) -> []*2 -> FC(1)", "INPUT, CONV, POOL, FC, RELU or '['", "']'", (1, 14)),
        ("INPUT(2) FC(1)", "'->' or the end", "'FC'", (1, 10)),
        ("INPUT(2) -> FC(1) ?", "'->' or the end", "'?'", (1, 19)),
        ("INPUT(2) -> FC(1))", "'->' or the end", "')'", (1, 18)),
        ("INPUT(2) -> FC", "'('", "the end", (1, 15)),
        ("INPUT(2x2) -> FC(1)", "features, or rows x columns x channels", "'2x2'", (1, 7)),
        ("INPUT(9x9x1) ->\n  CONV(3x3) -> RELU -> FC(1)", "rows x columns x filters", "'3x3'", (2, 8)),
        ("INPUT(9x9x1) -> CONV(3x3x1 same)", "',' or ')'", "'same'", (1, 28)),
        ("INPUT(9x9x1) -> CONV(3x3x1, full)", "'stride' or 'same' or 'valid'", "'full'", (1, 29)),
        ("INPUT(9x9x1) -> CONV(3x3x1, same, valid)", "'stride'", "'valid'", (1, 35)),
        ("INPUT(9x9x1) -> CONV(3x3x1, same, stride 2, same)", "nothing more", "'same'", (1, 45)),
        ("INPUT(9x9x1) -> CONV(3x3x1, stride same)", "a step, or rows x columns", "'same'", (1, 36)),
        ("INPUT(9x9x1) -> CONV(3x3x1, stride 1x2x3)", "a step, or rows x columns", "'1x2x3'", (1, 36)),
        ("INPUT(2) -> FC(1, same)", "')'", "','", (1, 17)),
        ("INPUT(2) -> [FC(1) -> RELU", "'->' or ']'", "the end", (1, 27)),
        ("INPUT(2) -> [FC(1) -> RELU] -> FC(1)", "'*'", "'->'", (1, 29)),
        ("INPUT(2) -> [FC(1) -> RELU]*K -> FC(1)", "how often, as in *2", "'K'", (1, 29)),
        ("INPUT(2) -> FC(0)", "units, each at least 1 and of 9 digits at most", "'0'", (1, 16)),
        (
            "INPUT(2) -> FC(" + "9" * 5000 + ")",
            "units, each at least 1 and of 9 digits at most",
            "'" + "9" * 5000 + "'",
            (1, 16),
        ),
        ("FC(2)", "INPUT after the beginning", "FC", (1, 1)),
        ("INPUT(2) -> INPUT(2)", "CONV or FC after INPUT", "INPUT", (1, 13)),
        ("INPUT(9x9x1) -> POOL(2x2) -> FC(1)", "CONV or FC after INPUT", "POOL", (1, 17)),
        ("INPUT(9x9x1) -> CONV(1x1x1) -> FC(1)", "RELU after CONV", "FC", (1, 32)),
        ("INPUT(9x9x1) -> [CONV(1x1x1) -> RELU -> POOL(1x1) -> FC(1)]*2", "RELU or the end after FC", "CONV", (1, 18)),
        ("INPUT(2) ->\nFC(1) ->\nRELU\n", "FC after FC -> RELU", "the end", (3, 5)),
        ("INPUT(2) -> [FC(1) -> RELU]*10000 -> FC(1)", "at most 10,000 layers", "20,000 up to here,", (1, 29)),
        ("[" * 2000, "at most 20 brackets inside each other", "'['", (1, 21)),
    ],
)
def test_what_is_wrong_is_pointed_at(text: str, wanted: str, got: str, place: tuple[int, int]):
    line, column = place
    shown = text.split("\n")[line - 1]
    with pytest.raises(InvalidArgument) as raised:
        parse_architecture(text)
    pointer = f"in line {line}, column {column}:\n    {shown}\n    {' ' * (column - 1)}^"
    assert str(raised.value) == f"architecture: wanted {wanted}; got {got} {pointer}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "INPUT(4x9x1) -> CONV(5x3x1) -> RELU -> FC(1)",
            r"a window no larger than the image's \[4, 9\]; got \[5, 3\] .* 17:",
        ),
        ("INPUT(9) -> CONV(5x3x1) -> RELU -> FC(1)", "an image before CONV; got 9 features in line 1, column 13:"),
        (
            "INPUT(9x9x1) -> [CONV(1x1x1) -> RELU -> POOL(3x3)]*3 -> FC(1)",
            r"a window no larger than the image's \[1, 1\]; got \[3, 3\] in line 1, column 41:",
        ),
    ],
)
@pytest.mark.parametrize("function", [layer_shapes, weight_shapes, layer_table])
def test_layers_that_do_not_fit_are_pointed_at(function, text: str, message: str):
    with pytest.raises(InvalidArgument, match=f"^architecture: wanted {message}"):
        function(text)


@pytest.mark.parametrize("value", [None, 3, b"INPUT(2) -> FC(1)", ["INPUT(2)"], Layer("RELU")], ids=repr)
def test_an_architecture_is_a_text(value: object):
    with pytest.raises(InvalidArgument, match=r"^architecture: wanted a text such as 'INPUT\(784\) -> FC\(10\)'; got "):
        parse_architecture(value)


@given(architectures(), st.data())
@many
def test_any_slip_of_the_pen_is_read_or_pointed_at(architecture: Architecture, data: st.DataObject):
    text = str(architecture)
    at = data.draw(st.integers(0, len(text)))
    slip = data.draw(st.sampled_from(("", " ", "0", "x", "-", ">", "->", "[", "]", "*", "(", ")", ",", "A", "é", "\n")))
    text = text[:at] + slip + text[at + data.draw(st.integers(0, 2)) :]
    try:
        with suppress(InvalidArgument):
            layer_shapes(parse_architecture(text))
        parse_architecture(text)
    except InvalidArgument as error:
        line, column = map(int, re.search(r"in line (\d+), column (\d+):", str(error)).groups())
        assert 1 <= line <= text.count("\n") + 1
        assert 1 <= column <= len(text.split("\n")[line - 1]) + 1


def test_the_pattern_speaks_of_every_kind_of_layer():
    followed = {kind for kinds in FOLLOWERS.values() for kind in kinds}
    assert followed - {"the end"} == {"INPUT", "CONV", "POOL", "FC", "RELU"}
