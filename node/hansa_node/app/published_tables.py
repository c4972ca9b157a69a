"""Published tables of a dataset for its steward: as served, as an ingest would publish them, or redesigned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.errors import ConfigError
from hansa_core.redesign.search import Search, Step, best_of
from hansa_local.clock import utc_now
from hansa_local.new_file import check_new
from hansa_local.private_files import write_private
from hansa_local.trust_anchor import load_roster
from hansa_node.app.config import read_config
from hansa_node.app.declared import read_contracts
from hansa_node.datasets.versions import current_version, dataset_folder, reports_path
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.ingest.manifest_file import ManifestFile, read_manifest_file
from hansa_node.ingest.progress import IngestProgress
from hansa_node.ingest.staged_cells import staged_cells
from hansa_node.ingest.suggested_manifest import suggested_text
from hansa_node.ingest.table_reports import TableReport, in_all, read_reports, report_of_stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A declaration that was written to `path`, and what an ingest of it would publish, table by table."""

    path: Path
    before: TableReport
    reports: tuple[TableReport, ...]


class StewardedTables:
    """The tables of one controlled dataset of a node."""

    def __init__(self, name: str, config: Path) -> None:
        """Raises ConfigError where the node has no such dataset, or it publishes no tables."""
        settings = read_config(config)
        wanted = settings.dataset_named(name)
        contracts = read_contracts(settings, load_roster(settings, utc_now()))
        if wanted not in contracts:
            raise ConfigError(f"{config}: datasets: {wanted} is no contract of the league's roster; correct the name")
        self.contract: Contract = contracts[wanted]
        self._data_dir = settings.data_dir
        self._path = settings.datasets[wanted]
        self._written: ManifestFile = read_manifest_file(self._path, self.contract)
        if self._written.manifest.level is not Level.CONTROLLED:
            raise ConfigError(
                f"{self._path}: level {self._written.manifest.level} publishes no tables; at level controlled it would"
            )

    def served(self) -> tuple[int, tuple[TableReport, ...]]:
        """The data version that is served, and its tables. Raises ConfigError, DataUnavailableError."""
        folder = dataset_folder(self._data_dir, self.contract.id)
        version = current_version(folder)
        if version is None:
            raise ConfigError(f"{self.contract.id}: has no version yet; run `hansa node ingest {self.contract.id}`")
        reports = read_reports(reports_path(folder, version.number))
        if reports is None:
            publication = version.publication(self.contract, self._written.manifest)
            if publication is None:
                raise ConfigError(
                    f"{self.contract.id}: version {version.number} was prepared under another contract or manifest;"
                    " look at what this one publishes with --preview"
                )
            reports = tuple(
                report_of_stored(table, publication.causes[name]) for name, table in publication.tables.items()
            )
        return version.number, reports

    def preview(self, progress: IngestProgress) -> tuple[TableReport, ...]:
        """What an ingest of the city's file would publish now; nothing is written. Raises ConfigError."""
        return self._preview_of(self._path, progress)

    def suggest(self, out: Path | None, progress: IngestProgress, console: Console) -> Suggestion:
        """Search a declaration that publishes more, and write it beside the city's. Raises ConfigError."""
        path = out or self._path.with_name(f"{self._path.stem}.suggested{self._path.suffix}")
        check_new(path)
        if path.parent.resolve() != self._path.parent.resolve():
            raise ConfigError(
                f"--out {path}: paths in the manifest start at its folder; name a file in {self._path.parent}"
            )
        before = in_all(self.preview(progress))
        steps = self._steps(console)
        best = best_of(steps)
        told = [step.told for step in steps[1 : steps.index(best) + 1]] or [
            "nothing: no change was found to publish more"
        ]
        text = self._path.read_text(encoding="utf-8")
        self._write(path, suggested_text(text, best.manifest, told))
        reports = self._preview_of(path, progress)
        self._write(path, suggested_text(text, best.manifest, told, reports))
        return Suggestion(path=path, before=before, reports=reports)

    def _steps(self, console: Console) -> list[Step]:
        steps = []
        with staged_cells(self._path, self._written, self.contract) as counted:
            for step in Search(self._written.manifest, self.contract, counted).steps():
                steps.append(step)
                console.print(
                    f"about {step.estimate.shown_share:6.1%} of the units published: {step.told}", highlight=False
                )
        return steps

    def _preview_of(self, path: Path, progress: IngestProgress) -> tuple[TableReport, ...]:
        return ingest_dataset(path, self.contract, self._data_dir, dry_run=True, progress=progress).tables

    def _write(self, path: Path, text: str) -> None:
        try:
            write_private(path, text.encode())
        except OSError as failure:
            raise ConfigError(f"--out {path}: cannot be written ({failure.strerror}); name another file") from None
