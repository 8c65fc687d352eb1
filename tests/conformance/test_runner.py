"""Whatever becomes of a process of the suite, every check that was due has a result."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conformance import runner
from conformance.checking import Result
from conformance.checks import check_names
from conformance.operations import operations
from conformance.outcomes import Status, Verdict
from conformance.processes import ROOT
from conformance.runner import NOT_RUN, Progress, Task, run
from conformance.verdicts import exit_status, judge
from tests.conformance.plans import plan
from tests.conformance.test_hostile import processes

PATRICIDE = """
import os
import numpy as np

def relu(z):
    os.kill(os.getppid(), 9)

def softmax(z):
    raise ValueError("z: no")
"""

SLOW = """
import time
import numpy as np

def relu(z):
    time.sleep(0.002)
    return np.maximum(z, 0)

def softmax(z):
    open(__file__ + ".softmax", "w").close()
    time.sleep(30)
"""


def test_the_loss_of_a_judge_costs_the_task_it_had(tmp_path: Path) -> None:
    module = tmp_path / "patricide.py"
    module.write_text(PATRICIDE, "utf-8")
    outcome = run(plan(str(module), "numpy", jobs=1))
    lost = [r for r in outcome.results if r.implementation == str(module) and r.operation == "relu"]
    assert [result.check for result in lost] == check_names(operations()["relu"])
    assert {result.status for result in lost} == {Status.NO_RESULT}
    assert "SIGKILL" in lost[0].summary
    softmax = [r for r in outcome.results if r.implementation == str(module) and r.operation == "softmax"]
    assert Status.NO_RESULT not in {result.status for result in softmax}
    assert judge(outcome, "numpy", "relu").verdict is Verdict.CONFORMS
    assert exit_status(outcome) == 1


def test_an_exception_in_a_thread_of_the_runner_ends_the_run_as_an_error() -> None:
    class Stuck(Progress):
        def finish(self, task: Task, results: list[Result]) -> None:
            raise RuntimeError("the bar is stuck")

    outcome = run(plan("numpy", jobs=1), Stuck())
    assert "the bar is stuck" in outcome.error
    assert exit_status(outcome) == 3
    # What nobody came to is told as such, and doesn't pass.
    due = {(name, check) for name in ("relu", "softmax") for check in check_names(operations()[name])}
    assert {(r.operation, r.check) for r in outcome.results} == due
    assert NOT_RUN in {result.summary for result in outcome.results}


def test_an_implementation_of_nothing_does_not_succeed(tmp_path: Path) -> None:
    empty = tmp_path / "empty.py"
    empty.write_text("", "utf-8")
    outcome = run(plan(str(empty), operations=("relu",)))
    assert judge(outcome, str(empty), "relu").verdict is Verdict.NOT_PROVIDED
    assert exit_status(outcome) == 1


def test_the_same_seed_gives_the_same_results() -> None:
    def numbers(seed: int) -> list[object]:
        outcome = run(plan("numpy", operations=("dense",), seed=seed))
        return [(r.check, r.status, r.deciding, r.undecidable, r.vacuous, r.worst) for r in outcome.results]

    assert numbers(1) == numbers(1)
    assert numbers(1) != numbers(2)


def heed_interrupts() -> None:
    """As on a terminal: who starts the tests in the background has them, and all that they start, ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(module: Path, report: Path) -> subprocess.Popen[bytes]:
    """The command line on a slow implementation, when the first of its operations is done and the second isn't."""
    command = [sys.executable, "-m", "conformance", str(module), "--only", "relu,softmax", "--dtype", "float32"]
    command += ["--cases", "8", "--jobs", "1", "--report", str(report)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, preexec_fn=heed_interrupts
    )
    end = time.monotonic() + 60
    while not module.with_name(module.name + ".softmax").exists() and time.monotonic() < end:
        time.sleep(0.1)
    return process


SLUGGISH = """
import time
import numpy as np

def relu(z):
    time.sleep(0.02)
    return np.maximum(z, 0)
"""


def test_the_time_limit_is_that_of_a_call_not_of_all_calls_together(tmp_path: Path) -> None:
    module = tmp_path / "sluggish.py"
    module.write_text(SLUGGISH, "utf-8")
    limited = plan(str(module), operations=("relu",), kinds=("lattice probes",), time_limit=1.0)
    outcome = run(limited)
    assert max(result.seconds for result in outcome.results) > 1
    assert {result.status for result in outcome.results} == {Status.PASSED}


def test_a_judge_whose_calls_all_take_long_is_not_taken_for_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "sluggish.py"
    module.write_text(SLUGGISH.replace("0.02", "0.6"), "utf-8")
    monkeypatch.setattr(runner, "JUDGING_SECONDS", 1.0)  # so 7 s of silence; a handful of calls takes 9.6 s
    outcome = run(plan(str(module), operations=("relu",), kinds=("rounding bound",), time_limit=6.0, cases=40))
    assert {result.status for result in outcome.results} == {Status.PASSED}


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_keeps_and_reports_what_is_done(tmp_path: Path, order: signal.Signals) -> None:
    module, report = tmp_path / "slow.py", tmp_path / "report"
    module.write_text(SLOW, "utf-8")
    process = started(module, report)
    process.send_signal(order)
    try:
        printed, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, printed
    text = (report / "report.json").read_text("utf-8")
    assert '"interrupted": true' in text
    assert NOT_RUN in text
    assert '"status": "passed"' in text
    assert gone(module)


def test_the_death_of_the_runner_leaves_no_process_behind(tmp_path: Path) -> None:
    module = tmp_path / "slow.py"
    module.write_text(SLOW, "utf-8")
    process = started(module, tmp_path / "report")
    process.kill()
    process.wait()
    assert gone(module)
    process.communicate()


def gone(module: Path) -> bool:
    """Whether every process that knows of a module ends within some seconds."""
    end = time.monotonic() + 20
    while processes(str(module)) and time.monotonic() < end:
        time.sleep(0.1)
    return not processes(str(module))
