"""Notes on the time of asking: which date or timestamp a question has in place of CURRENT_DATE and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hansa_core.sql.statement import Statement


def fixed_notes(asked: Statement) -> tuple[str, ...]:
    """One sentence that names them all; none where the statement does not ask for the time."""
    if not asked.fixed:
        return ()
    return (f"{', '.join(map(str, asked.fixed))}: fixed when the question was asked.",)
