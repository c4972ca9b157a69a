"""Proposed tables: what a dataset at `controlled` may publish, one dimension at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.types import DataType

_MOST_TABLES = 8
_MOST_MEASURES = 4
_LONGEST_NAME = 60


def proposed_tables(contract: Contract, mapped: Mapping[str, object]) -> list[dict[str, object]]:
    """A table for each column with public values, and one for each measure with bins. `mapped`: what the file has."""
    return list(islice(_tables(contract, mapped), _MOST_TABLES))


def _tables(contract: Contract, mapped: Mapping[str, object]) -> Iterator[dict[str, object]]:
    columns = [column for column in contract.columns.values() if column.name in mapped and not column.identifier]
    measures = [column.name for column in columns if column.quantum is not None and not column.domain][:_MOST_MEASURES]
    dimensions = [column for column in columns if _has_domain(column)]
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


def _has_domain(column: ContractColumn) -> bool:
    return bool(column.domain) or column.per_city or column.type is DataType.BOOLEAN
