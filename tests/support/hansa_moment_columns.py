"""Single cells as moment columns, for tests of rules that work by column."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hansa_core.partial.moment_columns import MomentColumn
from hansa_core.partial.wholes import narrowed
from hansa_core.plan.moments import Moment


def one_cell(cell: Mapping[Moment, int | None]) -> dict[Moment, MomentColumn]:
    """The moments of one cell, None suppressed, as columns of length one."""
    return {
        moment: MomentColumn(narrowed(np.array([value or 0], dtype=object)), np.array([value is not None]))
        for moment, value in cell.items()
    }
