"""An explanation: headed parts of plain sentences with the SQL they speak of, on a terminal and in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hansa.view.render.html import STYLE
from hansa.view.render.text import plain_text
from hansa_core.printable import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of an explanation. `lines`: whole sentences. `sql`: what they speak of; empty if nothing."""

    heading: str
    lines: tuple[str, ...]
    sql: str = ""

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError(f"part {self.heading!r} says nothing; leave it out")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Explanation:
    """What an answer or a dry run is made of. It shows itself as text on a terminal and as HTML in a notebook."""

    parts: tuple[Part, ...]

    def __getitem__(self, heading: str) -> Part:
        """The part under that heading. Raises KeyError that names the headings there are."""
        for part in self.parts:
            if part.heading == heading:
                return part
        raise KeyError(f"no part {heading!r}; there are: {', '.join(part.heading for part in self.parts)}")

    def __rich__(self) -> RenderableType:
        """Each part under its heading; SQL is set off by a bar at its side."""
        return Group(*(piece for part in self.parts for piece in _text(part)))

    def __repr__(self) -> str:
        return plain_text(self.__rich__())

    def _repr_html_(self) -> str:
        """The same for a notebook, with every text escaped."""
        return f'<div class="hansa">{STYLE}<dl>{"".join(map(_html, self.parts))}</dl></div>'


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
