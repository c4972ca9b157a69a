"""Types of text functions, and which calls of them are well formed."""

from __future__ import annotations

from collections.abc import Sequence

from hansa_core.contract.types import DataType
from hansa_core.errors import RefusedError
from hansa_core.plan.expression import Expression, Literal, Op
from hansa_core.plan.text_functions import is_pattern

_CONDITIONS = frozenset({Op.LIKE, Op.ILIKE})
_COUNTED = frozenset({Op.LEFT, Op.RIGHT, Op.SUBSTRING})
TEXT_FUNCTIONS = _CONDITIONS | _COUNTED | {Op.LOWER, Op.UPPER, Op.LENGTH, Op.TRIM, Op.LTRIM, Op.RTRIM, Op.JOIN}
"""The operators whose first argument is a text."""


def text_function_type(op: Op, args: Sequence[Expression], kinds: Sequence[DataType], field: str) -> DataType:
    """The type of the call; its number of arguments is right. Raises RefusedError `wrong_type` at `field`."""
    for kind in kinds if op is Op.JOIN else kinds[:1]:
        if kind is not DataType.TEXT:
            raise RefusedError(
                "wrong_type", f"{op} is of texts, and this is {kind}", "leave it out, or compare it", field
            )
    if op in _COUNTED:
        _check_counts(op, args[1:], kinds[1:], field)
    if op in _CONDITIONS and not _is_literal_pattern(args[1], kinds[1]):
        raise RefusedError(
            "wrong_type",
            "a pattern is a text in quotes, and an escape in it has a character to take",
            "write for example name LIKE 'st%'",
            field,
        )
    if op in _CONDITIONS:
        return DataType.BOOLEAN
    return DataType.INTEGER if op is Op.LENGTH else DataType.TEXT


def _is_literal_pattern(pattern: Expression, kind: DataType) -> bool:
    if not isinstance(pattern, Literal) or kind is not DataType.TEXT:
        return False
    return pattern.value is None or is_pattern(str(pattern.value))


def _check_counts(op: Op, counts: Sequence[Expression], kinds: Sequence[DataType], field: str) -> None:
    """A place counts from 1, a length from 0: below, engines count from the end, or refuse."""
    for index, (count, kind) in enumerate(zip(counts, kinds, strict=True)):
        least = 1 if op is Op.SUBSTRING and index == 0 else 0
        value = count.value if isinstance(count, Literal) and kind is DataType.INTEGER else None
        if not isinstance(value, int) or value < least:
            raise RefusedError(
                "wrong_type", f"{op} takes whole numbers from {least}", "write for example substring(x, 1, 3)", field
            )
