"""The parts of a GPU run, each in processes of its own."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from conformance.report.findings import BROKEN
from tests.benchmarks.cuda.machine import ROOT

#: What compute-sanitizer looks for: bad accesses, races in shared memory, barriers that some threads miss, and numbers
#: that are read before anybody wrote them.
TOOLS = ("memcheck", "racecheck", "synccheck", "initcheck")
#: Its exit status where it found something.
FOUND = 99
#: The checks whose errors are compared with what is allowed.
BOUNDED = ("lattice probes", "rounding bound")
#: How much of what a program says is kept.
LAST_WORDS = 3000


def benchmark(options: argparse.Namespace) -> Any:
    """Times beside PyTorch's, and beside what the device can do."""
    limit = ["--minutes", str(options.minutes)] if options.minutes else []
    return said_by("tests.benchmarks.cuda.speed", "--rounds", str(options.rounds), *limit)


def ulps(options: argparse.Namespace) -> Any:
    """How far off the elementary functions are, at every float32 there is."""
    return said_by("tests.benchmarks.cuda.ulps")


def said_by(module: str, *arguments: str) -> Any:
    """What a program writes, as JSON, into the file that its first argument names."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "said.json")
        finished = run(sys.executable, "-m", module, str(path), *arguments)
        if finished.returncode:
            raise RuntimeError(f"{module}: exit status {finished.returncode}\n{finished.stderr[-LAST_WORDS:]}")
        return json.loads(path.read_text("utf-8"))


def conformance(options: argparse.Namespace) -> Any:
    """The suite's verdicts."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "conformance", "fast.cuda", "--cases", str(options.cases), "--report", folder]
        finished, path = run(sys.executable, *command, minutes=options.minutes), Path(folder, "report.json")
        if not path.exists():
            raise RuntimeError(f"conformance: exit status {finished.returncode}\n{finished.stderr[-LAST_WORDS:]}")
        return digest(json.loads(path.read_text("utf-8")), options.cases)


def digest(report: dict[str, Any], cases: int) -> dict[str, Any]:
    """Of a report, what is worth keeping."""
    return {
        "exit_status": report["exit_status"],
        "error": report["error"][-LAST_WORDS:],
        "interrupted": report["interrupted"],
        "cases": cases,
        "seed": report["seed"],
        "seconds": report["seconds"],
        "checks": len(report["results"]),
        "operations": {
            said["operation"]: {
                "verdict": said["verdict"],
                "severity": said["severity"],
                "reason": said["reason"],
                "deciding": said["deciding"],
                "worst": worst_of(report, said["operation"]),
            }
            for said in report["judgements"]
        },
        "broken": [
            {name: result[name] for name in ("operation", "dtype", "check", "status", "summary")}
            for result in report["results"]
            if result["status"] in BROKEN
        ],
    }


def worst_of(report: dict[str, Any], operation: str) -> dict[str, float | None]:
    """By dtype, the largest error of an operation in parts of the allowed one; None if it exceeds all bounds."""
    found: dict[str, list[float | None]] = {}
    for result in report["results"]:
        if result["operation"] == operation and result["kind"] in BOUNDED and result["deciding"]:
            found.setdefault(result["dtype"], []).append(result["worst"])
    return {dtype: None if None in of else max(filter(None, of), default=0.0) for dtype, of in found.items()}


def sanitizer(options: argparse.Namespace) -> Any:
    """What compute-sanitizer finds in a few calls of every operation."""
    program = sanitizer_program()
    if program is None:
        return {tool: {"status": "not found", "findings": 0, "said": ""} for tool in TOOLS}
    return {tool: findings(program, tool, options.minutes / len(TOOLS)) for tool in TOOLS}


def sanitizer_program() -> str | None:
    """Where compute-sanitizer is: in the toolkit's packages, or anywhere; None if nowhere."""
    try:
        from cuda.pathfinder import find_nvidia_binary_utility
    except ImportError:
        return shutil.which("compute-sanitizer")
    found = find_nvidia_binary_utility("compute-sanitizer")
    return str(found) if found else shutil.which("compute-sanitizer")


def findings(program: str, tool: str, minutes: float = 0) -> dict[str, Any]:
    """What one tool finds.

    Errors that the driver returns are left out: whoever asks it for a function that it hasn't, to do without, gets one.
    """
    options = ["--tool", tool, "--error-exitcode", str(FOUND), "--report-api-errors", "no", "--print-limit", "20"]
    finished = run(program, *options, sys.executable, "-m", "tests.benchmarks.cuda.sanitized", minutes=minutes)
    return told(finished.returncode, finished.stdout + finished.stderr)


def told(exit_status: int, said: str) -> dict[str, Any]:
    """A tool's findings from its exit status and what it says; no summary, no verdict."""
    counts = [int(count) for count in re.findall(r"SUMMARY: (\d+) ", said)]
    if exit_status == 0 and counts and not any(counts):
        return {"status": "clean", "findings": 0, "said": ""}
    status = "findings" if exit_status == FOUND or any(counts) else f"exit status {exit_status}, and no summary"
    return {"status": status, "findings": sum(counts), "said": said[-LAST_WORDS:]}


def run(*command: str, minutes: float = 0) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, in the project's folder; after so many minutes, if any, it is told to end.

    The suite obeys by reporting what it has checked until then.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=ROOT, errors="replace") as process:
        try:
            said = process.communicate(timeout=60 * minutes or None)
        except subprocess.TimeoutExpired:
            process.terminate()
            said = process.communicate()
    return subprocess.CompletedProcess(command, process.returncode, *said)
