"""Pictures of a run, as SVG: the curves of loss and error, and the confusion matrix. No library draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from fast.training.results import Result

WIDTH, HEIGHT, MARGIN = 420, 260, 52
COLORS = "#1f5fa8", "#c2541b"


def curves(result: Result) -> str:
    """The losses of training and validation, and below them the validation error, epoch by epoch.

    Args: result, of one epoch or more.
    Returns: an SVG document.
    """
    epochs = result.epochs
    losses = {
        "training loss": [epoch.training_loss for epoch in epochs],
        "validation loss": [epoch.validation_loss for epoch in epochs],
    }
    errors = {"validation error in %": [100 * epoch.validation_error for epoch in epochs]}
    parts = [_chart(losses, 0), _chart(errors, HEIGHT)]
    return _document(WIDTH, 2 * HEIGHT, f"{result.network}: loss and error by epoch", parts)


def confusion(matrix: np.ndarray, title: str) -> str:
    """How often each class [row] was predicted where each class [column] was right; the diagonal is right.

    Args: matrix [K, K] of counts; title, for who can't see the picture.
    Returns: an SVG document.
    """
    side, classes = 40, len(matrix)
    largest = max(1, int((matrix - np.diag(np.diag(matrix))).max()))
    parts = [
        _text(MARGIN + side * classes / 2, 16, "the digit that was shown"),
        _text(14, MARGIN + side * classes / 2, "the answer", turned=True),
    ]
    for row in range(classes):
        parts.append(_text(MARGIN - 12, MARGIN + side * (row + 0.6), str(row)))
        parts.append(_text(MARGIN + side * (row + 0.5), MARGIN - 10, str(row)))
        for column, count in enumerate(matrix[row].tolist()):
            shade = "#dcebdc" if row == column else _shade(count / largest)
            x, y = MARGIN + side * column, MARGIN + side * row
            parts.append(f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="{shade}" stroke="#ffffff"/>')
            if count:
                parts.append(_text(x + side / 2, y + side * 0.6, str(count)))
    size = MARGIN + side * classes + 16
    return _document(size, size, title, parts)


def _chart(lines: dict[str, Sequence[float]], top: int) -> str:
    """Lines over the epochs, from 0 to a round number above the highest."""
    count = len(next(iter(lines.values())))
    finite = [value for values in lines.values() for value in values if math.isfinite(value)]
    highest = _round_above(max([*finite, 1e-9]))
    bottom, right = top + HEIGHT - MARGIN, WIDTH - 16

    def place(number: int, value: float) -> str:
        x = MARGIN + (right - MARGIN) * (number / (count - 1) if count > 1 else 0.5)
        return f"{x:.1f},{bottom - (HEIGHT - 2 * MARGIN) * min(value, highest) / highest:.1f}"

    parts = []
    for quarter in range(5):
        y = bottom - (HEIGHT - 2 * MARGIN) * quarter / 4
        parts.append(f'<line x1="{MARGIN}" x2="{right}" y1="{y}" y2="{y}" stroke="#dddddd"/>')
        parts.append(_text(MARGIN - 6, y + 4, f"{highest * quarter / 4:.3g}", anchor="end"))
    for number in sorted({0, (count - 1) // 2, count - 1}):
        x = place(number, 0).partition(",")[0]
        parts.append(_text(float(x), bottom + 18, str(number + 1)))
    parts.append(_text((MARGIN + right) / 2, bottom + 36, "epoch"))
    for place_of_name, (name, values) in enumerate(lines.items()):
        color = COLORS[place_of_name]
        points = [place(number, value) for number, value in enumerate(values) if math.isfinite(value)]
        parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts.extend(f'<circle cx="{p.split(",")[0]}" cy="{p.split(",")[1]}" r="2.5" fill="{color}"/>' for p in points)
        x = MARGIN + 180 * place_of_name
        parts.append(f'<rect x="{x}" y="{top + 18}" width="12" height="4" fill="{color}"/>')
        parts.append(_text(x + 18, top + 25, name, anchor="start"))
    return "".join(parts)


def _round_above(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, …, at any scale."""
    scale = 10.0 ** math.floor(math.log10(value))
    return next(scale * step for step in (1, 2, 5, 10) if scale * step >= value)


def _shade(share: float) -> str:
    """From white to orange: the more, the darker."""
    return "#" + "".join(f"{round(255 - share * (255 - end)):02x}" for end in (232, 150, 90))


def _text(x: float, y: float, words: str, *, anchor: str = "middle", turned: bool = False) -> str:
    turn = f' transform="rotate(-90 {x} {y})"' if turned else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{turn}>{escape(words)}</text>'


def _document(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="sans-serif" font-size="12" fill="#222222"><title>{escape(title)}</title>'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )
