"""A hyperparameter that is a function: one that can be sent, compared and printed."""

from __future__ import annotations

from dataclasses import dataclass

from reference.arrays import Number


@dataclass(frozen=True)
class Schedule:
    """A function of the epoch's number, from 1: what `learning_rate` may be. After its last rate it begins again."""

    rates: tuple[Number, ...]

    def __call__(self, epoch: int) -> Number:
        return self.rates[(epoch - 1) % len(self.rates)]

    def __repr__(self) -> str:
        return f"(lambda epoch: {list(self.rates)!r}[(epoch - 1) % {len(self.rates)}])"
