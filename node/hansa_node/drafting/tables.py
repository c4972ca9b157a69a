"""Proposed tables: what a dataset at `controlled` may publish, one dimension at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.types import DataType
from hansa_core.manifest.manifest import DEFAULT_THRESHOLD
from hansa_node.drafting.matching import Match

_MOST_TABLES = 8
_MOST_MEASURES = 4
_LONGEST_NAME = 60


def proposed_tables(contract: Contract, found: Mapping[str, Match]) -> list[dict[str, object]]:
    """A table for each column with public values, and one for each measure with bins. `found`: what the file has.

    Not for a column whose values have too few rows each: nothing of its table could be shown.
    """
    return list(islice(_tables(contract, found), _MOST_TABLES))


def _tables(contract: Contract, found: Mapping[str, Match]) -> Iterator[dict[str, object]]:
    columns = [column for column in contract.columns.values() if column.name in found and not column.identifier]
    measures = [column.name for column in columns if column.quantum is not None and not column.domain][:_MOST_MEASURES]
    dimensions = [column for column in columns if _has_domain(column)]
    dimensions = [column for column in dimensions if _has_rows(found[column.name])] or dimensions[:1]
    for column in dimensions:
        yield {
            "name": f"by_{column.name}"[:_LONGEST_NAME],
            "dimensions": [column.name],
            **({"measures": measures} if measures else {}),
        }
    for column in columns:
        if column.bins:
            yield {
                "name": f"bins_of_{column.name}"[:_LONGEST_NAME],
                "dimensions": [],
                "measures": [column.name],
                "bins": column.name,
            }


def _has_rows(match: Match) -> bool:
    """Whether a value has as many rows on average as a published cell needs units."""
    return match.look.rows - match.look.nulls >= DEFAULT_THRESHOLD * match.look.distinct


def _has_domain(column: ContractColumn) -> bool:
    return bool(column.domain) or column.per_city or column.type is DataType.BOOLEAN
