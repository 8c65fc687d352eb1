"""A graph's segments as dask's tasks: a session's bits, and a worker's death."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from threading import Timer
from typing import Any

import numpy as np
import pytest

from fast.cluster import tasks
from reference.errors import InvalidArgument
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
