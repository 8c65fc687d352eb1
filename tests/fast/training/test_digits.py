"""Digits are read as they were written, and what isn't what it says is refused before anything is allocated."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from fast import training
from reference.errors import InvalidArgument
from tests.fast.training.idx_files import idx, write_digits


@pytest.mark.parametrize("compressed", [False, True])
def test_four_files_are_read_as_they_were_written(tmp_path: Path, compressed: bool) -> None:
    write_digits(tmp_path, 30, 20, compressed)
    digits = training.load_digits(tmp_path)
    assert digits.train.images.shape == (30, 28, 28)
    assert digits.test.labels.tolist() == [*range(10)] * 2
    assert (digits.train.images[np.arange(30), 2 * digits.train.labels + 4] == 255).all()


@pytest.mark.parametrize("shape", [(7,), (2, 3), (2, 3, 4), (0, 5)])
def test_any_array_of_bytes_comes_back(tmp_path: Path, shape: tuple[int, ...]) -> None:
    numbers = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    (tmp_path / "numbers").write_bytes(idx(numbers))
    came = training.read_idx(tmp_path / "numbers")
    assert came.dtype == np.uint8
    assert came.shape == shape
    assert np.array_equal(came, numbers)


WHOLE = idx(np.zeros((3, 28, 28), np.uint8))
# Without the time of day, which would make other bytes in each process that collects the tests.
COMPRESSED = gzip.compress(WHOLE, mtime=0)
SPOILT = {
    "nothing": b"",
    "a part of the magic number": WHOLE[:3],
    "another magic number": b"\x89PNG" + WHOLE[4:],
    "floats": WHOLE[:2] + b"\x0d" + WHOLE[3:],
    "no axes": WHOLE[:3] + b"\x00" + WHOLE[4:],
    "too many axes": WHOLE[:3] + b"\xff" + WHOLE[4:],
    "a part of the header": WHOLE[:10],
    "a byte too few": WHOLE[:-1],
    "a byte too many": WHOLE + b"\x00",
    "lengths of many terabytes": WHOLE[:4] + b"\x7f\xff\xff\xff" * 3 + WHOLE[16:],
    "lengths of a gigabyte": WHOLE[:4] + b"\x00\x14\x00\x00" + WHOLE[8:],
}


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("way", SPOILT)
def test_what_is_no_idx_file_is_refused_and_named(tmp_path: Path, way: str, compressed: bool) -> None:
    path = tmp_path / ("digits.gz" if compressed else "digits")
    path.write_bytes(gzip.compress(SPOILT[way], mtime=0) if compressed else SPOILT[way])
    tracemalloc.start()
    try:
        with pytest.raises(InvalidArgument) as caught:
            training.read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 2**23, "it allocated what the header asked for"
    finally:
        tracemalloc.stop()
    assert caught.value.argument == path.name


@pytest.mark.parametrize(
    "content",
    [b"no gzip at all", COMPRESSED[:-9], COMPRESSED[:20]],
    ids=["no archive", "without its end", "hardly begun"],
)
def test_a_broken_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "digits.gz").write_bytes(content)
    with pytest.raises(InvalidArgument):
        training.read_idx(tmp_path / "digits.gz")


def test_an_archive_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    content = bytearray(COMPRESSED)
    content[-6] ^= 1
    (tmp_path / "digits.gz").write_bytes(content)
    with pytest.raises(InvalidArgument):
        training.read_idx(tmp_path / "digits.gz")


def test_files_that_do_not_fit_each_other_are_refused(tmp_path: Path) -> None:
    write_digits(tmp_path, 30, 20)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(19, np.uint8)))
    with pytest.raises(InvalidArgument, match="a label for each of 20 images"):
        training.load_digits(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(np.full(20, 10, np.uint8)))
    with pytest.raises(InvalidArgument, match="labels below 10"):
        training.load_digits(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((20, 28, 27), np.uint8)))
    with pytest.raises(InvalidArgument, match="images of 28×28"):
        training.load_digits(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").unlink()
    with pytest.raises(InvalidArgument, match="t10k-images-idx3-ubyte"):
        training.load_digits(tmp_path)
