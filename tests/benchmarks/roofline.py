"""A picture of every cell's place under the machine's roofline: what it computes for each byte, and how fast it does.

Whoever reads and writes every array once can't be above the slope, unless the arrays stay in a cache; and nobody can be
above the flat roof. What is far below either has room to grow.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from xml.sax.saxutils import escape

from conformance.operations import operations
from tests.benchmarks.contestants import OURS
from tests.benchmarks.interleaving import median
from tests.benchmarks.measurement import ARITHMETIC, MEMORY, Measurement

LEFT, TOP, WIDTH, HEIGHT = 70, 50, 760, 800
#: Of the list of cells: where it begins, and the height of a line.
LIST, LINE = LEFT + WIDTH + 40, 13.5
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8c6d00", "#56b4e9", "#6a3d9a", "#444444", "#e31a1c", "#1b7837")
RADIUS = 4
#: Where a number may stand beside its point: distances, the near ones first, and directions.
DISTANCES, DIRECTIONS = (10, 15, 21, 28, 36, 46, 58, 72), 16

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Axes:
    """Both logarithmic, over whole powers of ten."""

    across: tuple[int, int]
    up: tuple[int, int]

    def x(self, value: float) -> float:
        low, high = self.across
        return LEFT + WIDTH * (math.log10(value) - low) / (high - low)

    def y(self, value: float) -> float:
        low, high = self.up
        return TOP + HEIGHT * (high - math.log10(value)) / (high - low)


def picture(measurements: Sequence[Measurement]) -> str:
    """The picture as SVG."""
    cells = [measurement for measurement in measurements if measurement.cell.operations]
    places = [(m.cell.operations / m.traffic, m.cell.operations / median(m.times[OURS]) / 1e9) for m in cells]
    peak, bandwidth = (highest(name, measurements) for name in (ARITHMETIC, MEMORY))
    heights = [y for _, y in places] + [value for value in (peak,) if value]
    axes = Axes(powers([x for x, _ in places]), powers(heights)) if places else Axes((-1, 2), (-1, 2))
    rooms = list(dict.fromkeys(operations()[m.cell.operation].room for m in cells))
    colours = [COLOURS[rooms.index(operations()[m.cell.operation].room) % len(COLOURS)] for m in cells]
    height = max(TOP + HEIGHT + 60, TOP + LINE * (len(cells) + 5))
    parts = [
        *frame(axes),
        *roof(axes, peak, bandwidth),
        *points(axes, places, colours),
        *listed(cells, places, colours, peak, bandwidth),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LIST + 480}" height="{height:.0f}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="11">\n'
        '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def highest(name: str, measurements: Sequence[Measurement]) -> float:
    """A ceiling of the machine in 10⁹ a second, the median over all cells; 0 if no cell was held to it."""
    rates = [measurement.ceiling(name)[1] / 1e9 for measurement in measurements if name in measurement.ceilings]
    return statistics.median(rates) if rates else 0.0


def powers(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around some values."""
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values) * 1.1))


def frame(axes: Axes) -> list[str]:
    """Both axes with their grid."""
    bottom, right = TOP + HEIGHT, LEFT + WIDTH
    parts = [
        text(LEFT, 28, "fast.cpu under the roofline of this machine", size=16),
        text(
            LEFT + WIDTH / 2,
            bottom + 38,
            "arithmetic intensity: FLOP for each byte of arguments and results",
            anchor="middle",
        ),
        f'<g transform="rotate(-90 22 {TOP + HEIGHT / 2})">'
        + text(22, TOP + HEIGHT / 2, "GFLOP/s", anchor="middle")
        + "</g>",
    ]
    for power in range(axes.across[0], axes.across[1] + 1):
        x = axes.x(10.0**power)
        parts += [line(x, TOP, x, bottom, "#dddddd"), text(x, bottom + 18, f"{10.0**power:g}", anchor="middle")]
    for power in range(axes.up[0], axes.up[1] + 1):
        y = axes.y(10.0**power)
        parts += [line(LEFT, y, right, y, "#dddddd"), text(LEFT - 8, y + 4, f"{10.0**power:g}", anchor="end")]
    return parts


