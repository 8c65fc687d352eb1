"""Worker processes: a session's bits wherever operations are, whoever is killed and whenever; and nothing is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np
import pytest

from fast.cluster import Checkpoint, ProcessClient, WorkerLost, load_checkpoint, save_checkpoint
from fast.cluster.segments import cut
from fast.cpu.graphs import GraphSession
from reference import Graph, partition
from reference.errors import InvalidArgument
from tests.fast.cluster.training_graphs import FETCHES, STEPS, WORKERS, Training, as_lists, training

SETTINGS: dict[str, Any] = {"dtype": np.float64, "seed": 7, "save_every": 5, "seconds": 240, "threads": 1}


@pytest.fixture(scope="module")
def trained() -> Training:
    found = training()
    # What has to be compiled is compiled here, where nobody waits for it with a deadline.
    GraphSession(found.graph.data(), dtype=np.float64).run(list(FETCHES), found.batches[0])
    return found


@pytest.fixture(scope="module")
def client(trained: Training, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessClient]:
    with ProcessClient(WORKERS, tmp_path_factory.mktemp("checkpoints") / "checkpoint.npz", **SETTINGS) as client:
        yield client


def start_again(client: ProcessClient) -> None:
    client.restore(Checkpoint(0, {}))
    client.failures.clear()


def require_undisturbed(client: ProcessClient, trained: Training, fetched: list[Any]) -> None:
    """Every bit of what was fetched and of all variables is the reference's, and no step was counted twice."""
    assert as_lists(fetched) == trained.fetched
    assert {name: value.tolist() for name, value in client.variables().items()} == trained.variables
    assert client.step == STEPS


def kill(client: ProcessClient, worker: str) -> None:
    os.kill(client.processes[worker].process.pid, signal.SIGKILL)


def test_steps_on_workers_give_the_bits_of_a_session_wherever_operations_are(
    client: ProcessClient, trained: Training
) -> None:
    for seed in range(8):
        placed = training(seed)
        start_again(client)
        require_undisturbed(client, trained, client.train(client.plan(placed.parts), placed.batches))
        assert not client.failures


def test_20_runs_with_a_worker_killed_at_a_random_moment_end_with_the_undisturbed_bits(
    client: ProcessClient, trained: Training
) -> None:
    draw, plan, failures = random.Random(int(time.time())), client.plan(trained.parts), 0
    start_again(client)
    client.train(plan, trained.batches)
    begun = time.monotonic()
    start_again(client)
    client.train(plan, trained.batches)
    seconds = time.monotonic() - begun
    for _ in range(20):
        start_again(client)
        timer = Timer(draw.uniform(0, seconds), kill, (client, draw.choice(["worker:0", "worker:1"])))
        timer.start()
        fetched = client.train(plan, trained.batches)
        timer.join()
        # Who died after the last step is missed when variables are asked for.
        require_undisturbed(client, trained, fetched)
        failures += len(client.failures)
    assert failures == 20


@pytest.mark.parametrize("step", [1, 5, 6, STEPS])
def test_a_worker_killed_in_a_known_step_is_named_and_all_since_the_checkpoint_is_done_again(
    client: ProcessClient, trained: Training, step: int
) -> None:
    def fed() -> Iterator[dict[str, np.ndarray]]:
        for place, batch in enumerate(trained.batches, 1):
            if place == step:
                kill(client, "worker:1")
            yield batch

    plan = client.plan(trained.parts)
    start_again(client)
    client.run(plan, trained.batches[0])
    start_again(client)
    require_undisturbed(client, trained, client.train(plan, fed()))
    assert [(lost.worker, str(lost)) for lost in client.failures] == [
        ("worker:1", f"worker:1 was killed by SIGKILL in step {client.failures[0].args[0].split()[-1]}")
    ]
    assert load_checkpoint(client.path).step == 10


