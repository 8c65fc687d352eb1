"""Handwritten digits from IDX files, the format of MNIST: a header that says how many numbers follow, and the numbers.

What a header says is not believed: nothing is allocated before the file has been seen to hold as many numbers.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from reference.errors import InvalidArgument

#: The one type of numbers that digits come in: 0 to 255.
UNSIGNED_BYTES = 0x08
MOST_AXES = 3
#: Deflate makes no more of a byte than so many; and how many bytes are looked at in one go.
MOST_EXPANSION, CHUNK = 1032, 1 << 20
SIDE, CLASSES = 28, 10
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


class Examples(NamedTuple):
    """Images [N, 28, 28] of bytes, 0 for paper and 255 for ink, and which digit each shows [N]."""

    images: np.ndarray
    labels: np.ndarray


class Digits(NamedTuple):
    """What to learn from, and what to be tested with."""

    train: Examples
    test: Examples


def load_digits(folder: str | os.PathLike[str]) -> Digits:
    """Read the four files of MNIST from a folder, compressed with gzip (`.gz`) or not.

    Args: folder, with train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte.
    Returns: Digits(train, test), Examples(images [N, 28, 28], labels [N]) each, of uint8.
    Raises: InvalidArgument, naming the file, if one is missing, is no IDX file of such numbers, or doesn't fit the
        other; OSError if it can't be read.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InvalidArgument("folder", "a folder with the four IDX files of MNIST", str(folder))
    return Digits(*(_examples(place, *names) for names in FILES.values()))


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """Read an IDX file of bytes, compressed if its name ends in `.gz`.

    Args: path, of the file.
    Returns: an array of uint8, of as many axes as the header says, from 1 to 3.
    Raises: InvalidArgument, naming the file, if it is none or holds more or fewer numbers than its header says;
        OSError if it can't be read.
    """
    path = Path(path)
    try:
        with _opened(path) as file:
            shape = _shape(path, file)
            count = math.prod(shape)
            if count > path.stat().st_size * MOST_EXPANSION:
                raise _wrong(path, f"{count} bytes, as its header says", f"a file of {path.stat().st_size} in all")
            _require_bytes(path, file, count)
        with _opened(path) as file:
            file.seek(4 + 4 * len(shape))
            numbers = np.empty(count, np.uint8)
            if file.readinto(numbers.data) != count:
                raise _wrong(path, f"{count} bytes, as before", "fewer: somebody is writing to it")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _wrong(path, "a file that gzip can read to its end", str(error)) from None
    return numbers.reshape(shape)


def _examples(folder: Path, images_name: str, labels_name: str) -> Examples:
    images_path, labels_path = _found(folder, images_name), _found(folder, labels_name)
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or not len(images):
        raise _wrong(images_path, f"images of {SIDE}×{SIDE}", f"shape {list(images.shape)}")
    if labels.shape != images.shape[:1]:
        raise _wrong(labels_path, f"a label for each of {len(images)} images", f"shape {list(labels.shape)}")
    if labels.max() >= CLASSES:
        raise _wrong(labels_path, f"labels below {CLASSES}", f"{labels.max()} among them")
    return Examples(images, labels)


def _found(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise InvalidArgument("folder", f"{name} or {name}.gz in it", f"neither in {folder}")


def _opened(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _shape(path: Path, file: BinaryIO) -> tuple[int, ...]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:3] != bytes((0, 0, UNSIGNED_BYTES)) or not 1 <= magic[3] <= MOST_AXES:
        raise _wrong(path, f"an IDX file of bytes with 1 to {MOST_AXES} axes", f"it begins with {magic.hex(' ')}")
    lengths = file.read(4 * magic[3])
    if len(lengths) < 4 * magic[3]:
        raise _wrong(path, f"{magic[3]} lengths in its header", f"an end after {len(lengths)} bytes of them")
    return tuple(int.from_bytes(lengths[axis : axis + 4], "big") for axis in range(0, len(lengths), 4))


def _require_bytes(path: Path, file: BinaryIO, count: int) -> None:
    """Check that as many bytes follow, and no more."""
    seen = 0
    while seen <= count and (chunk := file.read(CHUNK)):
        seen += len(chunk)
    if seen != count:
        came = "more" if seen > count else str(seen)
        raise _wrong(path, f"{count} bytes after its header, as that says", came)


def _wrong(path: Path, wanted: str, came: str) -> InvalidArgument:
    return InvalidArgument(path.name, wanted, came)
