"""How architectures are written and read: see `reference.architecture`, which says what the notation means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from reference.errors import InvalidArgument

#: What a text consists of; spaces between them don't matter.
TOKEN = re.compile(r"->|\d+(?:x\d+)*|[A-Za-z]+|[][(),*]|(?P<unknown>\S)", re.ASCII)

#: For each kind of layer, what its size may be, in words, and how many numbers that are.
SIZES = {
    "INPUT": ("features, or rows x columns x channels", (1, 3)),
    "CONV": ("rows x columns x filters", (3,)),
    "POOL": ("rows x columns", (2,)),
    "FC": ("units", (1,)),
    "RELU": ("", ()),
}

#: The words after a size, and what they set.
OPTIONS = {"stride": "strides", "same": "padding", "valid": "padding"}

#: Enough for any network, and few enough to be written out at once.
MOST_LAYERS, MOST_BRACKETS, MOST_DIGITS = 10_000, 20, 9

#: What may follow: the slides' pattern. A RELU is followed by other layers after CONV than after FC.
END = "the end"
FOLLOWERS = {
    "the beginning": ("INPUT",),
    "INPUT": ("CONV", "FC"),
    "CONV": ("RELU",),
    "CONV -> RELU": ("CONV", "POOL", "FC"),
    "POOL": ("CONV", "FC"),
    "FC": ("RELU", END),
    "FC -> RELU": ("FC",),
}


@dataclass(frozen=True)
class Layer:
    """One layer: its kind and its sizes. Where it stands in the text is no part of what it is."""

    kind: str
    size: tuple[int, ...] = ()
    strides: tuple[int, int] = (1, 1)
    padding: str = "valid"
    place: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        said = [] if not self.size else ["x".join(map(str, self.size))]
        if self.strides != default_strides(self.kind, self.size):
            rows, columns = self.strides
            said.append(f"stride {rows}" if rows == columns else f"stride {rows}x{columns}")
        if self.padding != "valid":
            said.append(self.padding)
        return f"{self.kind}({', '.join(said)})" if said else self.kind


@dataclass(frozen=True)
class Group:
    """What stands in brackets, and how often it is repeated."""

    parts: tuple[Layer | Group, ...]
    times: int

    def __str__(self) -> str:
        return f"[{' -> '.join(map(str, self.parts))}]*{self.times}"


@dataclass(frozen=True)
class Architecture:
    """A network's layers, and the text that they were read from. Prints in the fewest words."""

    parts: tuple[Layer | Group, ...]
    text: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return " -> ".join(map(str, self.parts))

    def layers(self) -> Iterator[Layer]:
        """Every layer, as often as it is repeated."""
        return _expanded(self.parts)


def read(architecture: Any) -> Architecture:
    """Parse a text and hold it to the pattern; what has been parsed is returned as it is."""
    if isinstance(architecture, Architecture):
        return architecture
    if not isinstance(architecture, str):
        raise InvalidArgument("architecture", "a text such as 'INPUT(784) -> FC(10)'", repr(architecture))
    parsed = Architecture(_Reader(architecture).all(), architecture)
    before, after = "", "the beginning"
    for layer in (*parsed.layers(), Layer(END, place=len(architecture.rstrip()))):
        if layer.kind not in FOLLOWERS[after]:
            complain(architecture, layer.place, f"{' or '.join(FOLLOWERS[after])} after {after}", layer.kind)
        before, after = after, layer.kind
        if after == "RELU":
            after = f"{before} -> RELU"
        elif after == END:
            break
    return parsed


def default_strides(kind: str, size: tuple[int, ...]) -> tuple[int, int]:
    """The step between windows where none is said: one window, in pooling."""
    return (size[0], size[1]) if kind == "POOL" else (1, 1)


def complain(text: str, place: int, wanted: str, got: str) -> NoReturn:
    """Say what was wanted at a place of a text, and point at it."""
    start = text.rfind("\n", 0, place) + 1
    line, column = text.count("\n", 0, place) + 1, place - start + 1
    shown = text[start:].partition("\n")[0].replace("\t", " ")
    pointer = f"in line {line}, column {column}:\n    {shown}\n    {' ' * (column - 1)}^"
    raise InvalidArgument("architecture", wanted, f"{got} {pointer}")


