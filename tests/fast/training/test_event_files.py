"""Event files: what was written is what TensorBoard reads, and shows in a browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reference
from fast import training
from fast.training import event_files, networks
from fast.training.__main__ import main
from reference.errors import InvalidArgument
from tests.fast.training.browser import CHROMIUM, browser
from tests.fast.training.idx_files import write_digits

pytest.importorskip("tensorboard", reason="the extra tensorboard isn't installed")
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

PLAN = training.Plan(epochs=3, batch_size=10, validation=20)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, training.Result]:
    """A folder for TensorBoard, with a run that was stopped after two epochs and went on; and the run's result."""
    folder = tmp_path_factory.mktemp("run")
    write_digits(folder, 120, 30)
    said = ["cnn", "--mnist", str(folder), "--batch-size", "10", "--validation", "20", "--result", str(folder / "r")]
    said += ["--tensorboard", str(folder / "logs" / "mnist")]
    assert main([*said, "--epochs", "2"]) == 0
    assert main([*said, "--epochs", "3", "--resume"]) == 0
    return folder / "logs", training.load_result(folder / "r")


def read(folder: Path) -> Any:
    """What TensorBoard's own reader finds in a folder."""
    found = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    found.Reload()
    return found


def test_the_curves_are_those_of_the_result(run: tuple[Path, training.Result]) -> None:
    folder, result = run
    events, names = read(folder / "mnist"), {"training": "training_loss", "validation": "validation_loss"}
    wanted = {f"loss/{name}": [getattr(epoch, field) for epoch in result.epochs] for name, field in names.items()}
    wanted["error/validation"] = [epoch.validation_error for epoch in result.epochs]
    wanted["learning_rate"] = [epoch.learning_rate for epoch in result.epochs]
    for tag, numbers in wanted.items():
        came = events.Tensors(tag)
        assert [event.step for event in came] == [1, 2, 3]
        assert [tensor_util.make_ndarray(event.tensor_proto) for event in came] == [*map(np.float32, numbers)]


def test_the_histograms_count_every_weight_once(run: tuple[Path, training.Result]) -> None:
    folder, result = run
    events, network = read(folder / "mnist"), training.NETWORKS["cnn"]
    parameters, counted = networks.parameters_in(result.numbers, network), 0
    for tag in events.Tags()["tensors"]:
        if re.match(r"convolution|dense", tag):
            last = tensor_util.make_ndarray(events.Tensors(tag)[-1].tensor_proto)
            counted += int(last[:, 2].sum())
    assert counted == networks.count_parameters(network)
    filters = tensor_util.make_ndarray(events.Tensors("convolution_3/filters")[-1].tensor_proto)
    counts, edges = np.histogram(parameters.filters[2].astype(float), len(filters))
    assert filters[0, 0] == edges[0]
    assert filters[-1, 1] == edges[-1]
    assert int(filters[:, 2].sum()) == int(counts.sum())


def test_the_graph_is_that_of_the_network(run: tuple[Path, training.Result]) -> None:
    folder, _ = run
    nodes = {node.name: node for node in read(folder / "mnist").Graph().node}
    assert nodes["images"].op == "Placeholder"
    assert list(nodes["convolution_2/convolutional_layer"].input) == [
        "convolution_1/convolutional_layer",
        "convolution_2/filters",
        "convolution_2/bias",
    ]
    assert nodes["convolution_2/convolutional_layer"].attr["strides"].s == b"2"
    assert max(len(value.s) for node in nodes.values() for value in node.attr.values()) < 300


def test_graphs_of_the_reference_can_be_written_with_their_shapes(tmp_path: Path) -> None:
    graph = reference.Graph()
    first, second = graph.apply("unstack", graph.placeholder("x", (2,)))
    with graph.control_dependencies([first]), graph.device("/cpu:1"):
        graph.apply("multiply", second, second, name="y")
    shapes = {name: [output.shape for output in op.outputs] for name, op in graph.operations.items()}
    with training.EventFile(tmp_path) as file:
        file.add_graph(graph.data(), shapes)
    nodes = {node.name: node for node in read(tmp_path).Graph().node}
    assert list(nodes["y"].input) == ["unstack:1", "unstack:1", "^unstack"]
    assert nodes["y"].device == "/cpu:1"
    assert [len(s.dim) for s in nodes["unstack"].attr["_output_shapes"].list.shape] == [0, 0]
    assert [d.size for d in nodes["x"].attr["_output_shapes"].list.shape[0].dim] == [2]


