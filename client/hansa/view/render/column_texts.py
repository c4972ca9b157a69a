"""The values of one column of an answer as text: an interpolated quantile no finer than its interval allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

from hansa.view.render.cells import NULL, cell_texts

if TYPE_CHECKING:
    from hansa.answering.shaped import AnswerColumn, ShapedAnswer


def column_texts(answer: ShapedAnswer, column: AnswerColumn, values: Sequence[Any], *, null: str = NULL) -> list[str]:
    """The first values of the column. A quantile has the digits that its interval makes sure of."""
    texts = cell_texts(values, measured=column.measured, null=null)
    for one in answer.intervals:
        if one.column == column.name and one.row < len(values) and values[one.row] is not None:
            texts[one.row] = interpolated_text(values[one.row], one.lower, one.upper)
    return texts


def interpolated_text(value: float, lower: float, upper: float) -> str:
    """The value rounded to the largest power of ten that is no wider than the interval and stays within it."""
    if lower == upper:
        return cell_texts([value], measured=True)[0]
    exact, least, most = (Decimal(repr(number)) for number in (value, lower, upper))
    place = math.floor((most - least).log10())
    while True:
        rounded = exact.quantize(Decimal(1).scaleb(place), rounding=ROUND_HALF_EVEN)
        if least <= rounded <= most or place <= exact.as_tuple().exponent:  # type: ignore[operator]  # it is finite
            return f"{rounded + 0:,f}"  # + 0: there is one zero
        place -= 1
