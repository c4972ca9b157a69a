"""The contract that a statement reads, and the names that mean its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.contract.types import DataType
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.plan.expression import Column
from hansa_core.plan.typing import column_types
from hansa_core.sql.clause import quoted, refused

_PINNED_EXAMPLE = 'FROM housing.permits, or FROM "housing.permits/1"'


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSource:
    """The contract behind FROM. `qualifiers`: what may stand before a column's name, in lower case."""

    contract: Contract
    qualifiers: frozenset[str]

    @property
    def types(self) -> dict[str, DataType]:
        """The type of each column."""
        return column_types(self.contract)

    def is_city(self, node: exp.Expr) -> bool:
        """Whether the node is the pseudo-column `city`."""
        return isinstance(node, exp.Column) and node.name.lower() == CITY_COLUMN

    def column(self, node: exp.Column) -> Column:
        """The contract's column that the node names, in any case of letters, as DuckDB reads it."""
        table = node.table.lower()
        if table and (table not in self.qualifiers or node.args.get("db")):
            raise refused(
                "unknown_column", node, f"no table is called {shown(node.table)}", "leave the table's name out"
            )
        if self.is_city(node):
            raise refused(
                "city_misplaced",
                node,
                "city is no column of the data: it selects cities in WHERE and FILTER, or keys them in GROUP BY",
                "write city = '…' in WHERE or FILTER (WHERE …), joined to others by AND, or GROUP BY city",
            )
        name = next((name for name in self.contract.columns if name.lower() == node.name.lower()), None)
        if name is None:
            raise refused(
                "unknown_column",
                node,
                f"{shown(node.name)} is no column of {self.contract.id}",
                nearest(node.name, self.contract.columns),
            )
        return Column(name)


def read_source(select: exp.Select, contracts: Mapping[ContractId, Contract]) -> StatementSource:
    """The contract that FROM names: a pinned version, or the newest one. Raises RefusedError."""
    from_ = select.args.get("from_")
    if from_ is None:
        raise RefusedError(
            "unknown_contract", "a question reads one contract", f"write for example {_PINNED_EXAMPLE}", "FROM"
        )
    table = from_.this
    if isinstance(table, exp.Subquery | exp.Query):
        raise refused(
            "cannot_split",
            table,
            "a query inside FROM cannot be split into a question to the cities",
            "read the contract itself: FROM housing.permits",
        )
    _check_table(table)
    parts = [part.name for part in table.parts]
    alias = table.args.get("alias")
    names = {alias.name.lower()} if alias else {parts[-1].lower()}
    return StatementSource(contract=_find(table, ".".join(parts), contracts), qualifiers=frozenset(names))


def _check_table(table: exp.Expr) -> None:
    plain = isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier)
    extras = {name for name, value in table.args.items() if value} - {"this", "db", "catalog", "alias"}
    alias = table.args.get("alias")
    if not plain or extras or (alias is not None and alias.args.get("columns")):
        raise refused(
            "unsupported_clause",
            table,
            "FROM takes one contract and nothing else: no function, file, sample, pivot or column list",
            f"write for example {_PINNED_EXAMPLE}",
        )


def _find(table: exp.Expr, text: str, contracts: Mapping[ContractId, Contract]) -> Contract:
    name, slash, version = text.lower().partition("/")
    versions = {str(known.version): known for known in contracts if known.name == name}
    if not versions:
        remedy = nearest(name, {known.name for known in contracts})
        raise RefusedError("unknown_contract", f"{shown(name)} is no contract here", remedy, quoted(table))
    if slash and version not in versions:
        raise RefusedError(
            "unknown_contract",
            f"{name} has no version {shown(version)} here",
            f"the versions are: {', '.join(sorted(versions, key=int))}",
            quoted(table),
        )
    return contracts[versions[version]] if slash else contracts[max(versions.values())]
