"""Grids: room for as many blocks as arrays take that are larger than a GPU's memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fast import cuda
from fast.cuda.column_sums import column_sums
from fast.cuda.device import BUSY_BLOCKS
from fast.cuda.matrix_product import multiply, plain_product, tile_for
from fast.cuda.recurrent_steps import run_steps
from fast.cuda.vectors import VECTOR_BYTES
from tests.fast.drawn import rooms_of

Grid = tuple[int, int, int]

#: The most blocks along the axes of a grid (CUDA C++ Programming Guide, "Compute Capabilities").
MOST_ALONG = 2**31 - 1, 65_535, 65_535
AS_ON_A_GPU = {"MOST_ACROSS": 65_535, "TILE_UNITS": 32, "BITS_OF_COLUMNS": 5}


class Huge:
    """An array on the device, of which nothing is there but its shape."""

    def __init__(self, shape: Any, dtype: Any = np.float32) -> None:
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.dtype, self.size = np.dtype(dtype), math.prod(self.shape)

    def reshape(self, *shape: int) -> Huge:
        """The same in another shape."""
        assert math.prod(shape) == self.size
        return Huge(shape, self.dtype)


def product(rows: int, columns: int, depth: int, *, sliced: bool = False) -> Any:
    """A product of these lengths."""
    operands = (Huge(rows * depth), (depth, 0)), (Huge(depth * columns), (columns, 0))
    return multiply(plain_product, *operands, (rows, columns, depth), sliced=sliced)


def steps(examples: int, units: int) -> Any:
    """Two steps of a network."""
    return run_steps((None, None), Huge((units, units)), (), examples, range(2), forwards=True)


#: Calls on arrays that fill a terabyte or more.
CALLS: dict[str, Callable[[], Any]] = {
    "a row": lambda: product(1, 2**31, 2**7),
    "a column": lambda: product(2**31, 1, 2**7),
    "a long sum": lambda: product(1, 1, 2**38, sliced=True),
    "long sums": lambda: product(3, 2**24, 2**14, sliced=True),
    "columns of a high matrix": lambda: column_sums(Huge((2**38, 1))),
    "columns of a broad matrix": lambda: column_sums(Huge((2**10, 2**28))),
    "units": lambda: steps(9, 2**19),
    "examples": lambda: steps(2**29, 2**9),
}


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Grid, tuple[Any, ...]]]:
    """The grids and arguments of what would be launched, with sizes as on a GPU where an axis would be full."""
    found: list[tuple[Grid, tuple[Any, ...]]] = []

    def note(compiled: Any, grid: int | Grid, block: int, *arguments: Any, shared_bytes: int = 0) -> None:
        found.append(((grid, 1, 1) if isinstance(grid, int) else grid, arguments))

    for room in rooms_of(cuda):
        for name, replacement in {"launch": note, "empty": Huge, **AS_ON_A_GPU}.items():
            if hasattr(room, name):
                monkeypatch.setattr(room, name, replacement)
    return found


@pytest.mark.parametrize("name", CALLS)
def test_blocks_find_room_in_the_grid(name: str, launches: list[tuple[Grid, Any]]) -> None:
    CALLS[name]()
    assert launches
    for grid, _ in launches:
        assert all(0 < blocks <= most for blocks, most in zip(grid, MOST_ALONG, strict=True)), grid
        assert grid[2] <= BUSY_BLOCKS  # slices, which are for products that keep fewer blocks busy


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (8, 8), (9, 8), (9, 70_000_001), (70_000_001, 9), (70, 1700)])
def test_every_tile_has_one_block(rows: int, columns: int, launches: list[tuple[Grid, Any]]) -> None:
    """With more of them side by side, too, than there is room for along the second axis of a grid."""
    product(rows, columns, 5)
    tile = tile_for(rows, columns, np.dtype(np.float32))
    high, broad = (pieces * VECTOR_BYTES // 4 for pieces in tile.pieces)
    assert {(down, slices) for (down, _, slices), _ in launches} == {(math.ceil(rows / high), 1)}
    befores = [before for _, (*_, (_, before), _) in launches]
    ends = [before + across for (_, across, _), before in zip((grid for grid, _ in launches), befores, strict=True)]
    assert [*befores, math.ceil(columns / broad)] == [0, *ends]
