"""A hyperparameter that is a function: one that can be sent, compared and printed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """A function of the epoch's number, from 1: what `learning_rate` may be."""

    rates: tuple[float, ...]

    def __call__(self, epoch: int) -> float:
        return self.rates[epoch - 1]

    def __repr__(self) -> str:
        return f"(lambda epoch: {list(self.rates)!r}[epoch - 1])"
