"""TensorFlow's known deviations, in each of its variants: every one that can be seen on this machine is seen."""

from __future__ import annotations

import pytest

from conformance.known import KIND
from conformance.operations import operations
from conformance.outcomes import Status
from conformance.runner import run
from tests.conformance.plans import plan

ONLY_WITH_AVX512 = "leaves the rows after the first unwritten"


# Which code it runs is decided when it starts: hence both, whatever is the default here.
@pytest.mark.parametrize("variant", ["eigen", "onednn"])
def test_every_smallest_case_is_in_its_set_and_deviates(variant: str) -> None:
    name = f"tensorflow:{variant}"
    # No kinds of checks: what remains are the replays, and the proofs of what is claimed.
    outcome = run(plan(name, operations=tuple(operations()), dtypes=("float32", "float64"), kinds=(), time_limit=120.0))
    replays = [result for result in outcome.results if result.kind == KIND]
    assert {result.status for result in outcome.results if result not in replays} <= {Status.PASSED}
    assert not {(r.operation, r.dtype, r.check): r.summary for r in replays if r.status is not Status.DEVIATES}
    listed = outcome.hellos[name]["deviations"]
    here = {(entry["operation"], entry["reason"]) for entry in listed if entry["here"]}
    assert {(r.operation, r.check.partition(": ")[2]) for r in replays} == here
    elsewhere = [entry["reason"] for entry in listed if not entry["here"]]
    assert all("oneDNN" in entry["where"] for entry in listed if not entry["here"])
    if variant == "onednn":
        assert all(ONLY_WITH_AVX512 in reason for reason in elsewhere)
