"""The tables at the end of the run, the picture, and their numbers in the JSON report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

# Nothing to collect in there but other libraries, of which some aren't installed.
collect_ignore_glob = ["engines/*"]


class Measurements(NamedTuple):
    """What a run has measured so far: with each library in a process of its own, and with all in one."""

    apart: list[Any]
    together: list[Any]


MEASUREMENTS = pytest.StashKey[Measurements]()
#: How many threads of other programs wanted a core before the run, on average over a minute.
LOAD = pytest.StashKey[float | None]()

ROOFLINE = Path("report", "roofline.svg")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--turns", type=int, help="of the benchmark: rounds in which every library has a turn (30)")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MEASUREMENTS] = Measurements([], [])
    config.stash[LOAD] = os.getloadavg()[0] if hasattr(os, "getloadavg") else None


@pytest.fixture
def measurements(request: pytest.FixtureRequest) -> Measurements:
    """What this run has measured so far."""
    return request.config.stash[MEASUREMENTS]


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """In how many rounds everybody has a turn."""
    from tests.benchmarks.interleaving import ROUNDS

    return request.config.getoption("--turns", None) or ROUNDS


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    found = config.stash[MEASUREMENTS]
    if not found.apart and not found.together:
        return
    from tests.benchmarks import report, roofline, summary

    write = terminalreporter.write_line
    terminalreporter.section("fast.cpu beside other libraries")
    write(report.machine(processor(config)))
    if config.stash[LOAD] is not None:
        write(f"load average before the run: {config.stash[LOAD]:.1f}; the nearer to 0, the more the ratios mean")
    if found.apart:
        lines = [*report.table(found.apart), "", *report.notes(found.apart), "", *summary.lines(found.apart)]
        for line in ["", *lines]:
            write(line)
        ROOFLINE.parent.mkdir(exist_ok=True)
        ROOFLINE.write_text(roofline.picture(found.apart), "utf-8")
        write(f"every cell's place under the machine's roofline: {ROOFLINE}")
    if found.together:
        terminalreporter.section("all of them in one process, whose cores their threads share")
        for line in report.table(found.together):
            write(line)


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    from tests.benchmarks import report

    machine_info["summary"] = report.machine(machine_info["cpu"].get("brand_raw", machine_info["processor"]))
    machine_info["load_average_before"] = config.stash[LOAD]


def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    from tests.benchmarks import contestants, summary

    if config.stash[MEASUREMENTS].apart:
        output_json["summary"] = summary.summarized(config.stash[MEASUREMENTS].apart)
    output_json["not_installed"] = contestants.missing()


def processor(config: pytest.Config) -> str:
    """The processor's name, as pytest-benchmark finds it."""
    found = config.hook.pytest_benchmark_generate_machine_info(config=config)
    return str(found["cpu"].get("brand_raw", found["processor"]))
