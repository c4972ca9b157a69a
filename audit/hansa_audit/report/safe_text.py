"""Text from a log, escaped for HTML and against characters that steer."""

from __future__ import annotations

from html import escape

from hansa.view.render.cells import printable
from hansa_audit.report.periods import day_of


def day_text(time_unix_s: int) -> str:
    """The day in UTC."""
    day = day_of(time_unix_s)
    return f"{day.day} {day:%B %Y}"


def safe(text: str) -> str:
    """Escaped, for HTML and against characters that steer."""
    return escape(printable(text))


def safe_lines(text: str) -> str:
    """The same for text of several lines, whose ends stay."""
    return "\n".join(map(safe, text.splitlines()))
