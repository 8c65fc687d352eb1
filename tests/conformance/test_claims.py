"""What a module claims of its arithmetic: understood or refused when it is loaded, and what its process says of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.backend import LocalBackend
from conformance.checking import run_check
from conformance.checks import checks_of
from conformance.implementation import CLAIMS, UnknownImplementation, load
from conformance.operations import operations
from conformance.outcomes import Status
from conformance.subject import Subject
from reference.numbers import Arithmetic

EVERY_CLAIM = """
import numpy as np

PROFILE = {
    "float32": {
        "unit_roundoff": np.finfo(np.float32).eps,
        "accumulation_roundoff": 2**-11,
        "input_roundoff": np.float32(2.0**-12),
        "flush_to_zero": np.bool_(False),
        "ulps": {"exp": np.int64(2)},
        "absolute_errors": {"sigmoid": 2.8 * 2**-24},
        "underflows": ("sigmoid", "exp"),
    }
}
"""

#: A dense layer whose results have 11 bits, and a sigmoid in steps of 2⁻²⁴, however small it is.
# The sigmoid is rounded to multiples of 2⁻²⁴, after roundings of float64, which are far smaller than 2⁻⁵⁰.
COARSE = """
import numpy as np

{profile}

def sigmoid(z):
    z = np.asarray(z)
    with np.errstate(all="ignore"):
        exact = 1 / (1 + np.exp(-np.asarray(z, np.float64)))
    return (np.round(exact * 2**24) / 2**24).astype(z.dtype)

def dense(inputs, weights, bias):
    with np.errstate(all="ignore"):
        return rounded(inputs @ weights + bias)

def rounded(x):
    share, exponent = np.frexp(x)
    return np.ldexp(np.round(share * 2.0**11) / 2.0**11, exponent).astype(x.dtype)
"""


def module(folder: Path, text: str) -> str:
    path = folder / "claims.py"
    path.write_text(text, "utf-8")
    return str(path)


def test_every_claim_is_told_as_a_plain_value(tmp_path: Path) -> None:
    told = load(module(tmp_path, EVERY_CLAIM)).says(tuple(operations()))["profile"]
    assert told == {
        "float32": {
            "unit_roundoff": 2.0**-23,
            "accumulation_roundoff": 2.0**-11,
            "input_roundoff": 2.0**-12,
            "flush_to_zero": False,
            "ulps": {"exp": 2.0},
            "absolute_errors": {"sigmoid": 2.8 * 2.0**-24},
            "underflows": ["sigmoid", "exp"],
        }
    }
    assert set(told["float32"]) == set(CLAIMS)
    claims = told["float32"]
    assert {type(value) for value in claims.values()} == {float, bool, dict, list}
    assert Arithmetic("float32", **claims).underflows == ["sigmoid", "exp"]


def test_every_claim_of_an_arithmetic_may_stand_in_a_profile() -> None:
    arguments = [field.name for field in Arithmetic.__dataclass_fields__.values() if field.init]
    assert set(CLAIMS) == set(arguments) - {"format"}


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ("{'luck': 1}", "PROFILE: wanted unit_roundoff, .*, underflows; got luck"),
        ("{'absolute_errors': {'sigmod': 1e-7}}", "PROFILE['float32']: absolute_errors: wanted names of exp, "),
        (
            "{'underflows': 'sigmoid'}",
            "PROFILE['float32']: underflows: wanted a tuple of functions' names; got 'sigmoid'",
        ),
        ("{'unit_roundoff': -1}", "PROFILE['float32']: unit_roundoff: wanted a number from 0 to below 1"),
    ],
)
def test_what_can_not_be_meant_is_refused_when_it_is_loaded(tmp_path: Path, claims: str, message: str) -> None:
    path = module(tmp_path, f"PROFILE = {{'float32': {claims}}}")
    pattern = re.escape(message).replace(r"\.\*", ".*")
    with pytest.raises(UnknownImplementation, match=f"^{re.escape(path)}: {pattern}"):
        load(path)


@pytest.mark.parametrize("operation", ["dense", "sigmoid"])
@pytest.mark.parametrize(
    ("profile", "passes"),
    [
        ("", False),
        ("PROFILE = {'float32': {'unit_roundoff': 2**-11, 'absolute_errors': {'sigmoid': 2**-25 + 2**-50}}}", True),
        ("PROFILE = {'float32': {'unit_roundoff': 2**-12, 'absolute_errors': {'sigmoid': 2**-26}}}", False),
    ],
    ids=["nothing", "what it is", "half of it"],
)
def test_a_coarse_implementation_passes_if_it_claims_what_it_is(
    tmp_path: Path, operation: str, profile: str, passes: bool
) -> None:
    implementation = load(module(tmp_path, COARSE.format(profile=profile)))
    backend = LocalBackend(getattr(implementation.module, operation))
    arithmetic = implementation.arithmetics["float32"]
    looked_at = Subject(operations()[operation], backend, arithmetic, cases=100, seed=0, shrink=False)
    kinds = ("lattice probes", "rounding bound", "special values")
    results = [run_check("coarse", looked_at, check) for check in checks_of(looked_at.operation, kinds)]
    statuses = {result.status for result in results}
    assert (Status.FAILED not in statuses) == passes, results
    assert statuses <= {Status.PASSED, Status.FAILED, Status.NOT_APPLICABLE}, results
