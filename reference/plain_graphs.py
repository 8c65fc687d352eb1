"""Graphs as plain data, a dict for each operation: what stands in such a dict, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from reference.errors import InvalidArgument


class Entry(NamedTuple):
    """An operation as plain data says it. Only its name and its kind must be said."""

    name: str
    kind: Any = None
    inputs: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = {}
    control_inputs: tuple[str, ...] = ()
    device: str = ""


def entries(data: object) -> Iterator[Entry]:
    """The operations of plain data, one after the other, or what is wrong with one."""
    if not isinstance(data, (list, tuple)) or not all(isinstance(entry, Mapping) for entry in data):
        raise InvalidArgument("graph", "a list of operations, each a dict", f"{data!r:.60}")
    taken: set[str] = set()
    for place, entry in enumerate(data):
        name = entry.get("name")
        if not isinstance(name, str) or not name or name in taken:
            raise InvalidArgument(f"name of operation {place}", "a text that no other has", repr(name))
        taken.add(name)
        unknown = sorted(str(key) for key in entry if key not in Entry._fields)
        if unknown:
            raise InvalidArgument(f"operation '{name}'", "name, kind, inputs, …", ", ".join(unknown))
        for key, (is_so, wanted) in WANTED.items():
            if key in entry and not is_so(entry[key]):
                raise InvalidArgument(f"{key} of '{name}'", wanted, f"{entry[key]!r:.60}")
        yield Entry(**entry)


def _are_texts(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(entry, str) for entry in value)


def _is_by_name(value: object) -> bool:
    return isinstance(value, Mapping) and _are_texts(list(value))


#: How what an operation needn't say is said, and that in words.
WANTED: dict[str, tuple[Callable[[object], bool], str]] = {
    "inputs": (_are_texts, "a list of names of tensors"),
    "attributes": (_is_by_name, "a dict by their names"),
    "control_inputs": (_are_texts, "a list of names of operations"),
}
