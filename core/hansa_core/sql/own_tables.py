"""Names that the analyst's own tables and their columns may have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from hansa_core.contract.ids import ContractId
from hansa_core.errors import RefusedError
from hansa_core.nearest import shown
from hansa_core.sql.outer_from import JoinedTable
from hansa_core.sql.relation import Origin
from hansa_core.sql.statement import RELEASED

MAX_OWN_TABLES = 16
MAX_OWN_COLUMNS = 1024

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_RESERVED = frozenset({RELEASED, "information_schema", "pg_catalog", "main", "memory", "system", "temp"})


def registered_name(table: str) -> str:
    """What an own table is called inside the outer statement."""
    return f"own_{table.lower()}"


def own_tables(tables: Mapping[str, Sequence[str]], contracts: Iterable[ContractId]) -> dict[str, JoinedTable]:
    """Each own table by its name in lower case. `tables`: their columns. Raises RefusedError `table_name`."""
    if len(tables) > MAX_OWN_TABLES:
        raise _refused("tables", f"a statement joins at most {MAX_OWN_TABLES} own tables", "join some of them first")
    taken = {part for contract in contracts for part in (contract.name, contract.name.partition(".")[0])}
    found: dict[str, JoinedTable] = {}
    for name, columns in tables.items():
        key = name.lower()
        if key in taken:
            raise _refused(name, f"{shown(name)} is the name of a contract or of its topic", "rename the table")
        if not _NAME.fullmatch(name) or key in _RESERVED or key in found:
            rule = "an own table has a name of its own, of letters, digits and _"
            raise _refused(name, rule, "call it for example population")
        _check_columns(name, columns)
        found[key] = JoinedTable(name=registered_name(name), origins={column: Origin() for column in columns})
    return found


def _check_columns(table: str, columns: Sequence[str]) -> None:
    lower = [column.lower() for column in columns]
    if not 0 < len(columns) <= MAX_OWN_COLUMNS:
        raise _refused(table, f"an own table has 1 to {MAX_OWN_COLUMNS} columns", "select the columns that you join")
    if len(set(lower)) != len(lower) or any(not name or "\0" in name or name.startswith("__") for name in lower):
        rule = "its columns have names of their own, in any case of letters, that do not begin with __"
        raise _refused(table, rule, "rename its columns")


def _refused(field: str, rule: str, remedy: str) -> RefusedError:
    return RefusedError("table_name", rule, remedy, f"table {shown(field)}")