def test_who_is_killed_too_often_ends_the_step_with_an_error_that_names_the_worker(
    trained: Training, tmp_path: Path
) -> None:
    with ProcessClient(WORKERS, tmp_path / "checkpoint.npz", **SETTINGS, attempts=1) as client:
        plan = client.plan(trained.parts)
        first = client.train(plan, trained.batches[:2])
        kill(client, "worker:1")
        with pytest.raises(WorkerLost, match=r"^worker:1 was killed by SIGKILL in step 3$"):
            client.run(plan, trained.batches[2])
        # The step is over for all, and isn't counted: the next one is the third.
        require_undisturbed(client, trained, [*first, *client.train(plan, trained.batches[2:])])


def test_who_doesnt_answer_is_ended(trained: Training, tmp_path: Path) -> None:
    with ProcessClient(WORKERS, tmp_path / "checkpoint.npz", **SETTINGS) as client:
        plan = client.plan(trained.parts)
        first = client.run(plan, trained.batches[0])
        for process in client.processes.values():
            process.seconds = 2.0
        client.seconds = 2.0
        os.kill(client.processes["worker:0"].process.pid, signal.SIGSTOP)
        client.attempts = 1
        with pytest.raises(WorkerLost, match=r"worker:0 didn't answer in 2 s, and was ended in step 2"):
            client.run(plan, trained.batches[1])
        client.seconds = 240.0
        client.processes["worker:1"].seconds = 240.0
        require_undisturbed(client, trained, [first, *client.train(plan, trained.batches[1:])])


