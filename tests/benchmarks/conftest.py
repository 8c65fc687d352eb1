"""One table at the end of the run, and its numbers in the JSON report."""

from __future__ import annotations

import os
from typing import Any

import pytest

# Nothing to collect in here but TensorFlow, for which nobody should wait who doesn't measure, and other libraries, of
# which some aren't installed.
collect_ignore = ["contestants.py", "tensorflow_graphs.py"]
collect_ignore_glob = ["engines/*"]

MEASUREMENTS = pytest.StashKey[list[Any]]()
#: How many threads of other programs wanted a core before the run, on average over a minute.
LOAD = pytest.StashKey[float | None]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MEASUREMENTS] = []
    config.stash[LOAD] = os.getloadavg()[0] if hasattr(os, "getloadavg") else None


@pytest.fixture
def measurements(request: pytest.FixtureRequest) -> list[Any]:
    """What this run has measured so far."""
    return request.config.stash[MEASUREMENTS]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if not config.stash[MEASUREMENTS]:
        return
    from tests.benchmarks import report

    terminalreporter.section("the five algorithms")
    terminalreporter.write_line(report.machine(processor(config)))
    if config.stash[LOAD] is not None:
        terminalreporter.write_line(
            f"load average before the run: {config.stash[LOAD]:.1f}; the nearer to 0, the more the ratios mean"
        )
    terminalreporter.write_line("")
    for line in report.table(config.stash[MEASUREMENTS]):
        terminalreporter.write_line(line)


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    from tests.benchmarks import report

    machine_info["summary"] = report.machine(machine_info["cpu"].get("brand_raw", machine_info["processor"]))
    machine_info["load_average_before"] = config.stash[LOAD]


def processor(config: pytest.Config) -> str:
    """The processor's name, as pytest-benchmark finds it."""
    found = config.hook.pytest_benchmark_generate_machine_info(config=config)
    return str(found["cpu"].get("brand_raw", found["processor"]))
