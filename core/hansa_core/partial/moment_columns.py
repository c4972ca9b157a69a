"""A partial's moments by column: exact integers, and in which cells each is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from hansa_core.partial.array_values import validity_of, wholes_of
from hansa_core.partial.wholes import Mask, Wholes, plus, scaled
from hansa_core.plan.limbs import LIMB_BITS
from hansa_core.plan.moments import HALF_BITS, Half, Moment, MomentKind


@dataclass(frozen=True, slots=True)
class MomentColumn:
    """One moment of all cells: `values`, 0 where it is suppressed, and `known`, whether it is not."""

    values: Wholes
    known: Mask

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, cells: Mask) -> MomentColumn:
        return MomentColumn(self.values[cells], self.known[cells])


Moments = Mapping[Moment, MomentColumn]


def read_moments(moments: Sequence[Moment], columns: Sequence[pa.Array]) -> dict[Moment, MomentColumn]:
    """The decimal columns of a partial, in the order of `moments`."""
    return {
        moment: MomentColumn(wholes_of(column), validity_of(column))
        for moment, column in zip(moments, columns, strict=True)
    }


def whole_moment(moments: Moments, moment: Moment) -> MomentColumn:
    """A moment that the cells may have in halves or in limbs."""
    if moment in moments:
        return moments[moment]
    lowest = replace(moment, limb=0)
    if lowest in moments:
        return _from_limbs(moments, lowest)
    high, low = (moments[replace(moment, half=half)] for half in (Half.HIGH, Half.LOW))
    return MomentColumn(plus(scaled(high.values, 2**HALF_BITS), low.values), high.known & low.known)


def _from_limbs(moments: Moments, lowest: Moment) -> MomentColumn:
    total, place, limb = moments[lowest], 1, replace(lowest, limb=1)
    while limb in moments:
        column = moments[limb]
        raised = scaled(column.values, 1 << LIMB_BITS * place)
        total = MomentColumn(plus(total.values, raised), total.known & column.known)
        place, limb = place + 1, replace(lowest, limb=place + 1)
    return total


def add_moments(moment: Moment, left: MomentColumn, right: MomentColumn) -> MomentColumn:
    """Two columns cell by cell: sums add up, MIN and MAX compare; a suppressed moment suppresses the result."""
    known = left.known & right.known
    match moment.kind:
        case MomentKind.MIN:
            values = np.minimum(left.values, right.values)
        case MomentKind.MAX:
            values = np.maximum(left.values, right.values)
        case _:
            values = plus(left.values, right.values)
    return MomentColumn(np.where(known, values, 0), known)