def test_what_is_no_number_is_not_counted(tmp_path: Path) -> None:
    with training.EventFile(tmp_path) as file:
        file.add_histograms(1, {"w": np.array([1, np.nan, 2, np.inf]), "none": np.array([np.nan])})
    events = read(tmp_path)
    sums = [tensor_util.make_ndarray(events.Tensors(tag)[0].tensor_proto)[:, 2].sum() for tag in ("w", "none")]
    assert sums == [2, 0]


def test_nothing_of_tensorflow_is_needed_to_write(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['tensorflow'] = None\n"
        "import numpy as np\nfrom fast.training import EventFile\n"
        "with EventFile(sys.argv[1]) as file:\n"
        "    file.add_graph([{'name': 'x', 'kind': 'placeholder', 'attributes': {'shape': (2,)}}])\n"
        "    file.add_scalars(1, {'loss': 0.5})\n"
        "    file.add_histograms(1, {'w': np.ones(3)})\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    assert set(read(tmp_path).Tags()["tensors"]) == {"loss", "w"}


def test_without_the_package_the_command_says_so(run: Any, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    with pytest.raises(InvalidArgument, match="event files: wanted the package tensorboard"):
        event_files.EventFile(tmp_path)
    folder = run[0].parent
    assert main(["dense", "--mnist", str(folder), "--validation", "20", "--tensorboard", str(tmp_path)]) == 1
    assert "fast.training: event files: wanted the package" in capsys.readouterr().err


# In a real TensorBoard.


def asked(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.read().decode()


@pytest.fixture(scope="module")
def tensorboard(run: tuple[Path, training.Result], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a TensorBoard that shows the run."""
    log = tmp_path_factory.mktemp("tensorboard") / "log"
    said = [sys.executable, "-m", "tensorboard.main", "--logdir", str(run[0]), "--host", "127.0.0.1", "--port", "0"]
    with log.open("w") as file:
        process = subprocess.Popen([*said, "--load_fast=false"], stdout=file, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + 180
        while not (found := re.search(r"at (http://127\.0\.0\.1:\d+)/", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        while "mnist" not in asked(f"{found[1]}/data/runs"):
            assert time.monotonic() < end, "TensorBoard doesn't find the run"
            time.sleep(0.2)
        yield found[1]
    finally:
        process.terminate()
        process.wait()


def test_tensorboard_serves_the_curve_and_the_graph(tensorboard: str, run: tuple[Path, training.Result]) -> None:
    curve = json.loads(asked(f"{tensorboard}/data/plugin/scalars/scalars?run=mnist&tag=loss/training"))
    losses = [float(np.float32(epoch.training_loss)) for epoch in run[1].epochs]
    assert [point[1:] for point in curve] == [[step, loss] for step, loss in enumerate(losses, 1)]
    assert 'name: "convolution_3/filters"' in asked(f"{tensorboard}/data/plugin/graphs/graph?run=mnist")
    assert "dense_2/weights" in json.loads(asked(f"{tensorboard}/data/plugin/histograms/tags"))["mnist"]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_tensorboard_shows_the_curve_and_the_graph(
    tensorboard: str, run: tuple[Path, training.Result], tmp_path: Path
) -> None:
    losses = [epoch.training_loss for epoch in run[1].epochs]
    assert losses == sorted(losses, reverse=True)

    def falls(line: str) -> bool:
        # On a page, down is more.
        heights = [float(point.split(",")[1]) for point in re.split("[ML]", line)[1:]]
        return len(heights) == len(losses) and sorted(set(heights)) == heights

    with browser(tmp_path) as chromium:
        chromium.open(f"{tensorboard}/#graphs&run=mnist")
        chromium.wait_for(lambda page: {"images", "convolution_1", "dense_2", "loss", "labels"} <= page.texts)
        chromium.open(f"{tensorboard}/#scalars&tagFilter=loss%2Ftraining&run=mnist")
        chromium.wait_for(lambda page: "loss/training" in page.texts and any(map(falls, page.lines)))
