"""A graph's segments as dask's tasks: a session's bits, a worker's death, and the slides' network on two workers."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from threading import Timer
from typing import Any

import numpy as np
import pytest

import fast.cpu as cpu
from fast.cluster import tasks
from fast.training import networks
from reference import Graph, Session, Tensor, add_gradients, partition
from reference.arrays import elementwise, flatten
from reference.errors import InvalidArgument
from reference.numbers import Arithmetic, Rounded
from tests.fast.cluster.training_graphs import WORKERS, as_lists, training

distributed = pytest.importorskip("distributed", reason="dask isn't installed: pip install --editable '.[dask]'")


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two processes on this machine, with nannies that start a new one for one that died."""
    folder = str(tmp_path_factory.mktemp("dask"))
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            local_directory=folder,
            memory_limit=0,
            env={"PYTHONPATH": os.pathsep.join(sys.path), "NUMBA_NUM_THREADS": "1"},
        ) as cluster,
        distributed.Client(cluster, timeout=240, set_as_default=False) as client,
    ):
        yield client


def workers_of(client: Any) -> dict[str, str]:
    """The addresses of dask's workers in the place of the names of ours."""
    client.wait_for_workers(2, timeout=240)
    names = dict(zip(("worker:0", "worker:1"), sorted(client.scheduler_info()["workers"]), strict=True))
    return {device: names[worker] for device, worker in WORKERS.items()}


def pid_of_a_worker(client: Any) -> int:
    """The process of the first worker."""
    return sorted(client.run(os.getpid).items())[0][1]


@pytest.mark.parametrize("seed", range(4))
def test_tasks_give_the_bits_of_a_session_wherever_operations_are(dask: Any, seed: int) -> None:
    found = training(seed)
    client = tasks.DaskClient(dask, workers_of(dask), dtype=np.float64, seed=7, save_every=5)
    assert as_lists(client.train(client.plan(found.parts), found.batches)) == found.fetched
    assert {name: value.tolist() for name, value in client.variables().items()} == found.variables


@pytest.mark.parametrize(("killed", "delay"), [(4, 0.0), (6, 0.0), (7, 0.1)], ids=str)
def test_what_a_killed_worker_did_is_done_again_with_the_same_bits(dask: Any, killed: int, delay: float) -> None:
    """Between steps, which loses the variables of those since the fifth; and in the middle of one."""
    found = training()
    client = tasks.DaskClient(dask, workers_of(dask), dtype=np.float64, seed=7, save_every=5)
    plan = client.plan(found.parts)
    first = client.train(plan, found.batches[:killed])
    timer = Timer(delay, os.kill, (pid_of_a_worker(dask), signal.SIGKILL))
    timer.start()
    if not delay:
        timer.join()
    rest = client.train(plan, found.batches[killed:])
    timer.join()
    assert as_lists([*first, *rest]) == found.fetched
    assert {name: value.tolist() for name, value in client.variables().items()} == found.variables


def test_feeds_that_dont_fit_are_refused(dask: Any) -> None:
    found = training()
    client = tasks.DaskClient(dask, workers_of(dask), dtype=np.float64)
    with pytest.raises(InvalidArgument, match="feeds: wanted a value for 'y:0'"):
        client.run(client.plan(found.parts), {"x:0": found.batches[0]["x:0"]})
    with pytest.raises(InvalidArgument, match="save_every"):
        tasks.DaskClient(dask, WORKERS, save_every=0)


# --- data-parallel training -------------------------------------------------------------------------------------------

#: The slides' network with few filters and units.
SMALL = networks.NETWORKS["cnn"]._replace(kernels=((3, 1), (6, 2), (6, 2)), hidden=(4,))
BATCH = 4


def loss_of(graph: Graph, images: Tensor, labels: Tensor, parameters: list[Tensor]) -> Tensor:
    """The mean loss of the network for some images."""
    count, layers = len(SMALL.kernels), images
    filters, filter_biases = parameters[:count], parameters[count : 2 * count]
    weights, biases = parameters[2 * count : -len(SMALL.hidden) - 1], parameters[-len(SMALL.hidden) - 1 :]
    for kernel, bias, stride in zip(filters, filter_biases, SMALL.strides, strict=True):
        options: dict[str, Any] = {"activation": "relu", "strides": stride, "padding": "same"}
        layers = graph.apply("convolutional_layer", layers, kernel, bias, **options)
    units = graph.apply("reshape", layers, shape=(images.shape[0], weights[0].shape[0]))
    for place, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        last = place == len(weights) - 1
        more: dict[str, Any] = {} if last else {"activation": "relu"}
        units = graph.apply("dense" if last else "dense_layer", units, weight, bias, **more)
    return graph.apply("empirical_loss", graph.apply("softmax_cross_entropy_with_logits", units, labels))


