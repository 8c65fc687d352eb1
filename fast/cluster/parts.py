"""The parts of a graph as a client hands them over, checked once before anything is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reference.errors import InvalidArgument

#: The attributes of the kinds that segments look into.
NEEDED = {
    "send": ("tensor", "destination"),
    "receive": ("tensor", "source"),
    **dict.fromkeys(("read", "assign", "assign_add"), ("variable",)),
}
#: What an operation needn't say.
UNSAID: dict[str, Any] = {"inputs": (), "control_inputs": (), "attributes": {}}

Part = Sequence[Mapping[str, Any]]


def require_parts(parts: object) -> dict[str, Part]:
    """Return parts in which every operation says all that it could, or say what is wrong with one."""
    if not isinstance(parts, Mapping) or not parts:
        raise InvalidArgument("parts", "a graph as plain data for the name of each device", type(parts).__name__)
    return {device: _require_part(device, part) for device, part in parts.items()}


def _require_part(device: str, part: object) -> Part:
    wanted = f"a list of operations, each a dict, on '{device}'"
    if not isinstance(part, (list, tuple)):
        raise InvalidArgument("parts", wanted, repr(part))
    whole: dict[str, Mapping[str, Any]] = {}
    for place, entry in enumerate(part):
        if not isinstance(entry, Mapping):
            raise InvalidArgument("parts", wanted, f"{entry!r} in it")
        name = entry.get("name")
        if not isinstance(name, str) or name in whole:
            said = "a text" if not isinstance(name, str) else "a text that no other has"
            raise InvalidArgument(f"name of operation {place} on '{device}'", said, repr(name))
        whole[name] = _require_entry(device, {**UNSAID, **entry}, whole)
    return list(whole.values())


def _require_entry(device: str, entry: dict[str, Any], before: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    name, kind, attributes = entry["name"], entry.get("kind"), entry["attributes"]
    if not isinstance(kind, str):
        raise InvalidArgument(f"kind of '{name}'", "a text", repr(kind))
    for key in ("inputs", "control_inputs"):
        if not isinstance(entry[key], (list, tuple)) or not all(isinstance(each, str) for each in entry[key]):
            raise InvalidArgument(f"{key} of '{name}'", "a list of texts", repr(entry[key]))
    if not isinstance(attributes, Mapping):
        raise InvalidArgument(f"attributes of '{name}'", "a dict", repr(attributes))
    missing = [each for each in NEEDED.get(kind, ()) if each not in attributes]
    if missing:
        raise InvalidArgument(f"attributes of {kind} '{name}'", ", ".join(missing), ", ".join(attributes) or "none")
    variable = attributes.get("variable")
    if variable is not None and before.get(variable, {}).get("kind") != "variable":
        wanted = f"the name of a variable on '{device}'"
        raise InvalidArgument(f"variable of {kind} '{name}'", wanted, repr(variable))
    return entry
