"""What a claimed text may hold, and that whatever else it holds is refused before a line of it is run."""

from __future__ import annotations

import ast
from fractions import Fraction
from pathlib import Path

import pytest

import reference
from conformance.plain_text import METHODS, MOST_BYTES, NotPlain, _fields, objections, plain_function
from reference.numbers import Arithmetic, Dual, Formula, Interval, Node, Rounded

PLAIN = '''
"""Winograd's F(4, 3) of one row, and a softmax: loops, branches, local lists, constants and helpers."""
from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from reference.arrays import Array, total
from reference.convolution import require_convolution
from reference.elementary import exp, shift_by_maximum

SIXTH: Any = Fraction(1, 6)
POINTS, ODD = (0, 1, -1, 2, -2), 1 + 2


def _doubled(x: Any, factor: int = 2, *, offset: Any = (0, -1)) -> Any:
    return factor * x + offset[0]


def softmax(z: Array) -> Array:
    """A function of the reference's signature."""
    if isinstance_of_nothing := not z:
        raise ValueError("empty")
    rows: list[Any] = []
    for row in z:
        exponentials = [exp(score) for score in shift_by_maximum(row)]
        rows.append([e / total(exponentials) for e in exponentials])
    seen = {place: sum(map(lambda entry: 1, row)) for place, row in enumerate(rows)}
    seen[0] = prod(seen.values()) + _doubled(SIXTH) - 2 * Fraction(1, 6)
    rows[0][0:1] = rows[0][:1]
    return rows if isinstance_of_nothing or len(POINTS) + ODD == 8 else []


def conv2d(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    geometry, count = require_convolution(images, filters, strides, padding)
    return [[[[0] * count for _ in range(geometry.outputs[1])]] for _, _ in product(range(2), range(1))]
'''

#: Lines that make a text refused: what is said of each of them.
HOSTILE = {
    "import os": "a text imports",
    "import math": "a text imports",
    "from os import system": "a text imports",
    "from . import secrets": "a text imports",
    "from reference.numbers import Rounded": "a text imports",
    "from reference.numbers.rounded import Rounded": "a text imports",
    "from conformance.subject import Subject": "a text imports",
    "from reference import *": r"a text doesn't import \*",
    "from reference import numbers": "a text doesn't import numbers",
    "from reference.elementary import math": "a text doesn't import math",
    "from reference.elementary import localcontext": "a text doesn't import localcontext",
    "from reference import graph_svg": "a text doesn't import graph_svg",
    "from reference.graph_pictures import drawn": "a text doesn't import drawn",
    "from reference.elementary import _own": "a text doesn't import _own",
    "from reference.backpropagation import Node": "a text doesn't import Node",
    "from reference.gone import f": "a text doesn't import f",
    "from functools import update_wrapper": "a text doesn't import update_wrapper",
    "from typing import get_type_hints": "a text doesn't import get_type_hints",
    "from itertools import count": "a text doesn't import count",
    "from math import exp": "a text doesn't import exp",
    "print(1)": "a text holds imports, constants and functions",
    "for x in (1, 2): y = x": "a text holds imports, constants and functions",
    "class Number: pass": "a text holds imports, constants and functions",
    "SEEN = []": "constant",
    "SEEN = list()": "constant",
    "SEEN = (1, [])": "constant",
    "F = lambda x: x": "constant",
    "def g(x, seen=[]): return seen": "a default is a constant",
    "def g(x, *, f=lambda y: y): return f": "a default is a constant",
    "@print\ndef g(x): return x": "a text has no decorators",
    "def g(x): return eval('x')": "a text knows no eval",
    "def g(x): return exec('x')": "a text knows no exec",
    "def g(x): return open('/etc/passwd')": "a text knows no open",
    "def g(x): return __import__('os')": "a text knows no __import__",
    "def g(x): return __builtins__": "a text knows no __builtins__",
    "def g(x): return globals()": "a text knows no globals",
    "def g(x): return getattr(x, 'error')": "a text knows no getattr",
    "def g(x): return type(x)": "a text knows no type",
    "def g(x): return isinstance(x, float)": "a text knows no isinstance",
    "def g(x): return ().__class__": "a text knows no attribute __class__",
    "def g(x): return (y for y in x).gi_frame": "a text knows no attribute gi_frame",
    "def g(x): return '{0.real}'.format(x)": "a text knows no attribute format",
    "def g(x): return f'{x}'": "a text has no JoinedStr",
    "def g(x): return x.error": "a text knows no attribute error",
    "def g(x): return x.with_bounds(1e9, 1e9, False)": "a text knows no attribute with_bounds",
    "def g(x): return x.exp()": "a text knows no attribute exp",
    "def g(x): x.outputs = 1": "a text knows no attribute outputs",
    "def g(x):\n    while True: x = x": "a text has no While",
    "def g(x):\n    try: return x\n    except: return 0": "a text has no Try",
    "def g(x):\n    with x: return 0": "a text has no With",
    "def g(x):\n    global z\n    z = x": "a text has no Global",
    "def g(x):\n    import os\n    return os": "a text has no Import",
    "def g(x):\n    class A: pass\n    return A": "a text has no ClassDef",
    "def g(x): yield x": "a text has no Yield",
    "def g(x): del x": "a text has no Delete",
    "async def g(x): return x": "a text holds imports, constants and functions",
}