def arrays_of(value: Any) -> list[np.ndarray]:
    return [array for group in value for array in group]


def batch_of(graph: Graph, device: str, rows: int) -> tuple[Tensor, Tensor]:
    with graph.name_scope(device):
        return graph.placeholder("images", (rows, 28, 28, 1)), graph.placeholder("labels", (rows, 10))


def data_parallel(parameters: list[np.ndarray], weight: float) -> tuple[Graph, list[Tensor], dict[str, str]]:
    """Each worker has the gradients of its half of a batch; the first one adds them up and weighs them."""
    graph, slopes, placement = Graph(), [], {}
    held = [graph.placeholder(f"p{place}", array.shape) for place, array in enumerate(parameters)]
    for device in ("worker:0/cpu:0", "worker:1/cpu:0"):
        images, labels = batch_of(graph, device.partition("/")[0], BATCH // 2)
        slopes.append(add_gradients([loss_of(graph, images, labels, held)], held))
        for name in graph.operations:
            placement.setdefault(name, device)
    means = [(one + other) * weight for one, other in zip(*slopes, strict=True)]
    for name in graph.operations:
        placement.setdefault(name, "worker:0/cpu:0")
    return graph, means, placement


@pytest.fixture(scope="module")
def batch() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Parameters, images and labels."""
    rng = np.random.default_rng(3)
    parameters = arrays_of(networks.parameters_in(networks.initial_numbers(SMALL, 3), SMALL))
    images = rng.integers(0, 256, (BATCH, 28, 28, 1)).astype(np.float32) / np.float32(256)
    return parameters, images, np.eye(10, dtype=np.float32)[rng.integers(0, 10, BATCH)]


@pytest.fixture(scope="module")
def of_the_whole_batch(batch: Any) -> list[Rounded]:
    """The gradients as the reference reads them with rounded numbers, whose errors cover every order of summation."""
    arithmetic, (parameters, images, labels) = Arithmetic("float32", **cpu.PROFILE["float32"]), batch
    graph = Graph()
    held = [graph.placeholder(f"p{place}", array.shape) for place, array in enumerate(parameters)]
    inputs = batch_of(graph, "whole", BATCH)
    slopes = add_gradients([loss_of(graph, *inputs, held)], held)
    given = zip([*held, *inputs], [*parameters, images, labels], strict=True)
    rounded = {
        tensor: elementwise(lambda number: Rounded(number, arithmetic), array.tolist()) for tensor, array in given
    }
    numbers = [number for slope in Session(graph).run(slopes, rounded) for number in flatten(slope)]
    # What relu lets nothing through is an integer, 0.
    return [number if isinstance(number, Rounded) else Rounded(number, arithmetic) for number in numbers]


@pytest.mark.parametrize(
    ("weight", "halves", "right"),
    [(0.5, (0, 1), True), (1.0, (0, 1), False), (0.5, (0, 0), False)],
    ids=["the mean of both halves", "their sum", "one half twice"],
)
def test_two_workers_have_the_gradients_of_the_whole_batch_if_each_does_its_half(
    dask: Any, batch: Any, of_the_whole_batch: list[Rounded], weight: float, halves: tuple[int, int], right: bool
) -> None:
    parameters, images, labels = batch
    graph, means, placement = data_parallel(parameters, weight)
    feeds = {f"p{place}:0": array for place, array in enumerate(parameters)}
    for place, half in enumerate(halves):
        rows = slice(half * BATCH // 2, (half + 1) * BATCH // 2)
        feeds |= {f"worker:{place}/images:0": images[rows], f"worker:{place}/labels:0": labels[rows]}
    fed = [graph.tensor(name) for name in feeds]
    parts = {device: part.data() for device, part in partition(means, placement, fed=fed).items()}
    client = tasks.DaskClient(dask, workers_of(dask))
    found = client.run(client.plan(parts), feeds)
    came = [number for mean in means for number in found[mean.name].ravel().tolist()]
    inside = [wanted.distance(number) <= wanted.error for number, wanted in zip(came, of_the_whole_batch, strict=True)]
    assert all(inside) is right
