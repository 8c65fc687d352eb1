"""What the code of a graph works on before it has an address: arrays, whose memory they are, and code for kernels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Storage(NamedTuple):
    """Memory: of the "arena" (from which byte on), a "variable" (its name), or of a tensor, by its number, that is a
    "feed", "constant", "random" or a "result".
    """

    kind: str
    key: Any


class Operand(NamedTuple):
    """An array of a step: whose memory, how many numbers behind its beginning, its shape."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def flat(self) -> Operand:
        return self._replace(shape=(self.size,))

    @property
    def form(self) -> np.ndarray:
        """What has its shape, for whoever chooses a kernel by that."""
        return np.broadcast_to(np.int8(0), self.shape)


class Address(NamedTuple):
    """An address that a kernel gets, of the code that multiplies or finishes rows."""

    what: str
    activation: str = "identity"
