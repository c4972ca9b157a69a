"""Notes on cities' own values: a filter on one of them that nothing matched, in any city that answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hansa.answering.domain_notes import compared_values
from hansa_core.contract.contract import Contract
from hansa_core.nearest import shown
from hansa_core.partial.merged_table import MergedColumn, MergedTable
from hansa_core.plan.expression import Expression
from hansa_core.plan.plan import AggregateFunction, Plan

_COUNTS = frozenset(
    {
        AggregateFunction.COUNT_ROWS,
        AggregateFunction.COUNT,
        AggregateFunction.COUNT_DISTINCT,
        AggregateFunction.REGR_COUNT,
    }
)
_NO_CELL = "not_in_domain"


def own_domain_notes(asked: Sequence[tuple[Plan, Contract]], merged: Sequence[MergedTable]) -> tuple[str, ...]:
    """Whole sentences: a misspelt value of a city's own would be a plausible 0, and the contract lists none of them.

    What the cities released says so: no figure of theirs is about such a row. `merged`: of each question; questions
    with labels have several, and get no note.
    """
    if len(asked) != len(merged):
        return ()
    notes = (
        note for (plan, contract), table in zip(asked, merged, strict=True) for note in _of_one(plan, contract, table)
    )
    return tuple(dict.fromkeys(notes))


def _of_one(plan: Plan, contract: Contract, merged: MergedTable) -> Iterator[str]:
    empty = [
        _is_empty(column, merged.reasons, is_count=aggregate.function in _COUNTS)
        for column, aggregate in zip(merged.columns, plan.aggregates, strict=False)
    ]
    filters = [aggregate.where for aggregate, is_empty in zip(plan.aggregates, empty, strict=False) if is_empty]
    yield from _notes([plan.where, *filters] if all(empty) else filters, contract)


def _notes(asked: Iterable[Expression | None], contract: Contract) -> Iterator[str]:
    for name, value in compared_values(each for each in asked if each is not None):
        if contract.columns[name].per_city and value.value is not None:
            listing = f"SELECT city, {name}, COUNT(*) FROM {contract.id.name} GROUP BY city, {name}"  # noqa: S608 (told)
            yield (
                f"{name} is {shown(str(value.value))} in no row of any city that answered: each city has values of its"
                f" own, which {listing} lists."
            )


def _is_empty(column: MergedColumn, reasons: tuple[str, ...], *, is_count: bool) -> bool:
    """Whether all that came is the figure of no row, 0 of a count and NULL of anything else, and nothing withheld."""
    held = {reasons[code - 1] for code in set(column.gaps.ravel().tolist()) if code}
    if held - {_NO_CELL}:
        return False
    return all(value is None or (is_count and value == 0) for value in column.values.to_pylist())
