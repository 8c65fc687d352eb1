"""A reproduction runs as it stands, and shows that what came isn't what was wanted, for every kind of check."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conformance.backend import LocalBackend
from conformance.checking import Result, run_check
from conformance.checks import checks_of
from conformance.implementation import load
from conformance.operations import operations
from conformance.outcomes import Status
from conformance.processes import ROOT
from conformance.reproduction import literal
from conformance.subject import Subject

#: What goes wrong, by the beginning of the name of the check that notices, with the operation it goes wrong in.
WRONG: dict[str, tuple[str, str]] = {
    "worked examples": ("conv2d", "return base.conv2d(images, filters[::-1, ::-1], **how)"),
    "lattice probes": ("relu", "return np.abs(z)"),
    "rounding bound": ("softmax", "e = np.exp(z); return e / e.sum(axis=-1, keepdims=True)"),
    "laws": ("sigmoid", "return base.sigmoid(z) * z.dtype.type(1 + 2.0**-20)"),
    "gradients": ("tanh_vjp", "return cotangent * (1 - np.tanh(z))"),
    "special values: NaN": ("relu", "return np.fmax(z, 0)"),
    "special values: -infinity": ("relu", "return np.where(z == -np.inf, z, base.relu(z))"),
    "bad input": ("relu", "return np.maximum(np.asarray(z), 0)"),
    "manners: keeps the dtype": (
        "relu",
        "return base.relu(z).astype('float64' if z.dtype == 'float32' else 'float32')",
    ),
    "manners: leaves its inputs alone": ("relu", "result = base.relu(z); z += 1; return result"),
    "manners: accepts read only": ("relu", "return base.relu(z) if z.flags.writeable else z"),
    "manners: accepts any memory": ("relu", "return base.relu(np.ndarray(z.shape, z.dtype, np.ravel(z, 'K').copy()))"),
    "manners: gives the same bits": ("relu", "seen.append(0); return base.relu(z) + z.dtype.type(len(seen))"),
    "manners: gives the same bits twice": (
        "relu",
        "kept.setdefault((z.shape, z.dtype), np.empty_like(z))[...] = base.relu(z); return kept[z.shape, z.dtype]",
    ),
    "manners: gives results of its own": ("relu", "return base.relu(z) if (z < 0).any() else z[...]"),
    "manners: gives results": ("relu", "return memo.setdefault((z.shape, z.tobytes()), base.relu(z))"),
    "manners: gives results of": ("relu", "result = base.relu(z); result.flags.writeable = False; return result"),
    "manners: sees what changed": (
        "relu",
        "cached[0] = cached[0] if cached[0] and cached[0][0] is z else (z, base.relu(z)); return cached[0][1].copy()",
    ),
    "manners: sees what changed in place": (
        "forward_pass",
        "return base.forward_pass(inputs, (first_seen(weights[0]), *weights[1:]), biases)",
    ),
    "manners: leaves its surroundings": ("relu", "np.random.seed(0); return base.relu(z)"),
    "manners: serves two threads": (
        "relu",
        "s = kept.setdefault((z.shape, z.dtype), np.empty_like(z)); s[...] = base.relu(z); return s.copy()",
    ),
    "manners: accepts whole numbers": (
        "perceptron_sgd",
        "return base.perceptron_sgd(features, labels if labels.itemsize == 8 else np.abs(labels), **how)",
    ),
    "manners: names the argument": ("relu", "return base.relu(z) if base.is_fine(z) else base.give_up()"),
}
BEGINNING = """
import numpy as np
from conformance.implementations import numpy as numpys

seen, kept, memo, cached = [], {}, {}, [None]

def first_seen(array):
    return memo.setdefault(id(array), (array, array.copy()))[1]

class base:
    relu, conv2d, sigmoid = numpys.relu, numpys.conv2d, numpys.sigmoid
    forward_pass, perceptron_sgd = numpys.forward_pass, numpys.perceptron_sgd

    def is_fine(z):
        return isinstance(z, np.ndarray) and z.dtype.kind == "f" and z.size > 0 and z.ndim > 0

    def give_up():
        raise ValueError("something is wrong")
"""
PARAMETERS = {"conv2d": "images, filters, **how", "tanh_vjp": "z, cotangent"}
PARAMETERS |= {"forward_pass": "inputs, weights, biases", "perceptron_sgd": "features, labels, **how"}


def failure_of(module: Path, operation: str, check: str, dtype: str) -> Result:
    """The first failure of a check."""
    loaded = load(str(module))
    function = loaded.function(operation)
    assert function is not None
    arithmetic = load("numpy").arithmetics[dtype]
    subject = Subject(operations()[operation], LocalBackend(function), arithmetic, 300, 0, names_arguments=True)
    for found in checks_of(operations()[operation]):
        if found.name.startswith(check):
            result = run_check(str(module), subject, found)
            if result.status is Status.FAILED:
                return result
    raise AssertionError(f"{check} doesn't fail")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("check", WRONG)
def test_a_reproduction_shows_the_difference(tmp_path: Path, check: str, dtype: str) -> None:
    operation, body = WRONG[check]
    module = tmp_path / "module.py"
    parameters = PARAMETERS.get(operation, "z")
    module.write_text(f"{BEGINNING}\ndef {operation}({parameters}):\n    {body}\n", "utf-8")
    with np.errstate(all="ignore"):
        result = failure_of(module, operation, check, dtype)
        wanted, came = shown_by(result.reproduction)
    assert len(wanted) == len(came) > 0, result.reproduction
    assert wanted != came, result.reproduction


def shown_by(program: str) -> tuple[list[str], list[str]]:
    """What a reproduction prints behind "wanted" and "came"."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "reproduction", "exec"), {})
    lines = [line.partition(" ") for line in printed.getvalue().splitlines()]
    return tuple([text.strip() for label, _, text in lines if label == word] for word in ("wanted", "came"))


def test_a_reproduction_runs_as_it_is_pasted(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(f"{BEGINNING}\ndef relu(z):\n    return np.abs(z)\n", "utf-8")
    program = failure_of(module, "relu", "lattice probes", "float64").reproduction
    assert not any(line.startswith(" ") for line in program.splitlines())
    done = subprocess.run([sys.executable], input=program, capture_output=True, text=True, check=True, cwd=ROOT)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["wanted", "allowed", "came"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize("length", [0, 1, 7, 300])
@pytest.mark.parametrize("number", [1.0, -3.0, 0.1, -0.0, np.inf, np.nan])
def test_an_array_is_written_to_the_last_bit(number: float, length: int, dtype: str) -> None:
    if dtype == "int64":
        number = np.nan_to_num(number, posinf=0)
    array = np.full((2, length), number, dtype)
    last = array.copy()
    last[:, -1:] = 0
    for each in (array, array[:, ::2], last):
        again = eval(literal(each), {"np": np})
        assert (again.dtype, again.shape, again.tobytes()) == (each.dtype, each.shape, each.tobytes())


def test_many_equal_numbers_are_written_once() -> None:
    assert literal(np.full((1, 300), 0.5, "float32")) == "np.full((1, 300), 0.5, 'float32')"
    assert literal(np.full(300, None)) == "np.full((300,), None, 'object')"
    assert len(literal(np.append(np.zeros(300), -0.0))) > 300
