"""An explanation on a terminal and in a notebook."""

from __future__ import annotations

from html import escape

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hansa.view.explanation import Explanation, Part
from hansa.view.render.cells import printable
from hansa.view.render.html import STYLE


def explanation_text(explanation: Explanation) -> RenderableType:
    """Each part under its heading; SQL is set off by a bar at its side."""
    return Group(*(piece for part in explanation.parts for piece in _text(part)))


def explanation_html(explanation: Explanation) -> str:
    """The same for a notebook, with every text escaped."""
    return f'<div class="hansa">{STYLE}<dl>{"".join(map(_html, explanation.parts))}</dl></div>'


def _text(part: Part) -> list[RenderableType]:
    lines = Table.grid()
    lines.add_column(overflow="fold")
    for line in part.lines:
        lines.add_row(Text(printable(line)))
    pieces: list[RenderableType] = [Text(part.heading, style="bold"), Padding(lines, (0, 0, 0, 2))]
    if part.sql:
        bars = [Text(f"│ {printable(line)}", style="dim") for line in part.sql.splitlines()]
        pieces.append(Padding(Group(*bars), (0, 0, 0, 2)))
    return [*pieces, Text()]


def _html(part: Part) -> str:
    lines = "".join(f"<div>{escape(line)}</div>" for line in part.lines)
    sql = f"<pre><code>{escape(part.sql)}</code></pre>" if part.sql else ""
    return f"<dt>{escape(part.heading)}</dt><dd>{lines}{sql}</dd>"
