"""Messages between processes: every value comes back as it was, and what isn't a message is told as such."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from conformance.arrays import same_bits
from conformance.channel import HEADER, Channel, ConnectionLost, TimedOut, pair

Ends = tuple[Channel, Channel]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Both ends of a connection, closed in the end."""
    ours, theirs = pair()
    yield ours, theirs
    ours.close()
    theirs.close()


VALUES: list[Any] = [
    None,
    True,
    -7,
    0.1,
    math.inf,
    "ρ \n",
    (1, (2.5, "x"), []),
    [1, [2, (3,)]],
    {"a": {"b": (1,)}, "array": None, "tuple": 1},
    1 - 2j,
    {1, (2, 3)},
    np.float32(0.1),
    np.int64(7),
    np.bool_(True),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values_come_back(ends: Ends, value: Any) -> None:
    ours, theirs = ends
    ours.send(value)
    came = theirs.receive(1)
    assert came == value
    assert type(came) is type(value)


def test_nan_comes_back(ends: Ends) -> None:
    ours, theirs = ends
    ours.send((math.nan,))
    assert math.isnan(theirs.receive(1)[0])


@pytest.mark.parametrize("dtype", ["float32", "float64", ">f4", "int64", "bool", "<U5", "complex64"])
def test_arrays_come_back_to_the_last_bit(ends: Ends, dtype: str) -> None:
    sent = {"z": (np.arange(6).reshape(2, 3).astype(dtype), np.zeros((0, 2), dtype)), "x": np.array(1).astype(dtype)}
    ours, theirs = ends
    ours.send(sent)
    came = theirs.receive(1)
    assert same_bits(came, sent)
    assert [array.shape for array in came["z"]] == [(2, 3), (0, 2)]


def test_arrays_of_anything_come_back(ends: Ends) -> None:
    ragged = np.empty((2, 1), object)
    ragged[0, 0], ragged[1, 0] = [1.0, None], "seven"
    ours, theirs = ends
    ours.send(ragged)
    came = theirs.receive(1)
    assert (came.dtype, came.shape, came.tolist()) == (ragged.dtype, ragged.shape, ragged.tolist())


def test_objects_that_are_too_few_end_the_connection(ends: Ends) -> None:
    ours, theirs = ends
    text = b'{"objects": [[1000000, 1000000], [1]]}'
    os.write(ours.fileno(), HEADER.pack(len(text), 0) + text)
    with pytest.raises(ConnectionLost):
        theirs.receive(1)


@pytest.mark.parametrize(
    "rubbish",
    [b"rubbish that is long enough to be a header", HEADER.pack(2, 0) + b"{}", HEADER.pack(5, 0) + b"[1, 2"],
)
def test_rubbish_ends_the_connection(ends: Ends, rubbish: bytes) -> None:
    ours, theirs = ends
    os.write(ours.fileno(), rubbish)
    with pytest.raises(ConnectionLost):
        theirs.receive(1)


def test_arrays_beyond_their_bytes_end_the_connection(ends: Ends) -> None:
    ours, theirs = ends
    text = b'{"array": ["<f8", [1000], 0]}'
    os.write(ours.fileno(), HEADER.pack(len(text), 8) + text + bytes(8))
    with pytest.raises(ConnectionLost):
        theirs.receive(1)


def test_silence_half_a_message_and_the_end_are_told_apart(ends: Ends) -> None:
    ours, theirs = ends
    with pytest.raises(TimedOut):
        theirs.receive(0.05)
    os.write(ours.fileno(), HEADER.pack(100, 0))
    with pytest.raises(TimedOut):
        theirs.receive(0.05)
    ours.close()
    with pytest.raises(ConnectionLost):
        theirs.receive(1)
