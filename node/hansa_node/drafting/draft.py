"""A drafted manifest: a city's files looked at, matched to a contract, and tried by an ingest that writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.errors import ConfigError
from hansa_node.datasets.versions import IN_MEMORY
from hansa_node.drafting.entries import city_values, entries
from hansa_node.drafting.manifest_text import ManifestDraft
from hansa_node.drafting.matching import Match, matches
from hansa_node.drafting.tables import proposed_tables
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.ingest.report import ColumnReport, IngestReport
from hansa_node.ingest.sources import open_source, unreadable_source
from hansa_node.ingest.uniqueness import NotUniqueError
from hansa_tables.drafting.column_look import looks
from hansa_tables.drafting.proposed_source import ProposedSource, proposed_source
from hansa_tables.errors import UnreadableTableError
from hansa_tables.opening import columns_of

_MOST_VALUES = 1_000
_NO_DOMAIN = ("unknown",)


def draft_manifest(contract: Contract, files: Sequence[Path]) -> ManifestDraft:
    """Raises ConfigError where the files cannot be read."""
    try:
        source = proposed_source([path.absolute() for path in files])
    except UnreadableTableError as error:
        raise ConfigError(str(error)) from None
    with open_source(source.source, IN_MEMORY) as opened, unreadable_source(source.source):
        connection = opened.connection
        names = columns_of(connection)
        found = matches(connection, contract, looks(connection, names))
    used = {match.look.name for match in found.values()}
    draft = _draft(contract, source, found, [name for name in names if name not in used])
    return _tried(draft, files)


def _draft(
    contract: Contract, source: ProposedSource, found: Mapping[str, Match], unused: Sequence[str]
) -> ManifestDraft:
    written = entries(contract, found, unused)
    return ManifestDraft(
        contract=contract,
        source=source,
        entries=written,
        unused=tuple(unused),
        domains=dict(_domains(contract, found)),
        tables=proposed_tables(contract, found) if contract.least_level is Level.CONTROLLED else (),
    )


def _domains(contract: Contract, found: Mapping[str, Match]) -> Iterator[tuple[str, Sequence[object]]]:
    for column in contract.columns.values():
        if not column.per_city:
            continue
        values = city_values(found[column.name], contract.least_level)[0] if column.name in found else ()
        yield column.name, values[:_MOST_VALUES] or _NO_DOMAIN


def _tried(draft: ManifestDraft, files: Sequence[Path]) -> ManifestDraft:
    """With what an ingest says that writes nothing: rows that it would reject are a doubt about their column."""
    paths = [str(path.absolute()) for path in files]
    with TemporaryDirectory(prefix="hansa-") as folder:
        manifest = Path(folder) / "manifest.yaml"
        manifest.write_text(draft.text(paths, "manifest.schema.json"), encoding="utf-8")
        try:
            report = ingest_dataset(manifest, draft.contract, Path(folder) / "data", dry_run=True)
        except NotUniqueError as error:
            return draft.with_doubts({}, [error.shareable])
        except ConfigError as error:
            return draft.with_doubts({}, [str(error).removeprefix(f"{manifest}: ")])
        except duckdb.Error as error:
            return draft.with_doubts({}, [str(error).strip().splitlines()[0]])
    mapped = {each.column: each for each in draft.entries if each.is_mapped}
    doubts = {
        column.name: tuple(_rejected(column, report, hides_values=mapped[column.name].hides_values))
        for column in report.columns
        if column.name in mapped
    }
    return draft.with_doubts(doubts, report.exceeded)


def _rejected(column: ColumnReport, report: IngestReport, *, hides_values: bool) -> Iterator[str]:
    for rule, rows in column.rejected.items():
        texts = [] if hides_values else [each for each in column.offending if rule.startswith(each.rule)]
        shown = ", ".join(f"{each.text!r} (row {each.first:,})" for each in texts[:3] if each.text is not None)
        yield f"{rows:,} of {report.rows_read:,} rows are rejected, {rule.partition(':')[0]}" + (
            f": {shown}" if shown else ""
        )
    if column.clipped:
        yield f"{column.clipped:,} of {report.rows_read:,} values are out of the contract's bounds: is the unit right?"
