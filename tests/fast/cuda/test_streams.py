"""Streams and the errors of a device: by drivers made up here, since the simulator has neither."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from cuda.bindings import driver

from fast import cuda
from fast.cuda import device, device_arrays, device_errors, streams
from reference.errors import InvalidArgument

simulated = pytest.mark.skipif(not device.SIMULATED, reason="replaces what the simulator has no counterpart of")

ROW = np.array([[1.0, -2.0, 3.0]], np.float32)


class Stream:
    """A stream of Numba's, of which is known how often the host waited for it."""

    def __init__(self, handle: int) -> None:
        self.handle, self.waits = handle, 0

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self.handle

    def auto_synchronize(self) -> None:
        """Numba's streams have this, and no others."""

    def synchronize(self) -> None:
        self.waits += 1


class Foreign:
    """An array of another library: nothing but the interface."""

    def __init__(self, array: np.ndarray, **more: Any) -> None:
        self.array, self.asked = array, 0
        self.interface = {**array.__array_interface__, **more}

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        self.asked += 1
        return self.interface


@contextmanager
def made_up_driver() -> Iterator[list[tuple[Any, ...]]]:
    """Streams, events and other libraries' arrays for the simulator, whose memory is the host's; what events did."""
    events: list[tuple[Any, ...]] = []
    event = SimpleNamespace(
        record=lambda stream: events.append(("record", streams.handle_of(stream))),
        wait=lambda stream: events.append(("wait", streams.handle_of(stream))),
    )

    def as_cuda_array(value: Any, sync: bool) -> Any:
        assert not sync, "the host would wait"
        interface = value.__cuda_array_interface__
        given = interface.get("stream")
        array = np.asarray(SimpleNamespace(__array_interface__=interface))
        return type(device.cuda.to_device(ROW))(array, stream=0 if given is None else Stream(given))

    with ExitStack() as stack:
        for room in (streams, device_arrays):
            stack.enter_context(patch.object(room, "SIMULATED", False))
        for name, made_up in {
            "event": lambda timing: event,
            "external_stream": Stream,
            "as_cuda_array": as_cuda_array,
        }.items():
            stack.enter_context(patch.object(device.cuda, name, made_up, create=True))
        yield events


@simulated
def test_what_has_only_the_interface_is_read_where_it_lies() -> None:
    with made_up_driver() as events:
        given = Foreign(ROW.copy())
        result = cuda.relu(given)
        given.array[0, 0] = 7  # and not a copy of it
        assert cuda.relu(given).copy_to_host().tolist() == [[7, 0, 3]]
    assert result.copy_to_host().tolist() == [[1, 0, 3]]
    assert not events


@simulated
def test_what_has_only_the_interface_is_no_array_for_the_simulator() -> None:
    """It would be read as memory of the host, which it may not be."""
    with pytest.raises(InvalidArgument, match=r"z: wanted an array of numba\.cuda"):
        cuda.relu(Foreign(ROW))


@simulated
@pytest.mark.parametrize("way", ["numba", "handle", "cuda_stream", "ptr"])
def test_calls_go_to_the_stream_and_wait_for_no_other(way: str) -> None:
    given = Stream(77)
    of_others = {name: SimpleNamespace(**{name: 77}) for name in ("cuda_stream", "ptr")}
    there = device.cuda.to_device(ROW)
    with made_up_driver() as events, cuda.stream({"numba": given, "handle": 77, **of_others}[way]):
        used = device.STREAM.get()
        assert used is given or used.owner in (77, of_others.get(way))  # which lives as long as it is used
        result = cuda.relu(there)
        assert streams.handle_of(result.stream) == used.handle == 77
        assert used.waits == 0
        assert cuda.relu(ROW).tolist() == [[1, 0, 3]]
        assert used.waits == 2  # for the copy there and for the one back
    assert device.STREAM.get() == 0
    assert events == [("record", 0), ("wait", 77)]


@simulated
def test_another_streams_arrays_are_waited_for_on_the_device() -> None:
    with made_up_driver() as events:
        with cuda.stream(Stream(5)):
            first = cuda.relu(Foreign(ROW, stream=5))
        assert not events
        second = cuda.tanh(first)
        assert events == [("record", 5), ("wait", 0)]
        with cuda.stream(6):
            cuda.relu_vjp(Foreign(ROW, stream=9), second)
        assert events[2:] == [("record", 9), ("wait", 6), ("record", 0), ("wait", 6)]


