"""Both ways through time: all steps in one launch, and a launch for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fast import cuda
from fast.cuda import recurrent_steps
from tests.fast.cuda.launches import recorded
from tests.fast.drawn import bits, drawn_calls

NAMES = ("simple_rnn", "simple_rnn_vjp", "simple_rnn_step", "simple_rnn_step_vjp")
NAMES += ("lstm", "lstm_vjp", "lstm_step", "lstm_step_vjp")
#: Examples, steps, features and units: more of each than a tile has or a block takes, one by one and together.
LENGTHS = [(1, 1, 1, 1), (1, 3, 2, 4), (5, 2, 1, 3), (9, 4, 3, 2), (17, 2, 1, 1), (2, 3, 1, 4)]


def results(name: str, dtype: Any, lengths: tuple[int, int, int, int]) -> Any:
    """The bits of a network's results, forwards and back."""
    generator, (examples, steps, features, units) = np.random.default_rng(7), lengths
    gates = 4 if "lstm" in name else 1

    def numbers(*shape: int) -> np.ndarray:
        return generator.standard_normal(shape).astype(dtype)

    def states() -> Any:
        return (numbers(examples, units), numbers(examples, units)) if gates == 4 else numbers(examples, units)

    weights = numbers(features, gates * units), numbers(units, gates * units), numbers(gates * units)
    slopes: Any = numbers(examples, steps, units)
    arguments = numbers(examples, steps, features), *weights, states()
    forwards, back = getattr(cuda, name), getattr(cuda, f"{name}_vjp")
    cotangent = (slopes, numbers(examples, units)) if gates == 4 else slopes
    return bits(forwards(*arguments)), bits(back(*arguments, cotangent))


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("name", ["simple_rnn", "lstm"])
def test_one_launch_computes_as_many_do(
    name: str, dtype: type, lengths: tuple[int, int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Products are added in the same order either way."""
    monkeypatch.setattr(recurrent_steps, "MOST_KERNEL_BYTES", 0)
    with recorded() as launches:
        expected = results(name, dtype, lengths)
    assert sum(launch.kernel.endswith(("forward_step", "back_step")) for launch in launches) == 3 * lengths[1] + 1
    monkeypatch.setattr(recurrent_steps, "MOST_KERNEL_BYTES", 2**15)
    with recorded() as launches:
        assert results(name, dtype, lengths) == expected
    assert sum(launch.kernel.endswith("in_block") for launch in launches) == 3


@pytest.mark.parametrize("name", NAMES)
def test_drawn_calls_in_one_launch_and_in_many(name: str, dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [*drawn_calls(cuda, name, dtype, 10), *drawn_calls(cuda, name, dtype, batch=10)]
    monkeypatch.setattr(recurrent_steps, "MOST_KERNEL_BYTES", 0)
    expected = [bits(call.run()) for call in calls]
    monkeypatch.setattr(recurrent_steps, "MOST_KERNEL_BYTES", 2**15)
    assert [bits(call.run()) for call in calls] == expected