def count_layers(part: Layer | Group) -> int:
    """How many layers a part is."""
    return 1 if isinstance(part, Layer) else part.times * sum(map(count_layers, part.parts))


def _expanded(parts: tuple[Layer | Group, ...]) -> Iterator[Layer]:
    for part in parts:
        if isinstance(part, Layer):
            yield part
        else:
            for _ in range(part.times):
                yield from _expanded(part.parts)


class _Reader:
    """Reads tokens from left to right, and complains where one isn't what was wanted."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [(match[0], match.start()) for match in TOKEN.finditer(text)]
        self.tokens.append((END, len(text.rstrip())))
        self.at = self.depth = 0

    @property
    def token(self) -> str:
        return self.tokens[self.at][0]

    @property
    def place(self) -> int:
        return self.tokens[self.at][1]

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][0]

    def complain(self, wanted: str) -> NoReturn:
        complain(self.text, self.place, wanted, self.token if self.token == END else repr(self.token))

    def expect(self, token: str) -> None:
        if self.token != token:
            self.complain(token if token == END else repr(token))
        self.take()

    def all(self) -> tuple[Layer | Group, ...]:
        parts = self.chain()
        if self.token != END:
            self.complain(f"'->' or {END}")
        return parts

    def chain(self) -> tuple[Layer | Group, ...]:
        parts = [self.part()]
        while self.token == "->":
            self.take()
            parts.append(self.part())
        return tuple(parts)

    def part(self) -> Layer | Group:
        if self.token != "[":
            return self.layer()
        self.depth += 1
        if self.depth > MOST_BRACKETS:
            self.complain(f"at most {MOST_BRACKETS} brackets inside each other")
        self.take()
        parts = self.chain()
        if self.token != "]":
            self.complain("'->' or ']'")
        self.take()
        self.expect("*")
        self.depth -= 1
        place = self.place
        group = Group(parts, *self.numbers("how often, as in *2", (1,), 0))
        if count_layers(group) > MOST_LAYERS:
            complain(self.text, place, f"at most {MOST_LAYERS:,} layers", f"{count_layers(group):,} up to here,")
        return group

    def layer(self) -> Layer:
        kind, place = self.token, self.place
        if kind not in SIZES:
            self.complain(f"{', '.join(SIZES)} or '['")
        self.take()
        meaning, lengths = SIZES[kind]
        if not lengths:
            return Layer(kind, place=place)
        self.expect("(")
        size = self.numbers(meaning, lengths)
        options = self.options() if kind in ("CONV", "POOL") else {}
        if self.token != ")":
            self.complain("',' or ')'" if kind in ("CONV", "POOL") else "')'")
        self.take()
        strides = options.get("strides", default_strides(kind, size))
        return Layer(kind, size, strides, options.get("padding", "valid"), place)

    def options(self) -> dict[str, Any]:
        """What is said after the size: a stride and a padding, each once at most."""
        said: dict[str, Any] = {}
        while self.token == ",":
            self.take()
            name = OPTIONS.get(self.token, "")
            if not name or name in said:
                left = [word for word, option in OPTIONS.items() if option not in said]
                self.complain(" or ".join(map(repr, left)) or "nothing more")
            word = self.take()
            if word == "stride":
                steps = self.numbers("a step, or rows x columns", (1, 2))
                said[name] = (steps[0], steps[-1])
            else:
                said[name] = word
        return said

    def numbers(self, meaning: str, lengths: tuple[int, ...], least: int = 1) -> tuple[int, ...]:
        """A size such as 3x3x12."""
        if not self.token[0].isdigit():
            self.complain(meaning)
        digits = self.token.split("x")
        if len(digits) not in lengths:
            self.complain(meaning)
        if any(len(number) > MOST_DIGITS or int(number) < least for number in digits):
            self.complain(f"{meaning}, each at least {least} and of {MOST_DIGITS} digits at most")
        self.take()
        return tuple(map(int, digits))
