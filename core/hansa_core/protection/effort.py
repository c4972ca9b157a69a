"""Work limit of the planner for one question."""

from __future__ import annotations

from hansa_core.errors import RefusedError

MAX_STEPS = 4_000_000
"""Steps of about a microsecond, over all tables that are tried: they bound the planner's time and, by cells, memory."""

MAX_PARTS = 1_000_000
"""Published cells that one answer may read, each as often as it is read, over all its groupings."""

STEPS_PER_CELL = 8  # to cross the regions of several keys into one cell of the answer
STEPS_PER_COMPILED_NODE = 10  # to replace the bins in an expression and compile it, against 1 to evaluate a node


class Effort:
    """What is left of one question's steps and parts. Spent by plan and manifest alone, before the work is done."""

    def __init__(self) -> None:
        self._left = MAX_STEPS
        self._parts_left = MAX_PARTS

    def spend(self, steps: int) -> None:
        """Raises RefusedError `too_large` where that is more than is left."""
        self._left -= steps
        if self._left < 0:
            raise RefusedError(
                "too_large",
                f"to find a question's published cells takes at most {MAX_STEPS} steps over public values",
                "use fewer columns together in one condition or key, shorter lists, or ask in parts",
                "where",
            )

    def read(self, parts: int) -> None:
        """Raises RefusedError `too_many_cells` where that is more than is left."""
        self._parts_left -= parts
        if self._parts_left < 0:
            raise RefusedError(
                "too_many_cells",
                f"an answer reads at most {MAX_PARTS} published cells",
                "group by fewer keys, or ask for fewer aggregates at once",
                "keys",
            )
