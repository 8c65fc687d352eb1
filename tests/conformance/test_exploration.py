"""Looking for failing cases: enough of them decide, each is made small, and none is lost among calls made together."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from conformance.arrays import arrays_in
from conformance.backend import LocalBackend, Lost
from conformance.calls import Answer, Call
from conformance.checking import run_check
from conformance.checks import checks_of
from conformance.checks.rounding_bound import explore_calls
from conformance.comparison import Comparison, Nonconforming
from conformance.exploration import NOT_EVERY_TIME, Exploration, draw_call
from conformance.implementation import load
from conformance.operations import operations
from conformance.outcomes import Status
from conformance.subject import Subject
from reference.numbers import Arithmetic


def relu_in(function: Any, cases: int = 40, **how: Any) -> Subject:
    return Subject(operations()["relu"], LocalBackend(function), Arithmetic("float32"), cases, seed=0, **how)


def right(z: Any) -> Any:
    return np.maximum(z, 0)


def from_three_on(z: Any) -> Any:
    return right(z) if z.size < 3 else -right(z)


def test_as_many_cases_decide_as_were_asked_for() -> None:
    assert explore_calls(relu_in(right), "moderate", 1.0).deciding == 40
    # Of these the last are aimed.
    assert explore_calls(relu_in(right), "rounding", 1.0).deciding == 40


def test_the_failing_case_is_made_small() -> None:
    with pytest.raises(Nonconforming) as caught:
        explore_calls(relu_in(from_three_on), "moderate", 1.0)
    z = caught.value.arguments["z"]
    assert z.size == 3
    assert np.count_nonzero(z) == 1
    assert NOT_EVERY_TIME not in caught.value.summary


def test_what_fails_once_only_is_reported_as_drawn_and_said_to_be_so() -> None:
    calls = []

    def wrong_once(z: Any) -> Any:
        calls.append(z)
        return right(z) - (len(calls) == 7)

    with pytest.raises(Nonconforming) as caught:
        explore_calls(relu_in(wrong_once), "moderate", 1.0)
    assert caught.value.summary.endswith(NOT_EVERY_TIME)
    assert np.array_equal(caught.value.arguments["z"], calls[6])


def test_every_case_of_a_special_value_has_it() -> None:
    looked_at = []

    def look(arguments: dict[str, Any]) -> Comparison:
        looked_at.append(arguments)
        return Comparison(deciding=1)

    subject = relu_in(right)
    Exploration(subject, partial(draw_call, subject), look, "moderate", special=np.nan).run()
    assert len(looked_at) > 40
    assert all(any(np.isnan(array).any() for array in arrays_in(arguments)) for arguments in looked_at)


class Mortal(LocalBackend):
    """A process that dies in its fifth call."""

    made = 0

    def make_each(self, operation: str, calls: list[Call]) -> list[Answer | Lost]:  # type: ignore[override]
        outcomes: list[Answer | Lost] = []
        for call in calls:
            self.made += 1
            if self.made == 5:
                return [*outcomes, Lost(Status.CRASHED, "it died")]
            outcomes += super().make_each(operation, [call])
        return outcomes


def test_of_calls_made_together_the_one_that_never_came_back_is_named() -> None:
    subject, drawn = relu_in(right), []

    def draw(source: Any) -> dict[str, Any]:
        drawn.append(draw_call(subject, source))
        return drawn[-1]

    subject.backend = Mortal(right)
    with pytest.raises(Lost) as caught:
        Exploration(
            subject, draw, lambda z: Comparison(deciding=subject.run(z) is not None), "law", is_one_call=True
        ).run()
    assert caught.value.arguments is drawn[4]


@pytest.mark.parametrize("name", ["dense", "softmax", "max_pool2d_vjp"])
def test_who_compiles_each_shape_meets_few_shapes_and_many_values(name: str) -> None:
    operation, numpy = operations()[name], load("numpy")
    shapes, deciding = dict[bool, set[Any]](), dict[bool, int]()
    for compiles in (False, True):
        met: set[Any] = set()

        def note(*data: Any, met: set[Any] = met, **hyperparameters: Any) -> Any:
            met.add((tuple(array.shape for array in data), repr(hyperparameters)))
            return getattr(numpy.module, name)(*data, **hyperparameters)

        subject = Subject(operation, LocalBackend(note), numpy.arithmetics["float32"], 60, 0, compiles=compiles)
        numbers = [c for c in checks_of(operation) if c.kind in ("lattice probes", "rounding bound")]
        deciding[compiles] = sum(run_check("numpy", subject, check).deciding for check in numbers)
        shapes[compiles] = met
    assert deciding[True] > 0.95 * deciding[False]
    assert len(shapes[True]) < len(shapes[False]) / 4
