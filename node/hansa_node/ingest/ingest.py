"""Ingest: a city's file becomes the next version of a dataset."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
from sqlglot import exp

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.publish import Publication, publish, rules_of
from hansa_core.protection.tables import shapes_of
from hansa_node.datasets.published_file import write_published
from hansa_node.datasets.stamp import stamp_of, write_stamp
from hansa_node.datasets.versions import dataset_folder, new_version
from hansa_node.ingest.cells import count_cells
from hansa_node.ingest.constancy import check_constant_columns
from hansa_node.ingest.earlier import EarlierPublications
from hansa_node.ingest.manifest_file import read_manifest, read_mapping
from hansa_node.ingest.mapping import DatasetMapping
from hansa_node.ingest.report import ColumnReport, IngestReport, TableReport, table_report
from hansa_node.ingest.sources import TARGET, open_source, unreadable_source
from hansa_node.ingest.staging import Staged, stage


def ingest_dataset(manifest_path: Path, contract: Contract, data_dir: Path) -> IngestReport:
    """Map, quantise and protect the city's file into a new version under `data_dir`, and make it the current one.

    Raises ConfigError that says what the operator must mend; the earlier version then stays current.
    """
    manifest = read_manifest(manifest_path, contract)
    mapping = read_mapping(manifest_path, contract)
    folder = dataset_folder(data_dir, contract.id)
    with new_version(folder) as version:
        try:
            with open_source(mapping.source, version.path) as connection:
                with unreadable_source(mapping.source):
                    staged = stage(connection, mapping, contract, manifest)
                _check_kept(staged)
                check_constant_columns(connection, contract)
                earlier = EarlierPublications(
                    folder=folder, number=version.number, contract=contract, manifest=manifest
                )
                tables = _write(connection, contract, manifest, earlier)
                write_stamp(connection, TARGET, stamp_of(contract, manifest, version.number))
                connection.execute(f"CHECKPOINT {TARGET}")
        except ConfigError as error:
            raise ConfigError(f"{manifest_path}: {error}") from None
        except duckdb.IOException as error:
            reason = str(error).strip().splitlines()[0]
            raise ConfigError(
                f"{version.path}: cannot be written ({reason}); free some space on that disk and ingest again: "
                "the earlier version is still served"
            ) from None
    return IngestReport(
        contract=contract.id,
        level=manifest.level,
        data_version=version.number,
        rows_read=staged.rows_read,
        rows_kept=staged.rows_kept,
        columns=_column_reports(contract, mapping, staged),
        tables=tables,
    )


def _check_kept(staged: Staged) -> None:
    """A mapping that rejects every row is a mistake in it, and must not replace the version that is served."""
    if staged.rows_read and not staged.rows_kept:
        rules = [(rows, rule) for column in staged.columns.values() for rule, rows in column.rejected.items()]
        told = ", ".join(f"{rule} {rows:,}" for rows, rule in sorted(rules, key=lambda found: (-found[0], found[1])))
        raise ConfigError(
            f"mapping: none of {staged.rows_read:,} rows is kept ({told}); correct the mapping or the domains of these "
            "columns: the earlier version is still served"
        )


def _write(
    connection: duckdb.DuckDBPyConnection, contract: Contract, manifest: Manifest, earlier: Iterable[Publication]
) -> tuple[TableReport, ...]:
    """At `open` the rows; at `controlled` published cells and nothing else, so that no row is in the file."""
    if manifest.level is Level.OPEN:
        rows = exp.table_("rows", db="main", catalog=TARGET, quoted=True)
        creation = exp.Create(this=rows, kind="TABLE", expression=exp.select("*").from_("staged"))
        connection.execute(creation.sql(dialect="duckdb"))
        return ()
    shapes = shapes_of(contract, manifest)
    totals = {name: count_cells(connection, shape, contract) for name, shape in shapes.items()}
    publication = publish(shapes, totals, rules_of(contract, manifest), earlier)
    for name, table in publication.tables.items():
        write_published(connection, TARGET, table, publication.causes[name])
    return tuple(
        table_report(table, totals[name], publication.causes[name]) for name, table in publication.tables.items()
    )


def _column_reports(contract: Contract, mapping: DatasetMapping, staged: Staged) -> tuple[ColumnReport, ...]:
    return tuple(
        ColumnReport(
            name=name,
            source=mapping.columns[name].told,
            type=column.type.value,
            nulls=staged.columns[name].nulls,
            clipped=staged.columns[name].clipped,
            rejected=staged.columns[name].rejected,
            unused=staged.columns[name].unused,
        )
        for name, column in contract.columns.items()
    )
