"""Small IDX files, as the tests of training want them."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np


def idx(numbers: np.ndarray) -> bytes:
    """An array of bytes as an IDX file's content."""
    lengths = b"".join(length.to_bytes(4, "big") for length in numbers.shape)
    return bytes((0, 0, 8, numbers.ndim)) + lengths + numbers.tobytes()


def write_digits(folder: Path, train: int, test: int, compressed: bool = False) -> None:
    """Four files of images whose bright row says which digit they show."""
    for name, count in (("train", train), ("t10k", test)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.random.default_rng(count).integers(0, 90, (count, 28, 28), dtype=np.uint8)
        images[np.arange(count), 2 * labels + 4] = 255
        for path, numbers in ((f"{name}-images-idx3-ubyte", images), (f"{name}-labels-idx1-ubyte", labels)):
            content = idx(numbers)
            if compressed:
                (folder / f"{path}.gz").write_bytes(gzip.compress(content, mtime=0))
            else:
                (folder / path).write_bytes(content)