@simulated
@pytest.mark.parametrize("legacy", [1, Stream(1), SimpleNamespace(ptr=1)])
def test_the_default_stream_has_another_name(legacy: Any) -> None:
    """CuPy's arrays say 1 of it, PyTorch and CuPy 0 of the stream itself; 2 is another stream, that of a thread."""
    with made_up_driver() as events:
        result = cuda.relu(Foreign(ROW, stream=1))
        with cuda.stream(legacy):
            assert device.STREAM.get() == 0
            assert cuda.relu_vjp(Foreign(ROW, stream=1), result).stream == 0
        assert not events
        cuda.relu(Foreign(ROW, stream=2))
        with cuda.stream(2):
            cuda.relu(Foreign(ROW, stream=1))
    assert events == [("record", 2), ("wait", 0), ("record", 0), ("wait", 2)]


@simulated
def test_what_is_copied_of_another_streams_array_is_copied_on_the_calls() -> None:
    with made_up_driver():
        assert device_arrays.numba_array("z", Foreign(ROW, stream=5)).stream == 0
        with cuda.stream(6):
            assert streams.handle_of(device_arrays.numba_array("z", Foreign(ROW, stream=5)).stream) == 6


@simulated
def test_learning_rates_with_only_the_interface() -> None:
    features, labels, rates = np.array([[1.0, 2], [2, 1]]), np.array([1, -1]), np.array([1.0, 2, 0.5])
    wanted = cuda.perceptron_sgd(features, labels, epochs=3, learning_rate=rates).final_weights
    with made_up_driver():
        trace = cuda.perceptron_sgd(Foreign(features), Foreign(labels), epochs=3, learning_rate=Foreign(rates))
        assert trace.final_weights.copy_to_host().tolist() == wanted.tolist()


@simulated
def test_kernels_are_launched_on_the_stream() -> None:
    launched: list[Any] = []

    class Compiled:
        py_func = test_kernels_are_launched_on_the_stream

        def __getitem__(self, how: Any) -> Any:
            return lambda *arguments: launched.append((how, arguments))

    given = Stream(77)
    with made_up_driver(), patch.object(device, "SIMULATED", False):
        device.launch(Compiled(), 1, 32, 2.5, shared_bytes=8)
        with cuda.stream(given):
            device.launch(Compiled(), 2, 64)
    assert launched == [((1, 32, 0, 8), (2.5,)), ((2, 64, given, 0), ())]


@simulated
def test_a_stream_is_that_of_a_thread_and_ends_with_an_error() -> None:
    seen: list[Any] = []

    def work() -> None:
        with cuda.stream(77):
            thread = threading.Thread(target=lambda: seen.append(device.STREAM.get()))
            thread.start()
            thread.join()
            raise ZeroDivisionError

    with made_up_driver(), pytest.raises(ZeroDivisionError):
        work()
    assert seen == [0]
    assert device.STREAM.get() == 0


def test_a_stream_of_numba_is_taken() -> None:
    with cuda.stream(device.cuda.stream()):
        assert cuda.relu(device.cuda.to_device(ROW)).copy_to_host().tolist() == [[1, 0, 3]]
    with cuda.stream(0):
        assert cuda.relu(ROW).tolist() == [[1, 0, 3]]


@pytest.mark.parametrize("given", ["77", 1.5, None, True, -1])
def test_what_is_no_stream_is_named(given: Any) -> None:
    with pytest.raises(InvalidArgument, match="stream: wanted a stream"), cuda.stream(given):
        pass


