"""Training: its first steps are the reference's, to go on changes no bit, and a saved result is whole or none."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reference
from fast import cpu, training
from fast.cpu.convolutional_network import find_gradients, new_workspace
from fast.results import AdamStep
from fast.training import loop, networks
from fast.training.__main__ import main
from fast.training.pictures import confusion, curves
from reference.arrays import elementwise, flatten
from reference.errors import InvalidArgument
from reference.numbers import Arithmetic, Rounded
from tests.fast.training.idx_files import write_digits

PLAN = training.Plan(epochs=3, batch_size=10, validation=20, shift=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 120 digits to learn from and 30 to be tested with."""
    place = tmp_path_factory.mktemp("digits")
    write_digits(place, 120, 30)
    return place


@pytest.fixture(scope="module")
def digits(folder: Path) -> training.Digits:
    """Those digits."""
    return training.load_digits(folder)


def bits(result: training.Result) -> list[bytes]:
    """Everything that must be the same; times are not."""
    seen = [epoch[:-1] for epoch in result.epochs]
    return [np.array(seen).tobytes(), *(getattr(result, name).tobytes() for name in training.results.VECTORS)]


@pytest.mark.parametrize("network", training.NETWORKS)
def test_a_network_learns_and_the_same_plan_gives_the_same_bits(network: str, digits: training.Digits) -> None:
    first, second = (training.train(network, digits, PLAN) for _ in range(2))
    assert bits(first) == bits(second)
    assert first.epochs[-1].training_loss < first.epochs[0].training_loss
    other = training.train(network, digits, PLAN._replace(seed=1))
    assert bits(first) != bits(other)


@pytest.mark.parametrize("network", training.NETWORKS)
def test_going_on_from_a_saved_result_changes_no_bit(network: str, digits: training.Digits, tmp_path: Path) -> None:
    whole, states = training.train(network, digits, PLAN), []
    training.train(network, digits, PLAN, on_epoch=states.append)
    for state in states:
        training.save_result(state, tmp_path / "result.npz")
        loaded = training.load_result(tmp_path / "result.npz")
        assert bits(loaded) == bits(state)
        assert bits(training.train(network, digits, PLAN, result=loaded)) == bits(whole)


def test_two_steps_of_a_small_network_are_the_reference_s(digits: training.Digits) -> None:
    """Read with rounded numbers, whose errors after two steps of Adam are what float32 may be off."""
    arithmetic = Arithmetic("float32", **cpu.PROFILE["float32"])
    small = networks.Network("small", ((2, 2),), (14,), (3,), 0.5)
    numbers, rng = networks.initial_numbers(small, 3), np.random.default_rng(5)
    gradients, moments = np.empty_like(numbers), np.zeros((2, numbers.size), np.float32)
    views = networks.parameters_in(numbers, small), networks.parameters_in(gradients, small)
    rounded = [tuple(map(as_rounded(arithmetic), group)) for group in views[0]]
    state = [[0 * n for n in all_numbers(rounded)] for _ in range(2)]
    batch = loop.new_batch(small, 2)
    workspace = new_workspace(batch.images, views[0], small.geometries)
    for step in (1, 2):
        chosen = np.array([2 * step, 2 * step + 1])
        loop.fill(batch, digits.train, chosen, np.eye(10, dtype=np.float32), PLAN, small.rate, rng)
        given = batch.images, batch.labels, batch.kept, small.rate, views[0], small.geometries
        find_gradients(*given, workspace, views[1])
        settings: dict[str, Any] = {"step": step, "learning_rate": 2**-10}
        loop.cpu.adam(numbers, gradients, *moments, **settings, out=AdamStep(numbers, *moments))
        images, labels = (as_rounded(arithmetic)(array) for array in (batch.images, batch.labels))
        mask = batch.kept.astype(int).tolist()
        found = reference.convolutional_backpropagation(images, *rounded, labels, mask, strides=small.strides, rate=0.5)
        assert found.loss.distance(float(workspace.loss)) <= found.loss.error
        flat = [n.closed() if isinstance(n, Rounded) else Rounded(n, arithmetic) for n in all_numbers(found[1:])]
        parameters, *state = reference.adam(all_numbers(rounded), flat, *state, **settings)
        for wanted, came in zip(parameters, numbers.tolist(), strict=True):
            assert wanted.distance(came) <= wanted.error
        rounded = like(rounded, iter(parameters))


def as_rounded(arithmetic: Arithmetic) -> Any:
    """A function that makes rounded numbers of an array, of floats that are exact."""
    return lambda array: elementwise(lambda number: Rounded(number, arithmetic), array.tolist())


def all_numbers(groups: Any) -> list[Any]:
    """The numbers of groups of arrays, in the order of a vector of parameters."""
    return [number for group in groups for array in group for number in flatten(array)]


def like(groups: Any, numbers: Any) -> list[Any]:
    """Numbers in the shape of groups of arrays."""
    return [tuple(elementwise(lambda _: next(numbers), array) for array in group) for group in groups]


