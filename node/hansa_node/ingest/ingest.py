"""Ingest: a city's file becomes the next version of a dataset."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import duckdb
from sqlglot import exp

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.contract.types import Value
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.periods import carried_over, published_periods
from hansa_core.protection.publish import Publication
from hansa_node.datasets.acceptance import Acceptance, write_acceptance
from hansa_node.datasets.published_file import write_published
from hansa_node.datasets.stamp import mark_audited, stamp_of, write_stamp
from hansa_node.datasets.versions import (
    current_version,
    dataset_folder,
    new_version,
    profile_path,
    reports_path,
    still_served,
    unwritten_version,
)
from hansa_node.ingest.base import base_of
from hansa_node.ingest.city_secret import CitySecret
from hansa_node.ingest.constancy import check_constant_columns
from hansa_node.ingest.contents import check_new, write_contents
from hansa_node.ingest.dependency_check import check_dependencies
from hansa_node.ingest.earlier import EarlierPublications, check_unchanged
from hansa_node.ingest.growing import PublishedPeriods
from hansa_node.ingest.growth import Growth
from hansa_node.ingest.manifest_file import read_manifest_file
from hansa_node.ingest.mapping import DatasetMapping
from hansa_node.ingest.profile import DataProfile, profile_of, read_profile, write_profile
from hansa_node.ingest.progress import IngestProgress, expected_rows
from hansa_node.ingest.protection import protected
from hansa_node.ingest.report import ColumnReport, IngestReport
from hansa_node.ingest.sources import TARGET, open_source, unreadable_source
from hansa_node.ingest.staging import Staged, stage
from hansa_node.ingest.table_reports import TableReport, table_report, write_reports
from hansa_node.ingest.uniqueness import NotUniqueError, check_unique_columns
from hansa_tables.source import TableSource

SECRET_FILE = "suppression.key"  # noqa: S105  # a name


class IngestStoppedError(ConfigError):
    """A limit of the manifest is exceeded: nothing was published. `report`: what was found."""

    def __init__(self, report: IngestReport) -> None:
        first = "".join(f" The first broken line: {line}." for line in report.left_out.told[:1])
        super().__init__(
            f"{'; '.join(report.exceeded)}: nothing was published.{first} Mend the source or the mapping, raise the"
            " limit in the manifest, or pass it once with --accept-changes REASON"
        )
        self.report = report


def ingest_dataset(
    manifest_path: Path,
    contract: Contract,
    data_dir: Path,
    *,
    dry_run: bool = False,
    accept: str | None = None,
    progress: IngestProgress | None = None,
    secret_file: Path | None = None,
) -> IngestReport:
    """Map, quantise and protect the city's file into a new version under `data_dir`, and make it the current one.

    `dry_run`: only look, and write nothing. `accept`: why limits of the manifest that are exceeded are passed.
    `progress`: what shows how far it is; nothing if None. `secret_file`: holds the city's secret for suppressed
    cells, and is made where there is none; by default beside the versions.
    Raises IngestStoppedError where a limit is exceeded, and ConfigError that says what the operator must mend; the
    earlier version, if any, then stays current.
    """
    written = read_manifest_file(manifest_path, contract)
    manifest, mapping, limits = written.manifest, written.mapping, written.limits
    folder = dataset_folder(data_dir, contract.id)
    served = _served_profile(folder)
    with unwritten_version(folder) if dry_run else new_version(folder) as version:
        try:
            base = base_of(folder, written.growth, contract, manifest)
            with open_source(mapping.source, version.path, base.rows) as opened:
                connection = opened.connection
                check_new(opened.contents, base.contents)
                published = _published(base.publication, written.growth, manifest)
                with unreadable_source(mapping.source):
                    is_shown = progress is not None and progress.is_shown
                    reading = expected_rows(connection, mapping.source, opened.read) if is_shown else None
                    with _shown(progress, connection, "reading", reading):
                        staged = stage(
                            opened,
                            mapping,
                            contract,
                            manifest,
                            written.growth,
                            has_served=base.rows is not None,
                            published=published,
                        )
                _check_read(staged, mapping.source)
                profile = profile_of(connection, contract)
                exceeded = tuple(limits.exceeded(staged, profile, served))
                report = _report(contract, manifest, mapping, staged, version.number)
                report = replace(report, exceeded=exceeded, is_dry_run=dry_run, accepted=accept if exceeded else None)
                if not report.may_publish:
                    raise IngestStoppedError(report)
                check_constant_columns(connection, contract)
                check_unique_columns(connection, contract)
                check_dependencies(connection, contract, manifest)
                earlier = EarlierPublications(
                    folder=folder, number=version.number, contract=contract, manifest=manifest
                )
                write_stamp(connection, TARGET, stamp_of(contract, manifest, version.number))
                with _shown(progress, connection, "writing", profile.rows):
                    tables = _write(
                        connection,
                        contract,
                        manifest,
                        earlier,
                        before=base.publication,
                        kept=published,
                        city_secret=CitySecret(path=secret_file or data_dir / SECRET_FILE, is_made=not dry_run),
                    )
                write_contents(connection, TARGET, opened.contents, version.number, base.contents)
                if report.accepted is not None:
                    acceptance = Acceptance(reason=report.accepted, limits=limits.to_json())
                    write_acceptance(connection, TARGET, acceptance)
                if not dry_run:
                    connection.execute(f"CHECKPOINT {TARGET}")
                    write_profile(profile_path(folder, version.number), profile)
                    if manifest.level is Level.CONTROLLED:
                        write_reports(reports_path(folder, version.number), tables)
        except IngestStoppedError:
            raise
        except ConfigError as error:
            raise _told(error, manifest_path, folder) from None
        except duckdb.OutOfMemoryException:
            raise ConfigError(
                f"{manifest_path}: needs more memory than an ingest may have, or more disk beside {folder};"
                f" free some disk, or publish fewer or smaller tables{still_served(folder)}"
            ) from None
        except duckdb.IOException as error:
            reason = str(error).strip().splitlines()[0]
            raise ConfigError(
                f"{version.path}: cannot be written ({reason}); free some space on that disk and ingest again"
                f"{still_served(folder)}"
            ) from None
    return replace(report, tables=tables)


def _told(error: ConfigError, manifest_path: Path, folder: Path) -> ConfigError:
    """With the manifest's path, and whether an earlier version is served."""
    before, after = f"{manifest_path}: ", still_served(folder)
    if isinstance(error, NotUniqueError):
        return error.told_with(before, after)
    return ConfigError(f"{before}{error}{after}")


