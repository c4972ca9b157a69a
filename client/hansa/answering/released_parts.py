"""Released parts: what each column of the released tables is, in the words of the plan that it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.contract.contract import Contract
from hansa_core.plan.expression import Expression
from hansa_core.plan.plan import Aggregate, AggregateFunction
from hansa_core.sql.render import wording
from hansa_core.sql.statement import CityQuestion, OuterSelect

AskedContract = tuple[CityQuestion, Contract]
"""A question of a statement with the contract that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedPart:
    """One released column. `part`: None where it is what cities are put under. `words`: as in canonical SQL."""

    words: str
    part: Expression | Aggregate | None
    contract: Contract


def released_parts(asked: Iterable[AskedContract], outer: OuterSelect) -> dict[str, ReleasedPart]:
    """Each key, aggregate and label of all questions, by its released column."""
    found: dict[str, ReleasedPart] = {}
    keys, aggregates = iter(outer.key_columns), iter(outer.aggregate_columns)
    for question, contract in asked:
        for key in question.plan.keys:
            found[next(keys)] = ReleasedPart(words=wording(key), part=key, contract=contract)
        for one in question.plan.aggregates:
            found[next(aggregates)] = ReleasedPart(words=wording(one), part=one, contract=contract)
        for measure in question.over_some:
            one = question.plan.aggregates[measure.aggregate]
            words = f"{wording(one)} of {', '.join(sorted(measure.cities)) or 'no city'}"
            found[next(aggregates)] = ReleasedPart(words=words, part=one, contract=contract)
        if question.by_city:
            found[CITY_COLUMN] = ReleasedPart(words=CITY_COLUMN, part=None, contract=contract)
        if question.labels is not None:
            for name, words in zip(question.labels.columns, question.labels.words, strict=True):
                found[name] = ReleasedPart(words=words, part=None, contract=contract)
    return found


def quantile_columns(asked: Iterable[AskedContract], outer: OuterSelect) -> frozenset[str]:
    """The released columns whose values are quantiles."""
    return frozenset(
        name
        for name, one in released_parts(asked, outer).items()
        if isinstance(one.part, Aggregate) and one.part.function is AggregateFunction.QUANTILE_CONT
    )
