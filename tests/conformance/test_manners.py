"""What manners are looked at with: other calls, two threads, the processor's arithmetic, and who may be blamed."""

from __future__ import annotations

import ctypes.util
import platform
import subprocess
import sys
import time
from functools import partial
from typing import Any

import numpy as np
import pytest

from conformance.arrays import arrays_in
from conformance.concurrency import meet
from conformance.habits.errors import concerned
from conformance.habits.variations import constant_along_an_axis, others, turned, with_another_end
from conformance.layouts import DTYPES_OF_WHOLE_NUMBERS, LAYOUTS
from conformance.operations import operations
from conformance.processes import ROOT
from conformance.sampling import sample_calls
from conformance.spoiling import is_bad

# --- other calls ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", operations())
def test_other_calls_are_good_ones_of_the_same_shapes(name: str) -> None:
    operation = operations()[name]
    for arguments in sample_calls(operation, "float32", 10):
        for vary in (others, turned, with_another_end, constant_along_an_axis):
            varied = vary(arguments)
            for other in varied if isinstance(varied, list) else [varied]:
                shapes = [(array.shape, array.dtype) for array in arrays_in(other)]
                assert shapes == [(array.shape, array.dtype) for array in arrays_in(arguments)]
                assert not is_bad(operation, other)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(3,), (1, 4), (2, 1, 3)])
def test_a_layout_changes_no_number(layout: str, shape: tuple[int, ...]) -> None:
    for array in (np.arange(np.prod(shape)).reshape(shape), np.ones(shape), np.full(shape, 1 / 3)):
        laid_out = LAYOUTS[layout](array)
        assert laid_out.shape == shape
        assert np.array_equal(laid_out, array)


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"as drawn", "read-only", *DTYPES_OF_WHOLE_NUMBERS}))
def test_a_layout_is_another_one(layout: str) -> None:
    array = np.ones((3, 4), np.float32)
    laid_out = LAYOUTS[layout](array)
    differs = laid_out.strides != array.strides or laid_out.dtype != array.dtype
    assert differs or laid_out.ctypes.data % 8 or laid_out.base is not None


# --- two threads ------------------------------------------------------------------------------------------------------


def test_code_that_cannot_be_stopped_meets_by_running_side_by_side() -> None:
    shared = {"who": 0}

    def slow(who: int) -> Any:
        shared["who"] = who
        time.sleep(0.01)
        return np.array(shared["who"])

    slow.__module__ = "a_library"  # nothing of this module's code counts as the function's own
    assert meet(slow, partial(slow, 1), partial(slow, 2)) != [None, None]


def test_calls_that_share_nothing_get_their_own_results() -> None:
    def square(array: Any) -> Any:
        return array * array

    assert meet(square, partial(square, np.ones(3)), partial(square, np.zeros(3))) == [None, None]


# --- the processor ----------------------------------------------------------------------------------------------------

CHANGE_MODE = """
import ctypes, sys
from conformance.surroundings import disturbed_since, surroundings
libm, environment = ctypes.CDLL(sys.argv[1]), ctypes.create_string_buffer(64)
before = surroundings()
print(disturbed_since(before))
libm.fegetenv(environment)
changed = bytearray(environment.raw)
control = int.from_bytes(changed[28:32], "little") | int(sys.argv[2], 16)
changed[28:32] = control.to_bytes(4, "little")
libm.fesetenv(bytes(changed))
print(disturbed_since(before))
"""


@pytest.mark.skipif(platform.machine() != "x86_64" or not sys.platform.startswith("linux"), reason="sets MXCSR's bits")
@pytest.mark.parametrize("bits", ["8000", "0040", "2000", "4000", "6000"])
def test_a_changed_mode_of_the_processor_is_noticed(bits: str) -> None:
    command = [sys.executable, "-c", CHANGE_MODE, str(ctypes.util.find_library("m")), bits]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines() == ["()", '("the processor\'s arithmetic",)']


# --- errors -----------------------------------------------------------------------------------------------------------

GOOD = {"inputs": np.ones((2, 3)), "weights": np.ones((3, 4)), "bias": np.ones(4)}
BACK = {**GOOD, "cotangent": np.ones((2, 4))}


@pytest.mark.parametrize(
    ("name", "good", "spoilt", "names"),
    [
        ("dense", GOOD, {"weights": np.ones((4, 4))}, {"weights", "inputs"}),
        ("dense", GOOD, {"bias": np.ones(5)}, {"bias", "weights"}),
        ("dense", GOOD, {"weights": None}, {"weights"}),
        ("dense_vjp", BACK, {"weights": np.ones((3, 5))}, {"weights", "bias", "cotangent"}),
        ("dense_vjp", BACK, {"inputs": np.ones((3, 3))}, {"inputs", "cotangent"}),
    ],
)
def test_an_error_may_name_what_is_spoilt_and_what_it_no_longer_fits(
    name: str, good: dict[str, Any], spoilt: dict[str, Any], names: set[str]
) -> None:
    assert set(concerned(operations()[name], good, {**good, **spoilt})) == names
