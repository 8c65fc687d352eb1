"""Implementations: any module with functions of the reference's names and signatures over NumPy arrays."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from reference.numbers import Arithmetic

DTYPES = ("float32", "float64")

#: What may be said of an arithmetic in a module's PROFILE.
CLAIMS = ("unit_roundoff", "accumulation_roundoff", "input_roundoff", "flush_to_zero", "ulps")


class UnknownImplementation(LookupError):
    """No such module or file, or one that says something about itself that can't be understood."""


@dataclass(frozen=True)
class Implementation:
    """A module to check, and what it says of itself.

    A module may have, beside its functions:
        PROFILE: for "float32" and "float64" a dict of claims about its arithmetic (`reference.numbers.Arithmetic`);
            what it doesn't say is taken as IEEE arithmetic that may flush subnormals, with 4 to 10 ULPs for elementary
            functions.
        KNOWN_DEVIATIONS: {(operation, check): reason}, the check as the report names it, or the beginning of its name.
        SKIPPED: {operation: reason} for what can't be run here, for want of a device, say.
        DESCRIPTION: a line about what it runs on.
        CASES: how many deciding cases are enough by default, for something slow.
        LARGEST_DIMENSION: no axis drawn is longer.
    """

    name: str
    module: ModuleType
    arithmetics: Mapping[str, Arithmetic]
    known_deviations: Mapping[tuple[str, str], str]
    skipped: Mapping[str, str]
    description: str
    cases: int | None
    largest: int | None

    def function(self, operation: str) -> Callable[..., Any] | None:
        """The implementation's function of that name, if it has one."""
        function = getattr(self.module, operation, None)
        return function if callable(function) else None

    def known_deviation(self, operation: str, check: str) -> str | None:
        """Why the implementation deviates in a check, if it says so: listed by the beginning of the check's name."""
        for (listed_operation, listed_check), reason in self.known_deviations.items():
            if listed_operation == operation and check.startswith(listed_check):
                return reason
        return None


def load(name: str) -> Implementation:
    """Load an implementation: one of ours by its name, any module, or a .py file.

    Args:
        name: "tensorflow" (a module in conformance/implementations), "fast.cpu" (any importable module), or a path
            that ends in .py.

    Returns:
        The implementation.

    Raises:
        UnknownImplementation: if there is no such thing, or its PROFILE or KNOWN_DEVIATIONS can't be understood.
    """
    module = _load_module(name)
    profile = getattr(module, "PROFILE", {})
    deviations = getattr(module, "KNOWN_DEVIATIONS", {})
    for key in deviations:
        if not (isinstance(key, tuple) and len(key) == 2):
            raise UnknownImplementation(f"{name}: KNOWN_DEVIATIONS: wanted (operation, check) as keys; got {key!r}")
    return Implementation(
        name=name,
        module=module,
        arithmetics={dtype: _arithmetic(name, dtype, profile.get(dtype, {})) for dtype in DTYPES},
        known_deviations=deviations,
        skipped=getattr(module, "SKIPPED", {}),
        description=getattr(module, "DESCRIPTION", ""),
        cases=getattr(module, "CASES", None),
        largest=getattr(module, "LARGEST_DIMENSION", None),
    )


def _arithmetic(name: str, dtype: str, claims: Mapping[str, Any]) -> Arithmetic:
    unknown = [claim for claim in claims if claim not in CLAIMS]
    if unknown:
        raise UnknownImplementation(f"{name}: PROFILE: wanted {', '.join(CLAIMS)}; got {', '.join(unknown)}")
    return Arithmetic(dtype, **claims)


def _load_module(name: str) -> ModuleType:
    if name.endswith(".py"):
        path = Path(name)
        specification = importlib.util.spec_from_file_location(path.stem, path)
        if not path.is_file() or specification is None or specification.loader is None:
            raise UnknownImplementation(f"{name}: no such file")
        module = importlib.util.module_from_spec(specification)
        sys.modules.setdefault(path.stem, module)
        specification.loader.exec_module(module)
        return module
    ours = f"conformance.implementations.{name}"
    found = "." not in name and importlib.util.find_spec(ours)
    try:
        return importlib.import_module(ours if found else name)
    except ModuleNotFoundError as error:
        if error.name and name.startswith(error.name):
            raise UnknownImplementation(f"{name}: no such module; give a module's name or a .py file") from None
        raise