def _shown(
    progress: IngestProgress | None, connection: duckdb.DuckDBPyConnection, what: str, rows: int | None
) -> AbstractContextManager[None]:
    return nullcontext() if progress is None else progress.of_step(connection, what, rows)


def _served_profile(folder: Path) -> DataProfile | None:
    version = current_version(folder)
    return None if version is None else read_profile(profile_path(folder, version.number))


def _report(
    contract: Contract, manifest: Manifest, mapping: DatasetMapping, staged: Staged, number: int
) -> IngestReport:
    return IngestReport(
        contract=contract.id,
        level=manifest.level,
        data_version=number,
        rows_read=staged.rows_read,
        rows_kept=staged.rows_kept,
        growth=staged.growth,
        left_out=staged.left_out,
        columns=_column_reports(contract, mapping, staged),
        tables=(),
    )


def _check_read(staged: Staged, source: TableSource) -> None:
    """An empty export is no version."""
    if not staged.rows_read:
        raise ConfigError(f"source.path: {source.told} has no row, and an empty export is no version; export it again")


def _published(before: Publication | None, growth: Growth, manifest: Manifest) -> PublishedPeriods | None:
    """At level controlled, what a file that adds to it leaves as it is."""
    if manifest.level is Level.OPEN or manifest.period is None or not growth.keeps_rows:
        return None
    values = frozenset[Value]() if before is None else published_periods(before, manifest.period)
    return PublishedPeriods(column=manifest.period, values=values)


def _write(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    manifest: Manifest,
    earlier: Iterable[Publication],
    *,
    before: Publication | None,
    kept: PublishedPeriods | None,
    city_secret: CitySecret,
) -> tuple[TableReport, ...]:
    """At `open` the rows; at `controlled` published cells and nothing else, so that no row is in the file."""
    if manifest.level is Level.OPEN:
        rows = exp.table_("rows", db="main", catalog=TARGET, quoted=True)
        creation = exp.Create(this=rows, kind="TABLE", expression=exp.select("*").from_("staged"))
        connection.execute(creation.sql(dialect="duckdb"))
        return ()
    publication, facts = protected(connection, contract, manifest, earlier, city_secret)
    if before is not None and kept is not None:
        publication = carried_over(before, publication, kept.column, kept.values)
    check_unchanged(contract.id, earlier, publication, manifest.period)
    if publication.is_audited:
        mark_audited(connection, TARGET)
    for name, table in publication.tables.items():
        write_published(connection, TARGET, table, publication.causes[name])
    return tuple(
        table_report(table, facts[name], publication.causes[name]) for name, table in publication.tables.items()
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
            offending=staged.columns[name].offending,
        )
        for name, column in contract.columns.items()
    )
