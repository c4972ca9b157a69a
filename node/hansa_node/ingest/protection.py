"""Protection of a publication at ingest: cells counted, unsafe ones suppressed, and others so that none follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import duckdb

from hansa_core.contract.contract import Contract
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest, Protection
from hansa_core.protection.periods import settled_cells
from hansa_core.protection.primary import primary_rules
from hansa_core.protection.publish import Facts, Publication, publish, rules_of
from hansa_core.protection.tables import shapes_of
from hansa_core.suppression.audited_tables import AuditedTables, CellId
from hansa_core.suppression.secondary import SecondarySuppression
from hansa_node.ingest.cells import count_cells
from hansa_node.ingest.city_secret import CitySecret
from hansa_node.ingest.contributions import read_contributions


def protected(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    manifest: Manifest,
    earlier: Iterable[Publication],
    secret_of_city: CitySecret,
) -> tuple[Publication, Mapping[str, Facts]]:
    """The publication of the kept rows in the table `staged`, and the facts of its cells.

    `earlier`: of the same tables, the newest first. Raises ConfigError where no choice of cells protects the unsafe
    ones, or the tables need more than an audit bears.
    """
    shapes = shapes_of(contract, manifest)
    facts = {name: count_cells(connection, shape, contract) for name, shape in shapes.items()}
    try:
        if manifest.protection is Protection.PRIMARY:
            rules = rules_of(contract, manifest)
        else:
            tables = AuditedTables(shapes, contract, manifest)
            secondary = SecondarySuppression(
                rules=primary_rules(contract, manifest),
                tables=tables,
                contributions=read_contributions(connection, tables, contract),
                secret=secret_of_city.read(),
                publication=str(contract.id),
                settled=_settled(next(iter(earlier), None), manifest),
            )
            rules = (*rules_of(contract, manifest, tables.impossible), secondary)
        publication = publish(shapes, facts, rules, earlier)
    except ValueError as error:
        raise ConfigError(f"tables: {error}; nothing was published") from None
    return replace(publication, is_audited=manifest.protection is Protection.SUPPRESSION), facts


def _settled(before: Publication | None, manifest: Manifest) -> dict[CellId, bool]:
    """The cells that stay as they are published. Nothing stays of what earlier releases published."""
    if before is None or not before.is_audited:
        return {}
    return {(name, cell): is_shown for name, cell, is_shown in settled_cells(before, manifest.period)}