def written(folder: Path, text: str) -> str:
    path = folder / "text.py"
    path.write_text(text, "utf-8")
    return str(path)


def test_a_plain_text_is_taken_as_it_is(tmp_path: Path) -> None:
    file = written(tmp_path, PLAIN)
    softmax = plain_function(file, "softmax")
    assert softmax([[0.0, 1.0]]) == reference.softmax([[0.0, 1.0]])
    assert reference.shape(plain_function(file, "conv2d")([[[[1]]]], [[[[1]]]])) == (2, 1, 1, 1)
    assert plain_function(file, "_doubled")(Fraction(1, 3)) == Fraction(2, 3)


def test_our_own_alternatives_are_as_plain_as_we_ask_others_to_be() -> None:
    for path in sorted((Path(reference.__file__).parent / "alternatives").glob("[a-z]*.py")):
        left = [why for node, why in objections(ast.parse(path.read_text("utf-8")))]
        # The list of what a room offers is ours alone.
        assert left in ([], ["what a text names beside its functions is constant", "a text knows no __all__"]), path


@pytest.mark.parametrize("line", HOSTILE)
def test_what_is_more_than_arithmetic_is_refused_with_its_line(line: str, tmp_path: Path) -> None:
    number = len(PLAIN.splitlines()) + 1
    text = PLAIN + line + "\n"
    blamed = next(n for n, of in enumerate(text.splitlines(), 1) if n >= number)
    with pytest.raises(NotPlain, match=HOSTILE[line]) as refused:
        plain_function(written(tmp_path, text), "softmax")
    told = int(str(refused.value).partition(", line ")[2].partition(":")[0])
    assert blamed <= told <= len(text.splitlines())
    assert str(refused.value).endswith(text.splitlines()[told - 1].strip())


def test_a_refused_text_is_never_run(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    text = f"from pathlib import Path\nPath({str(witness)!r}).touch()\n{PLAIN}"
    with pytest.raises(NotPlain):
        plain_function(written(tmp_path, text), "softmax")
    assert not witness.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def softmax(z) return z", "no Python text"),
        ("def softmax(z):\n    return z\0", "no Python text"),
        ("(" * 5000, "no Python text"),
        (f"X = {'-' * 2000}1", "no Python text"),
        (f"X = {'1, (' * 90}{')' * 90}\nY = {'1 + ' * 3000}1", "no Python text"),
        ("def other(z):\n    return z", "no function softmax"),
        ("softmax = 1", "no function softmax"),
        ("if 1:\n    def softmax(z):\n        return z", "imports, constants and functions"),
        ("X = 1 / 0\ndef softmax(z):\n    return z", "ZeroDivisionError"),
        (f"# {'x' * MOST_BYTES}", "wanted a file of at most"),
    ],
)
def test_what_is_no_text_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(NotPlain, match=said):
        plain_function(written(tmp_path, text), "softmax")


@pytest.mark.parametrize("file", ["", "/nowhere/text.py", "/dev/zero", "/", "a\0b"])
def test_what_is_no_file_is_refused(file: str) -> None:
    with pytest.raises(NotPlain):
        plain_function(file, "softmax")


def test_a_text_can_ask_no_number_what_only_some_numbers_know() -> None:
    fields = set(_fields())
    assert {"outputs", "padded", "strides"} <= fields
    for kind in (Rounded, Interval, Dual, Node, Formula, Arithmetic):
        assert not (METHODS | fields) & set(dir(kind)), kind