def test_a_client_that_is_started_anew_goes_on_from_the_file(trained: Training, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    with ProcessClient(WORKERS, path, **SETTINGS) as client:
        first = client.train(client.plan(trained.parts), trained.batches[:7])
    with ProcessClient(WORKERS, path, **SETTINGS) as client:
        assert client.step == 5
        rest = client.train(client.plan(trained.parts), trained.batches[client.step :])
        require_undisturbed(client, trained, [*first[:5], *rest])


def test_a_step_that_is_refused_leaves_nothing_behind(client: ProcessClient, trained: Training) -> None:
    plan = client.plan(trained.parts)
    start_again(client)
    first = client.train(plan, trained.batches[:3])
    good = trained.batches[3]
    for feeds, said in [
        ({"x:0": good["x:0"]}, "feeds: wanted a value for 'y:0'; got none"),
        (good | {"z:0": good["x:0"]}, "feeds: wanted values for x:0, y:0; got z:0"),
        (good | {"x:0": good["x:0"][:2]}, "feeds: wanted a float64 array of shape [4, 3] for 'x:0'"),
        (good | {"x:0": good["x:0"].astype(np.float32)}, "got float32"),
    ]:
        with pytest.raises(InvalidArgument) as refused:
            client.run(plan, feeds)
        assert said in str(refused.value)
    require_undisturbed(client, trained, [*first, *client.train(plan, trained.batches[3:])])


def test_no_process_and_no_file_stays_open(trained: Training, tmp_path: Path) -> None:
    opened = open_files()
    with ProcessClient(WORKERS, tmp_path / "checkpoint.npz", **SETTINGS) as client:
        plan = client.plan(trained.parts)
        client.run(plan, trained.batches[0])
        pids = [process.process.pid for process in client.processes.values()]
        kill(client, "worker:0")
        client.run(plan, trained.batches[1])
        pids += [process.process.pid for process in client.processes.values()]
        assert len(set(pids)) == 3
    assert not any(map(exists, pids))
    assert open_files() == opened
    assert sorted(each.name for each in tmp_path.iterdir()) == []


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0


def exists(pid: int) -> bool:
    """Whether there is a process, be it a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_workers_end_when_their_client_is_killed(tmp_path: Path) -> None:
    text = """if True:
        import os, sys
        from fast.cluster import ProcessClient
        from fast.cluster.processes import WorkerProcess
        worker = WorkerProcess("worker:0", ("float32", 0), 1, 240.0)
        worker.answer()
        print(worker.process.pid, flush=True)
        os.kill(os.getpid(), 9)
    """
    run = subprocess.run(
        [sys.executable, "-c", text],
        capture_output=True,
        timeout=240,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
    )
    # Its output is at an end only when all who could write to it are gone, the worker as well.
    assert run.returncode == -signal.SIGKILL, run.stderr.decode()
    deadline = time.monotonic() + 60
    while is_running(int(run.stdout)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(int(run.stdout))


def is_running(pid: int) -> bool:
    """Whether a process of somebody else's is alive; it may be a zombie of who cares for orphans."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] not in "ZX"


# --- checkpoints ------------------------------------------------------------------------------------------------------


def checkpoint(step: int, size: int = 300_000) -> Checkpoint:
    return Checkpoint(step, {"scope/file": np.full(size, float(step)), "step": np.array(float(step))})


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    save_checkpoint(checkpoint(3), tmp_path / "checkpoint.npz")
    found = load_checkpoint(tmp_path / "checkpoint.npz")
    assert found.step == 3
    assert {n: (v.dtype, v.tobytes()) for n, v in found.variables.items()} == {
        n: (v.dtype, v.tobytes()) for n, v in checkpoint(3).variables.items()
    }


def test_half_a_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(checkpoint(1, 10), path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(InvalidArgument, match=r"path: wanted a whole checkpoint; got checkpoint\.npz"):
            load_checkpoint(path)


def test_a_file_that_is_no_checkpoint_is_refused_whatever_is_wrong_with_it(tmp_path: Path) -> None:
    path, draw = tmp_path / "checkpoint.npz", random.Random(1)
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(InvalidArgument, match="path: wanted a whole checkpoint"):
        load_checkpoint(path)
    save_checkpoint(checkpoint(3, 6), path)
    whole, refused = path.read_bytes(), 0
    for _ in range(500):
        spoiled = bytearray(whole)
        spoiled[draw.randrange(len(whole))] = draw.randrange(256)
        path.write_bytes(spoiled)
        try:
            assert load_checkpoint(path).step == 3
        except InvalidArgument:
            refused += 1
    assert refused > 300
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "none.npz")


@pytest.mark.parametrize("value", [np.zeros((1,), np.float32), np.float64(7)])
def test_a_checkpoint_of_another_graph_is_refused_and_not_spread_over_its_variables(tmp_path: Path, value: Any) -> None:
    graph = Graph()
    w = graph.variable("w", [[1.0, 2.0]])
    parts = {name: part.data() for name, part in partition([graph.read(w)], {"read": "cpu:0"}).items()}
    save_checkpoint(Checkpoint(3, {"w": value}), tmp_path / "c.npz")
    with ProcessClient({"cpu:0": "worker:0"}, tmp_path / "c.npz", threads=1) as client:
        plan = client.plan(parts)
        with pytest.raises(InvalidArgument, match=r"checkpoint: wanted float32 \[1, 2\] for variable 'w'; got float"):
            client.run(plan)


def test_whoever_is_killed_while_saving_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    text = """if True:
        import sys, itertools, pathlib
        import numpy as np
        from fast.cluster.checkpoints import Checkpoint, save_checkpoint
        for step in itertools.count(1):
            variables = {"a": np.full(300_000, float(step)), "b": np.full(300_000, float(step))}
            save_checkpoint(Checkpoint(step, variables), pathlib.Path(sys.argv[1]))
            print(step, flush=True)
    """
    path, draw = tmp_path / "checkpoint.npz", random.Random(5)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", text, str(path)], stdout=subprocess.PIPE, env=environment
        ) as saver:
            watchdog = Timer(240, saver.kill)
            watchdog.start()
            assert saver.stdout is not None
            done = int(saver.stdout.readline())
            time.sleep(draw.uniform(0, 0.05))
            saver.kill()
            watchdog.cancel()
        found = load_checkpoint(path)
        assert found.step >= done
        assert all(np.all(value == found.step) for value in found.variables.values())


def test_a_disk_that_is_full_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(checkpoint(1), path)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(checkpoint(2), path)
    assert load_checkpoint(path).step == 1


# --- requests that make no sense --------------------------------------------------------------------------------------


