"""Implementations: any module with functions of the reference's names and signatures over NumPy arrays."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from conformance.algorithms import Algorithm, place_of
from conformance.calls import declared_defaults, location_of
from conformance.deviations import Deviation
from reference.numbers import Arithmetic

DTYPES = ("float32", "float64")

#: What may be said of an arithmetic in a module's PROFILE.
CLAIMS = (
    "unit_roundoff",
    "accumulation_roundoff",
    "input_roundoff",
    "flush_to_zero",
    "ulps",
    "absolute_errors",
    "underflows",
)


class UnknownImplementation(LookupError):
    """No such module or file, or one that says something about itself that can't be understood."""


@dataclass(frozen=True)
class Implementation:
    """A module to check, and what it says of itself.

    A module may have, beside its functions:
        DESCRIPTION: a line about what it runs on.
        PROFILE: for "float32" and "float64" a dict of claims about its arithmetic (`reference.numbers.Arithmetic`);
            what it doesn't say is taken as IEEE arithmetic that may flush subnormals, with 4 to 10 ULPs for elementary
            functions.
        KNOWN_DEVIATIONS: a list of `conformance.deviations.Deviation`, or of dicts with the same keys.
        SKIPPED: {operation: reason} for what can't be run here, for want of a device, say.
        NOT_PROVIDED: {operation: reason} for what the library has no counterpart of.
        VARIANTS: {name: {variable: value}}: environments that `module:name` runs in.
        ERRORS_NAME_ARGUMENTS: whether errors are claimed to name the argument that is wrong.
        ALGORITHMS: {operation: text}, where a function computes in another way than the reference
            (`conformance.algorithms`).
        CASES: how many deciding cases are enough by default, for something slow.
        LARGEST_DIMENSION: no axis drawn is longer.
        COMPILES_EACH_SHAPE: whether a call of shapes never met takes far longer than others: then few shapes are drawn,
            with many values each.
    """

    name: str
    module: ModuleType
    description: str
    profile: Mapping[str, Mapping[str, Any]]
    deviations: tuple[Deviation, ...]
    skipped: Mapping[str, str]
    not_provided: Mapping[str, str]
    variants: Mapping[str, Mapping[str, str]]
    names_arguments: bool
    algorithms: Mapping[str, Algorithm]
    cases: int | None
    largest: int | None
    compiles: bool

    def function(self, operation: str) -> Callable[..., Any] | None:
        """The implementation's function of that name, if it has one."""
        function = getattr(self.module, operation, None)
        return function if callable(function) else None

    @property
    def arithmetics(self) -> dict[str, Arithmetic]:
        """The arithmetic that it claims in each dtype."""
        return {dtype: Arithmetic(dtype, **self.profile.get(dtype, {})) for dtype in DTYPES}

    def says(self, operations: Sequence[str]) -> dict[str, Any]:
        """All that it says of itself, as plain values: the hello of its process."""
        unknown = {d.operation for d in self.deviations} | {*self.skipped, *self.not_provided, *self.algorithms}
        for name in sorted(unknown - set(operations)):
            raise UnknownImplementation(f"{self.name}: {name}, of which it says something, is no operation")
        functions = {name: self.function(name) for name in operations}
        return {
            "description": self.description,
            "profile": dict(self.profile),
            "provides": {name: location_of(function) for name, function in functions.items() if function},
            "defaults": {name: sorted(declared_defaults(function)) for name, function in functions.items() if function},
            "deviations": [_without_calls(deviation) for deviation in self.deviations],
            "skipped": dict(self.skipped),
            "not_provided": dict(self.not_provided),
            "variants": {name: dict(variables) for name, variables in self.variants.items()},
            "names_arguments": self.names_arguments,
            "algorithms": {name: place_of(algorithm) for name, algorithm in self.algorithms.items()},
            "cases": self.cases,
            "largest": self.largest,
            "compiles": self.compiles,
        }


