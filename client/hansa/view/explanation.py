"""An explanation: headed parts of plain sentences, and the SQL they speak of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part. `lines`: whole sentences. `sql`: what they speak of; empty if nothing."""

    heading: str
    lines: tuple[str, ...]
    sql: str = ""

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError(f"part {self.heading!r} says nothing; leave it out")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Explanation:
    """What an answer stands on. It shows itself as text on a terminal and as HTML in a notebook."""

    parts: tuple[Part, ...]

    def __getitem__(self, heading: str) -> Part:
        """The part under that heading. Raises KeyError that names the headings there are."""
        for part in self.parts:
            if part.heading == heading:
                return part
        raise KeyError(f"no part {heading!r}; there are: {', '.join(part.heading for part in self.parts)}")

    def __rich__(self) -> RenderableType:
        from hansa.view.render.explanation import explanation_text

        return explanation_text(self)

    def __repr__(self) -> str:
        from hansa.view.render.text import plain_text

        return plain_text(self.__rich__())

    def _repr_html_(self) -> str:
        from hansa.view.render.explanation import explanation_html

        return explanation_html(self)
