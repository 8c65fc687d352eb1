"""Texts of algorithms that come from elsewhere: read as data first, and run only if they hold nothing but arithmetic.

An implementation claims an algorithm by a text, and the judge has to run that text beside what it knows. So a text says
what it computes and nothing else: functions over numbers and lists, with loops and branches. It imports the reference's
functions and a few of Python's, asks numbers nothing that only some of them know, keeps nothing from call to call, and
touches nothing outside of itself. What isn't listed here is refused, with its line.
"""

from __future__ import annotations

import ast
import builtins
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

#: A text that is longer isn't read.
MOST_BYTES = 100_000

STATEMENTS = (
    ast.Assert, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Break, ast.Continue, ast.Expr, ast.For, ast.FunctionDef,
    ast.If, ast.Pass, ast.Raise, ast.Return,
)  # fmt: skip
EXPRESSIONS = (
    ast.Attribute, ast.BinOp, ast.BoolOp, ast.Call, ast.Compare, ast.Constant, ast.Dict, ast.DictComp, ast.GeneratorExp,
    ast.IfExp, ast.Lambda, ast.List, ast.ListComp, ast.Name, ast.NamedExpr, ast.Set, ast.SetComp, ast.Slice,
    ast.Starred, ast.Subscript, ast.Tuple, ast.UnaryOp,
)  # fmt: skip
#: What stands at the top of a text beside functions and imports, or as a default: values that nobody can change.
CONSTANTS = (ast.Constant, ast.Tuple, ast.UnaryOp, ast.BinOp, ast.Name)

BUILTINS = (
    "abs", "all", "any", "bool", "dict", "divmod", "enumerate", "filter", "float", "int", "len", "list", "map", "max",
    "min", "pow", "range", "reversed", "round", "set", "slice", "sorted", "sum", "tuple", "zip", "ValueError",
)  # fmt: skip
#: What may be imported beside functions of the reference: nothing that evaluates, changes, or never ends.
IMPORTS: dict[str, tuple[str, ...]] = {
    "__future__": ("annotations",),
    "typing": ("Any",),
    "collections.abc": ("Callable", "Iterable", "Iterator", "Sequence"),
    "fractions": ("Fraction",),
    "functools": ("partial", "reduce"),
    "itertools": ("accumulate", "chain", "combinations", "pairwise", "permutations", "product", "zip_longest"),
    "math": ("ceil", "comb", "factorial", "floor", "gcd", "isqrt", "pi", "prod"),
    "reference.numbers.mixing": ("beside", "divide", "minus", "multiply", "plus"),
}
#: Of lists and dicts. Numbers have no attributes that all of them share: their functions are in reference.elementary.
METHODS = frozenset(name for kind in (list, dict) for name in dir(kind) if not name.startswith("_"))


class NotPlain(Exception):
    """A text that holds something else than arithmetic; says what, and in which line."""