def load(name: str) -> Implementation:
    """Load an implementation: one of ours by its name, any module, or a .py file.

    Args:
        name: "tensorflow" (a package in conformance/implementations), "fast.cpu" (any importable module), or a path
            that ends in .py.

    Returns:
        The implementation.

    Raises:
        UnknownImplementation: if there is no such thing, or what it says of itself can't be understood.
    """
    module = _load_module(name)
    said = {key: getattr(module, key.upper(), default) for key, default in _SAID.items()}
    for key, wanted in _SAID.items():
        fits = isinstance(said[key], type(wanted)) or (wanted is None and type(said[key]) in (int, type(None)))
        if not fits and not (key == "known_deviations" and isinstance(said[key], (list, tuple))):
            kind = "a positive integer" if wanted is None else f"a {type(wanted).__name__}"
            raise UnknownImplementation(f"{name}: {key.upper()}: wanted {kind}; got {type(said[key]).__name__}")
    return Implementation(
        name=name,
        module=module,
        description=said["description"],
        profile=_checked_profile(name, said["profile"]),
        deviations=tuple(_deviation(name, entry) for entry in said["known_deviations"]),
        skipped=_texts(name, "SKIPPED", said["skipped"]),
        not_provided=_texts(name, "NOT_PROVIDED", said["not_provided"]),
        variants={key: _texts(name, f"VARIANTS[{key!r}]", said["variants"][key]) for key in said["variants"]},
        names_arguments=said["errors_name_arguments"],
        algorithms=_checked_algorithms(name, said["algorithms"]),
        cases=said["cases"],
        largest=said["largest_dimension"],
        compiles=said["compiles_each_shape"],
    )


#: What a module may say of itself, and what is taken where it doesn't.
_SAID: dict[str, Any] = {
    "description": "",
    "profile": {},
    "known_deviations": [],
    "skipped": {},
    "not_provided": {},
    "variants": {},
    "errors_name_arguments": False,
    "algorithms": {},
    "cases": None,
    "largest_dimension": None,
    "compiles_each_shape": False,
}


def _checked_profile(name: str, profile: Mapping[str, Any]) -> Mapping[str, Any]:
    for dtype, claims in profile.items():
        if dtype not in DTYPES or not isinstance(claims, Mapping):
            raise UnknownImplementation(f"{name}: PROFILE: wanted claims for {' and '.join(DTYPES)}; got {dtype!r}")
        unknown = [claim for claim in claims if claim not in CLAIMS]
        if unknown:
            raise UnknownImplementation(f"{name}: PROFILE: wanted {', '.join(CLAIMS)}; got {', '.join(unknown)}")
        try:
            Arithmetic(dtype, **claims)
        except (TypeError, ValueError) as error:
            raise UnknownImplementation(f"{name}: PROFILE[{dtype!r}]: {error}") from None
    return {dtype: {claim: _plain(value) for claim, value in claims.items()} for dtype, claims in profile.items()}


def _plain(claim: Any) -> Any:
    """A claim in Python's own types, so that it can be told to another process: NumPy's numbers are usual here."""
    if isinstance(claim, Mapping):
        return {str(name): _plain(value) for name, value in claim.items()}
    if isinstance(claim, (list, tuple)):
        return list(map(str, claim))
    return bool(claim) if isinstance(claim, (bool, np.bool_)) else float(claim)


def _deviation(name: str, entry: Any) -> Deviation:
    try:
        return entry if isinstance(entry, Deviation) else Deviation(**entry)
    except (TypeError, ValueError) as error:
        raise UnknownImplementation(f"{name}: KNOWN_DEVIATIONS: {error}; see conformance.deviations") from None


def _texts(name: str, what: str, said: Any) -> Mapping[str, str]:
    if not isinstance(said, Mapping) or not all(isinstance(text, str) for pair in said.items() for text in pair):
        raise UnknownImplementation(f"{name}: {what}: wanted texts by name; got {said!r:.60}")
    return said


def _checked_algorithms(name: str, algorithms: Mapping[str, Any]) -> Mapping[str, Algorithm]:
    for operation, algorithm in algorithms.items():
        if not isinstance(algorithm, FunctionType):
            raise UnknownImplementation(f"{name}: ALGORITHMS[{operation!r}]: wanted a function; got {algorithm!r:.60}")
    return algorithms


def _without_calls(deviation: Deviation) -> dict[str, Any]:
    """A deviation as plain values; its predicate can't leave the process."""
    return {key: value for key, value in asdict(deviation).items() if key != "calls"}


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
