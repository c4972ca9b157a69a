"""Names of columns: each stands for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hansa_tables.errors import UnreadableTableError, quoted

_HEADER = "rename one, or declare the names as header: [...] and the old header in skip_lines"


def checked_names(names: Sequence[str], place: str, *, remedy: str = _HEADER, key: str = "header") -> list[str]:
    """The names as they are. Raises UnreadableTableError where two columns have one, whatever its case."""
    twice = [name for name, count in Counter(each.casefold() for each in names).items() if count > 1]
    if twice:
        numbers = [number for number, name in enumerate(names, start=1) if name.casefold() == twice[0]]
        rule = f"has columns {' and '.join(map(str, numbers))} that are both called {quoted(names[numbers[0] - 1])}"
        raise UnreadableTableError(place, rule, remedy, key)
    return list(names)