def plain_function(file: str, name: str) -> Callable[..., Any]:
    """The function of a name at the top of a plain text.

    Args:
        file: where the text is.
        name: what the function is called there.

    Returns:
        The function, which can reach nothing but what the text imports.

    Raises:
        NotPlain: if the file can't be read, or holds anything that a text may not.
    """
    source = _source(Path(file))
    try:
        tree = ast.parse(source)
        found = list(objections(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NotPlain(f"{file}: no Python text: {error}") from None
    for node, why in found:
        raise NotPlain(f"{file}, line {getattr(node, 'lineno', 1)}: {why}: {_line(source, node)}")
    if not any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body):
        raise NotPlain(f"{file}: no function {name} at the top of the text")
    allowed = {known: getattr(builtins, known) for known in (*BUILTINS, "__import__")}
    namespace: dict[str, Any] = {"__builtins__": allowed, "__name__": Path(file).stem}
    try:
        exec(compile(tree, file, "exec"), namespace)
    except Exception as error:
        raise NotPlain(f"{file}: {type(error).__name__}: {error}") from None
    return namespace[name]


def objections(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """What in a text is more than arithmetic; takes its annotations away, which are for readers only."""
    _forget_annotations(tree)
    known, attributes = {*BUILTINS, *_defined(tree)}, {*METHODS, *_fields()}
    for top in tree.body:
        if isinstance(top, (ast.Import, ast.ImportFrom)):
            yield from ((top, why) for why in _of_import(top))
            continue
        if not isinstance(top, ast.FunctionDef):
            yield from _of_constant(top)
        for node in ast.walk(top):
            if why := _of_node(node, known, attributes):
                yield node, why


def _of_node(node: ast.AST, known: set[str], attributes: set[str]) -> str:
    """What is wrong with a part of a text; nothing if it is arithmetic."""
    if isinstance(node, (ast.stmt, ast.expr)) and not isinstance(node, STATEMENTS + EXPRESSIONS):
        return f"a text has no {type(node).__name__} here"
    if isinstance(node, ast.FunctionDef) and node.decorator_list:
        return "a text has no decorators"
    if isinstance(node, ast.FunctionDef | ast.Lambda) and not all(map(_is_constant, _defaults(node.args))):
        return "a default is a constant"
    if isinstance(node, ast.Attribute) and not (isinstance(node.ctx, ast.Load) and node.attr in attributes):
        return f"a text knows no attribute {node.attr}"
    if isinstance(node, ast.Name) and (node.id.startswith("__") or node.id not in known):
        return f"a text knows no {node.id}"
    return ""


def _forget_annotations(tree: ast.Module) -> None:
    """Take away what is for readers only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.copy_location(ast.Constant(None), node)


def _source(path: Path) -> str:
    """A file's text; a pipe or a device would keep the judge waiting."""
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise NotPlain(f"{path}: wanted a file of at most {MOST_BYTES} bytes")
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise NotPlain(f"{path}: {error}") from None


def _line(source: str, node: ast.AST) -> str:
    lines, number = source.splitlines(), getattr(node, "lineno", 1)
    return lines[number - 1].strip() if number <= len(lines) else ""


def _defined(tree: ast.Module) -> Iterator[str]:
    """Every name that a text gives to something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name


def _of_import(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """What is wrong with an import: names of the listed modules, and functions of the reference's rooms."""
    module = (node.module or "") if isinstance(node, ast.ImportFrom) and not node.level else ""
    ours = module.partition(".")[0] == "reference" and "numbers" not in module.split(".")
    if module not in IMPORTS and not ours:
        yield "a text imports names of the reference's rooms, and a few of Python's own"
        return
    for alias in node.names:
        if alias.name not in IMPORTS.get(module, ()) and not (ours and _is_plain(module, alias.name)):
            yield f"a text doesn't import {alias.name} from {module}"


def _is_plain(module: str, name: str) -> bool:
    """Whether the reference has a function or a tuple of arrays of that name, or an alias for annotations."""
    try:
        value = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return False
    home = str(getattr(value, "__module__", ""))
    # Who draws calls another program.
    ours = home.startswith("reference.") and not home.endswith("pictures")
    function = isinstance(value, FunctionType) or (isinstance(value, type) and issubclass(value, tuple))
    return name in ("Array", "Number") or (ours and function and not name.startswith("_"))


def _of_constant(top: ast.stmt) -> Iterator[tuple[ast.AST, str]]:
    """What is wrong with what stands beside a text's functions: only names for constants, and its description."""
    if isinstance(top, ast.Expr) and isinstance(top.value, ast.Constant):
        return
    if not isinstance(top, (ast.Assign, ast.AnnAssign)) or top.value is None:
        yield top, "a text holds imports, constants and functions"
    elif not _is_constant(top.value):
        yield top, "what a text names beside its functions is constant"


def _is_constant(value: ast.expr) -> bool:
    """Whether nobody can change a value: numbers, fractions, and tuples of them."""
    if isinstance(value, ast.Call):
        called = isinstance(value.func, ast.Name) and value.func.id == "Fraction" and not value.keywords
        return called and all(map(_is_constant, value.args))
    parts = [node for node in ast.iter_child_nodes(value) if isinstance(node, ast.expr)]
    return isinstance(value, CONSTANTS) and all(map(_is_constant, parts))


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [default for default in (*arguments.defaults, *arguments.kw_defaults) if default is not None]


def _fields() -> Iterator[str]:
    """The names of the parts of what the reference returns, but for what numbers are asked for by name."""
    package, of_numbers = importlib.import_module("reference"), importlib.import_module("reference.numbers")
    asked = {name for number in vars(of_numbers).values() for name in dir(number)}
    for room in vars(package).values():
        for value in vars(room).values() if getattr(room, "__name__", "").startswith("reference.") else ():
            yield from (name for name in getattr(value, "_fields", ()) if name not in asked)
