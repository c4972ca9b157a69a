"""Key rule below `open`: an expression is a key only if its values are public beforehand, column by column."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.types import DataType, DatePart
from hansa_core.errors import RefusedError
from hansa_core.plan.expression import COMPARISONS, Call, Column, Expression, Literal, Op

_FINENESS = {
    DatePart.YEAR: 0,
    DatePart.QUARTER: 1,
    DatePart.MONTH: 2,
    DatePart.WEEK: 3,  # a week may lie in two months
    DatePart.ISOYEAR: 3,
    DatePart.DAY: 3,
    DatePart.DOY: 3,
    DatePart.ISODOW: 3,  # a weekday tells days apart
    DatePart.HOUR: 4,
    DatePart.MINUTE: 5,
    DatePart.SECOND: 6,
    DatePart.EPOCH_US: 7,
}


def naming_columns(contract: Contract) -> frozenset[str]:
    """The columns that name a person or thing: identifiers, privacy unit and entity."""
    identifiers = {column.name for column in contract.columns.values() if column.identifier}
    return frozenset(identifiers | {contract.unit, contract.entity})


def check_key(key: Expression, contract: Contract, field: str) -> None:
    """Refuse (`identifier`, `not_a_key`) a well-typed key whose values the contract does not make public."""
    for name, parent in _columns_with_parents(key):
        column = contract.columns[name]
        if name in naming_columns(contract):
            raise RefusedError(
                "identifier",
                f"{name} names a person or thing, and is no key",
                f"write COUNT(DISTINCT {contract.unit}) to count, and use other keys: {_offered(contract)}",
                field,
            )
        if not (_is_public(column) or (parent is not None and _is_coarsened(column, parent))):
            raise RefusedError("not_a_key", f"{name} is no key as it stands", _remedy(column, contract), field)


def _columns_with_parents(key: Expression) -> Iterator[tuple[str, Call | None]]:
    """Every column of the key with the call that it is an argument of."""
    stack: list[tuple[Expression, Call | None]] = [(key, None)]
    while stack:
        node, parent = stack.pop()
        match node:
            case Column(name):
                yield name, parent
            case Call(_, args):
                stack.extend((argument, node) for argument in reversed(args))


def _is_public(column: ContractColumn) -> bool:
    """Whether the column's values may stand anywhere in a key."""
    if column.domain is not None or column.per_city or column.type is DataType.BOOLEAN:
        return True
    return column.type is DataType.DATE and column.key_part is DatePart.DAY


def _is_coarsened(column: ContractColumn, call: Call) -> bool:
    """Whether `call` lets no more through than the contract's finest width, part or bins."""
    match call:
        case Call(Op.BIN, (Column(), Literal(value, _))) if column.key_width is not None:
            # repr gives the decimal that was meant: 0.3 is three times 0.1, which the doubles are not.
            steps = Fraction(repr(value)) / column.key_width
            return steps >= 1 and steps.denominator == 1
        case Call(Op.DATE_TRUNC | Op.EXTRACT, (Literal(part), _)) if column.key_part is not None:
            return _FINENESS[DatePart(str(part))] <= _FINENESS[column.key_part]
        case Call(Op.IS_NULL, _):
            return column.null_is_public
        case Call(op, (left, right)) if op in COMPARISONS and column.bins:
            return isinstance(left, Literal) or isinstance(right, Literal)
        case _:
            return False


def key_ways(column: ContractColumn) -> list[str]:
    """How the column may stand in a key at any level, as SQL, if it names nobody."""
    ways = [column.name] if _is_public(column) else []
    if column.key_width is not None:
        width = column.key_width
        ways.append(f"bin({column.name}, {int(width) if width.denominator == 1 else float(width)})")
    if column.key_part is not None:
        ways.append(f"date_trunc('{column.key_part}', {column.name})")
    if column.bins:
        ways.append(f"CASE WHEN {column.name} <= {float(column.bins[0][0]):g} THEN … END")
    return ways


def _offered(contract: Contract) -> str:
    naming = naming_columns(contract)
    return ", ".join(
        way for column in contract.columns.values() if column.name not in naming for way in key_ways(column)
    )


def _remedy(column: ContractColumn, contract: Contract) -> str:
    ways = key_ways(column)
    return f"write {' or '.join(ways)}" if ways else f"use one of these keys: {_offered(contract)}"