def changed(parts: dict[str, Any], change: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    return {device: [entry for entry in part if not change(entry)] for device, part in parts.items()}


def test_parts_that_dont_fit_are_refused(client: ProcessClient, trained: Training) -> None:
    unsent = changed(trained.parts, lambda e: e["kind"] == "send" and e["attributes"]["destination"] != "client")
    with pytest.raises(InvalidArgument, match=r"parts: wanted a send of '.*' from '.*' to '.*'; got none"):
        client.plan(unsent)
    with pytest.raises(InvalidArgument, match="parts: wanted a graph as plain data"):
        client.plan({})
    with pytest.raises(InvalidArgument, match="workers: wanted a worker for device 'gpu:0'"):
        client.plan(alone())
    elsewhere = dict(zip(trained.parts, reversed(trained.parts.values()), strict=True))
    with pytest.raises(InvalidArgument, match=r"parts: wanted variable '\w+' on 'worker:./cpu:0', where it is"):
        client.plan(redirected(elsewhere))
    circle = {
        device: [
            {"name": "r", "kind": "receive", "inputs": [], "control_inputs": [],
             "attributes": {"tensor": f"{other}:0", "source": other, "shape": ()}},
            {"name": "s", "kind": "send", "inputs": ["r:0"], "control_inputs": [],
             "attributes": {"tensor": f"{device}:0", "destination": other}},
        ]
        for device, other in (("a", "b"), ("b", "a"))
    }  # fmt: skip
    with pytest.raises(InvalidArgument, match="don't wait for each other in a circle; got a, b, which do"):
        client.plan(circle)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (None, "parts: wanted a list of operations, each a dict, on 'cpu:0'; got None"),
        ([1], "parts: wanted a list of operations, each a dict, on 'cpu:0'; got 1 in it"),
        ([{"name": "x"}], "kind of 'x': wanted a text; got None"),
        ([{"kind": "send"}], "name of operation 0 on 'cpu:0': wanted a text; got None"),
        ([{"name": "x", "kind": "send"}], "attributes of send 'x': wanted tensor, destination; got none"),
        ([{"name": "x", "kind": "add", "inputs": "a:0"}], "inputs of 'x': wanted a list of texts; got 'a:0'"),
        (
            [
                {"name": "r", "kind": "read", "attributes": {"variable": "w", "shape": ()}},
                {"name": "s", "kind": "send", "inputs": ["r:0"], "attributes": {"tensor": "r:0", "destination": "a"}},
            ],
            "variable of read 'r': wanted the name of a variable on 'cpu:0'; got 'w'",
        ),
    ],
)
def test_a_part_that_is_no_graph_is_named(part: Any, said: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^{said}$"):
        cut({"cpu:0": part})


def test_a_plan_of_another_client_is_refused(client: ProcessClient, tmp_path: Path) -> None:
    other = ProcessClient({"gpu:0": "worker:0"}, tmp_path / "c.npz")
    with pytest.raises(InvalidArgument, match="plan: wanted one that this client made"):
        client.run(other.plan(alone()))
    with pytest.raises(InvalidArgument, match="plan: wanted one that this client made; got None"):
        client.run(None)


def redirected(parts: dict[str, Any]) -> dict[str, Any]:
    """Two parts that changed places, with what they send and receive."""
    other = dict(zip(parts, reversed(parts), strict=True))

    def changed_entry(entry: dict[str, Any]) -> dict[str, Any]:
        return entry | {
            "attributes": {k: other.get(v, v) if isinstance(v, str) else v for k, v in entry["attributes"].items()}
        }

    return {device: [changed_entry(entry) for entry in part] for device, part in parts.items()}


def alone() -> dict[str, Any]:
    entry = {"name": "c", "kind": "constant", "inputs": [], "control_inputs": [], "attributes": {"value": 1}}
    sent = {"name": "s", "kind": "send", "inputs": ["c:0"], "control_inputs": []}
    return {"gpu:0": [entry, sent | {"attributes": {"tensor": "c:0", "destination": "client"}}]}


def test_settings_that_are_none_are_refused(tmp_path: Path) -> None:
    settings: list[dict[str, Any]] = [{"workers": {}}, {"save_every": 0}, {"seconds": 0}, {"threads": 0}]
    for said, wrong in [(next(iter(setting)), setting) for setting in settings]:
        with pytest.raises(InvalidArgument, match=f"^{said}: "):
            ProcessClient(**{"workers": WORKERS, "checkpoint": tmp_path / "c.npz"} | wrong)