@pytest.fixture(scope="module")
def done_without_simulator() -> list[Any]:
    """What becomes of Numba's own arrays and streams, which aren't the simulator's."""
    program = Path(__file__).with_name("made_up_device.py")
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "0", "PYTHONPATH": str(program.parents[3])}
    command = [sys.executable, str(program)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def test_copies_and_events_of_numbas_own_streams(done_without_simulator: list[Any]) -> None:
    """For NumPy's arrays and for those on the device, on the default stream and on another; and the result's stream."""
    on_default, on_another = done_without_simulator[:2]
    assert on_default == [[["copy", 12, 0]] * 2, [["record", 99], ["wait", 0]], None]
    copies = [["copy", 12, 77], ["synchronize", 77]] * 2
    assert on_another == [copies, [["record", 0], ["wait", 77], ["record", 99], ["wait", 77]], 77]


def test_shapes_and_parts_of_numbas_own_arrays(done_without_simulator: list[Any]) -> None:
    arrays, refusal = done_without_simulator[2:]
    square = [[0, 1, 2], [3, 4, 5]]
    assert arrays == [[[0, 1], [2, 3], [4, 5]], square, 3, [square[0], *square], [0, 1, 3, 4, 5]]
    assert refusal.endswith("C-contiguous array on the device; got shape [2, 3] with strides of [4, 8] bytes")


class DriverError(Exception):
    """Not Numba's class, which is another one in the simulator, nor that of the library below it."""


OUT_OF_MEMORY = DriverError("[2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY")
LOST = DriverError("CUDA_ERROR_ILLEGAL_ADDRESS: while executing a kernel, the device encountered a load …")


@contextmanager
def failing(name: str, error: Exception) -> Iterator[None]:
    """Let one of Numba's functions, or a device array's copying, fail as the driver would."""
    kind = type(device.cuda.to_device(ROW))
    with patch.object(kind if hasattr(kind, name) else device.cuda, name, side_effect=error):
        yield


@simulated
@pytest.mark.parametrize("name", ["device_array", "to_device"])
def test_no_memory(name: str) -> None:
    context, ones = SimpleNamespace(get_memory_info=lambda: (1000, 2000)), np.ones((500, 3), np.float32)
    asked = patch.object(device.cuda, "current_context", lambda: context)
    with failing(name, OUT_OF_MEMORY), asked, pytest.raises(cuda.OutOfDeviceMemory) as caught:
        cuda.relu(ones)
    assert isinstance(caught.value, MemoryError)
    said = str(caught.value)
    assert "6000 bytes" in said
    assert "float32 [500, 3]" in said or "float32 [1500]" in said
    assert "1000 of 2000 bytes are free" in said
    assert caught.value.__cause__ is OUT_OF_MEMORY


def test_no_memory_where_nobody_knows_how_much_there_is() -> None:
    def fail() -> tuple[int, int]:
        raise LOST

    with pytest.raises(cuda.OutOfDeviceMemory, match="nor can the driver say"):
        device_errors.raise_clearly(OUT_OF_MEMORY, "8 bytes", "a kernel", fail)


@simulated
@pytest.mark.parametrize("name", ["device_array", "to_device", "copy_to_host"])
def test_a_lost_device_names_the_last_kernel(name: str) -> None:
    cuda.softmax(ROW)
    with failing(name, LOST), pytest.raises(cuda.DeviceLost) as caught:
        cuda.log_softmax(ROW)
    said = str(caught.value)
    last = "log_softmax_kernel" if name == "copy_to_host" else "probabilities_kernel"
    assert f"fast.cuda.softmax.{last}." in said
    assert "CUDA_ERROR_ILLEGAL_ADDRESS" in said
    assert "start the process again" in said
    assert caught.value.__cause__ is LOST


@simulated
def test_a_kernel_that_loses_the_device_and_one_that_has_no_memory() -> None:
    @device.kernel
    def fails(error: Any) -> None:
        raise error

    with pytest.raises(cuda.DeviceLost, match=r"fails; it or one before it failed"):
        device.launch(fails, 1, 1, LOST)
    with pytest.raises(cuda.OutOfDeviceMemory, match="launching"):
        device.launch(fails, 1, 1, OUT_OF_MEMORY)


@simulated
def test_other_errors_are_left_as_they_are() -> None:
    for error in (DriverError("CUDA_ERROR_INVALID_VALUE"), ValueError("no such thing")):
        for name in ("device_array", "to_device", "copy_to_host"):
            with failing(name, error), pytest.raises(type(error)) as caught:
                cuda.relu(ROW)
            assert caught.value is error


def test_the_driver_has_errors_of_these_names() -> None:
    assert {result.name for result in driver.CUresult} >= {*device_errors.FATAL, "CUDA_ERROR_OUT_OF_MEMORY"}
