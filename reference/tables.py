"""Tables as notebooks show them: what a trace prints, in HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table with a header, its cells as text.

    >>> html_table(["w", "x · w"], [["(0, 0)", "-1 < 0"]])
    '<table><tr><th>w</th><th>x · w</th></tr><tr><td>(0, 0)</td><td>-1 &lt; 0</td></tr></table>'
    """

    def row(cells: Sequence[str], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"

    shown = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{shown}{row(header, 'th')}{''.join(row(cells, 'td') for cells in rows)}</table>"