def roof(axes: Axes, peak: float, bandwidth: float) -> list[str]:
    """The flat roof of multiply-adds, and the slope of copies before it."""
    left, right = 10.0 ** axes.across[0], 10.0 ** axes.across[1]
    ridge = min(max(peak / bandwidth, left), right) if peak and bandwidth else left
    parts = [line(axes.x(ridge), axes.y(peak), LEFT + WIDTH, axes.y(peak), "#222222", 2)] if peak else []
    if bandwidth:
        start = max(left, 10.0 ** axes.up[0] / bandwidth)
        end = ridge if peak else min(right, 10.0 ** axes.up[1] / bandwidth)
        ends = axes.x(start), axes.y(start * bandwidth), axes.x(end), axes.y(end * bandwidth)
        parts.append(line(*ends, "#222222", 2, dashes="7 4"))
    return parts


def points(axes: Axes, places: Sequence[tuple[float, float]], colours: Sequence[str]) -> list[str]:
    """Each cell as a point, with its number where no other number and no point is."""
    centres = [(axes.x(x), axes.y(y)) for x, y in places]
    taken: list[Box] = [(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in centres]
    parts, numbers = [], []
    for number, ((x, y), colour) in enumerate(zip(centres, colours, strict=True), 1):
        box, far = beside(x, y, len(str(number)), taken)
        taken.append(box)
        middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if far:
            parts.append(line(x, y, *middle, "#999999", 0.7))
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}" fill="{colour}"/>')
        numbers.append((middle, box, number))
    for (x, y), (left, top, right, bottom), number in numbers:
        box = f'x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}"'
        parts += [f'<rect {box} fill="white" fill-opacity="0.8"/>', text(x, y + 4, str(number), anchor="middle")]
    return parts


def beside(x: float, y: float, digits: int, taken: Sequence[Box]) -> tuple[Box, bool]:
    """A place for a number beside a point, as near as can be, and whether it is so far that a line must lead there."""
    wide, high = 6.5 * digits + 2, 11.0
    box: Box = (x, y, x, y)
    for distance, turn in product(DISTANCES, range(DIRECTIONS)):
        angle = 2 * math.pi * turn / DIRECTIONS
        across, up = x + (distance + wide / 2 - 4) * math.cos(angle), y - distance * math.sin(angle)
        box = (across - wide / 2, up - high / 2, across + wide / 2, up + high / 2)
        inside = box[0] > LEFT and box[2] < LEFT + WIDTH and box[1] > TOP and box[3] < TOP + HEIGHT
        if inside and not any(overlap(box, other) for other in taken):
            return box, distance > DISTANCES[1]
    return box, True


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def listed(
    cells: Sequence[Measurement],
    places: Sequence[tuple[float, float]],
    colours: Sequence[str],
    peak: float,
    bandwidth: float,
) -> list[str]:
    """What the lines and the numbers mean."""
    roofs = [
        (f"multiply-adds in registers: {peak:.3g} GFLOP/s", "", peak),
        (f"copying 64 MiB: {bandwidth:.3g} GB/s; above it, arrays stay in caches", "7 4", bandwidth),
    ]
    parts, y = [], TOP + 4.0
    for said, dashes, there in roofs:
        if there:
            parts += [line(LIST, y - 4, LIST + 24, y - 4, "#222222", 2, dashes=dashes), text(LIST + 32, y, said)]
            y += LINE
    y += LINE
    parts += [text(LIST + 24, y, "cell"), text(LIST + 420, y, "GFLOP/s", anchor="end")]
    for number, (measurement, (_, rate), colour) in enumerate(zip(cells, places, colours, strict=True), 1):
        y += LINE
        parts += [
            text(LIST + 18, y, str(number), anchor="end", colour=colour),
            text(LIST + 24, y, measurement.cell.name, colour=colour),
            text(LIST + 420, y, f"{rate:.3g}", anchor="end", colour=colour),
        ]
    return parts


def line(x: float, y: float, to_x: float, to_y: float, colour: str, width: float = 1, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"{dashed}/>'


def text(x: float, y: float, said: str, anchor: str = "start", size: int = 11, colour: str = "#222222") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {place} fill="{colour}">{escape(said)}</text>'