def test_a_step_allocates_nothing_after_the_first(digits: training.Digits) -> None:
    """Nothing, at least, as large as a batch, beside what the largest product keeps of its weights while it lasts."""
    plan, peaks = PLAN._replace(batch_size=50, epochs=1, shift=0), []

    def look(*_: Any) -> None:
        now, peak = tracemalloc.get_traced_memory()
        peaks.append(peak - now)
        tracemalloc.reset_peak()

    training.train("cnn-dropout", digits, plan)  # compiles
    tracemalloc.start()
    try:
        training.train("cnn-dropout", digits, plan, on_step=look)
    finally:
        tracemalloc.stop()
    assert len(peaks) == 2
    panels = 1568 * 208 * 4  # the columns of 1568×200 weights, filled up to whole vectors
    assert peaks[1] < panels + 50 * 28 * 28 * 4


def test_patience_ends_training(digits: training.Digits) -> None:
    plan = PLAN._replace(epochs=50, patience=2, learning_rate=0.0)
    result = training.train("dense", digits, plan)
    assert len(result.epochs) == 3, "the loss never falls, so that two more epochs are waited for"
    assert result.best_epoch == 1


def test_a_result_that_was_changed_or_cut_is_refused(digits: training.Digits, tmp_path: Path) -> None:
    path = tmp_path / "result.npz"
    training.save_result(training.train("dense", digits, PLAN._replace(epochs=1)), path)
    content = path.read_bytes()
    for spoilt in (b"", b"something else", content[: len(content) // 2], content[:-1]):
        path.write_bytes(spoilt)
        with pytest.raises(InvalidArgument):
            training.load_result(path)
    for place in range(100, len(content) - 400, len(content) // 40):
        path.write_bytes(content[:place] + bytes((content[place] ^ 64,)) + content[place + 1 :])
        with pytest.raises(InvalidArgument):
            training.load_result(path)


def test_a_failure_while_writing_leaves_the_old_result(
    digits: training.Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "result.npz"
    old = training.train("dense", digits, PLAN._replace(epochs=1))
    training.save_result(old, path)

    def crash(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", crash)
    with pytest.raises(OSError, match="no space left"):
        training.save_result(training.train("dense", digits, PLAN), path)
    assert bits(training.load_result(path)) == bits(old)
    assert [*tmp_path.iterdir()] == [path]


def test_a_result_of_another_plan_or_network_is_no_beginning(digits: training.Digits) -> None:
    result = training.train("dense", digits, PLAN._replace(epochs=1))
    with pytest.raises(InvalidArgument, match="result"):
        training.train("dense", digits, PLAN._replace(seed=7), result=result)
    with pytest.raises(InvalidArgument, match="result"):
        training.train("deep", digits, PLAN, result=result)


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 1.5}, "batch_size"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"decay_rate": float("nan")}, "decay_rate"),
        ({"patience": -1}, "patience"),
        ({"shift": 14}, "shift"),
        ({"validation": 111}, "validation"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(digits: training.Digits, change: Any, argument: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        training.train("dense", digits, PLAN._replace(**change))
    assert caught.value.argument == argument


def test_an_image_that_is_moved_loses_what_leaves_it() -> None:
    images = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28)
    moved = images.copy()
    loop.move(moved, np.array([[2, -1], [0, 0]]))
    assert np.array_equal(moved[0, 2:, :-1], images[0, :-2, 1:])
    assert not moved[0, :2].any()
    assert not moved[0, :, -1].any()
    assert np.array_equal(moved[1], images[1])


def test_the_command_trains_resumes_and_draws(folder: Path, tmp_path: Path, capsys: Any) -> None:
    said = ["cnn", "--mnist", str(folder), "--batch-size", "10", "--validation", "20", "--result", str(tmp_path / "r")]
    assert main([*said, "--epochs", "1"]) == 0
    assert main([*said, "--epochs", "2", "--resume", "--pictures", str(tmp_path / "pictures")]) == 0
    printed = capsys.readouterr().out
    assert printed.count("epoch   1") == 1
    assert printed.count("epoch   2") == 1
    assert "% wrong" in printed
    for name in ("curves.svg", "confusion.svg"):
        assert (tmp_path / "pictures" / name).read_text(encoding="utf-8").startswith("<svg")


def test_the_command_says_in_a_line_what_is_missing(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.delenv("MNIST_DIR", raising=False)
    assert main(["dense"]) == 1
    assert main(["dense", "--mnist", str(tmp_path)]) == 1
    assert main(["dense", "--mnist", str(tmp_path), "--resume"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_pictures_show_what_there_is() -> None:
    epochs = tuple(training.Epoch(0.1, loss, 2 * loss, loss / 10, 1.0) for loss in (1.0, 0.5, float("nan")))
    numbers = np.zeros(7850, np.float32)
    result = training.Result("dense", PLAN, epochs, *[numbers] * 4)
    assert curves(result).count("<circle") == 2 + 2 + 2
    picture = confusion(np.diag(np.arange(1, 11)) + np.eye(10, k=1, dtype=int), "answers")
    assert picture.count("<rect") == 101
    assert ">10</text>" in picture
