"""The timeline of a step: who did what when."""

from __future__ import annotations

from typing import NamedTuple

from reference.arrays import Number
from reference.tables import html_table

__all__ = ["Event", "Trace"]

HEADER = "start", "end", "worker", "device", "operation"
#: How many signs a bar has from a step's beginning to its end.
WIDTH = 40


class Event(NamedTuple):
    """An operation that ran, or a tensor that was on its way: from when to when, and where."""

    start: Number
    end: Number
    worker: str
    device: str
    operation: str


class Trace(NamedTuple):
    """What happened in one attempt at a step, in virtual seconds since it began. Prints as a timeline.

    Why: which device waits for what is seen at a glance. A receive is as long as its tensor is on the way, while the
    device computes something else. An operation that hadn't ended when the step failed isn't there.

    Source:
        goldsborough-tensorflow, "Execution Model"; TensorFlow's white paper of 2015, section 9.2 (tracing).

    >>> print(Trace(1, (Event(0, 2, "worker:0", "cpu:0", "x"), Event(2, 8, "worker:1", "cpu:0", "x/receive_0"))))
    step 1
    start  end  worker    device  operation
        0    2  worker:0  cpu:0   x            |##########                              |
        2    8  worker:1  cpu:0   x/receive_0  |          ##############################|
    """

    step: int
    events: tuple[Event, ...]
    #: Why the step ended early; empty if it didn't.
    failure: str = ""

    def measured(self) -> dict[tuple[str, str], Number]:
        """The seconds of each operation, by its name and that of its device, as `Costs` takes them."""
        return {(event.operation, event.device): event.end - event.start for event in self.events}

    def _ordered(self) -> list[Event]:
        return sorted(self.events, key=lambda event: (event.start, event.end))

    def _rows(self) -> list[tuple[str, ...]]:
        """The cells of the table, the earliest first."""
        return [(in_seconds(event.start), in_seconds(event.end), *event[2:]) for event in self._ordered()]

    def _bars(self) -> list[str]:
        """A line for each row, along which time goes by."""
        whole = max((event.end for event in self.events), default=0) or 1
        ends = [(round(WIDTH * event.start / whole), round(WIDTH * event.end / whole)) for event in self._ordered()]
        # What takes no time, or next to none, is a dot.
        return [
            f"|{('#' * (end - start) or '.').rjust(max(end, min(start + 1, WIDTH))):<{WIDTH}}|" for start, end in ends
        ]

    def _title(self) -> str:
        return f"step {self.step}" + (f", which failed: {self.failure}" if self.failure else "")

    def __str__(self) -> str:
        rows = [HEADER, *self._rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        cells = [list(map(_padded, row, widths, (True, True, False, False, False))) for row in rows]
        lines = ["  ".join([*row, bar]).rstrip() for row, bar in zip(cells, ["", *self._bars()], strict=True)]
        return "\n".join([self._title(), *lines])

    def _repr_html_(self) -> str:
        return html_table(HEADER, self._rows(), self._title())


def _padded(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)


def in_seconds(moment: Number) -> str:
    """A moment as it is printed, whatever number it is."""
    return f"{moment:.6g}" if isinstance(moment, float) else str(moment)
