"""Audit rule: each question was answered from a dataset, version and tables that the log had announced."""

from __future__ import annotations

from hansa_core.contract.level import Level
from hansa_core.evidence.finding import AuditRule, Breaches
from hansa_core.evidence.query_entries import Decision, QueryAborted, QueryDecision
from hansa_core.evidence.rule_entries import DataAccepted, DatasetRegistered, DataVersion, TablesPublished


class AnnouncedDatasets:
    """What the log has said of each dataset so far.

    A question under way while a new version is announced ends on the one that it began with, so any version and level
    that was announced may be used.
    """

    def __init__(self) -> None:
        self._registered: set[tuple[str, str]] = set()
        self._manifests: set[tuple[str, str | None]] = set()
        self._datasets: set[str] = set()
        self._newest: dict[str, int] = {}
        self._versions: set[tuple[str, int]] = set()
        self._tables: set[tuple[str, int]] = set()
        self._released: set[tuple[str, str, int]] = set()

    def register(self, body: DatasetRegistered) -> Breaches:
        self._registered.add((body.dataset, body.level))
        self._manifests.add((body.dataset, body.manifest_hash))
        self._datasets.add(body.dataset)
        yield from ()

    def announce(self, body: DataVersion) -> Breaches:
        newest = self._newest.get(body.dataset, 0)
        yield from self._known(body.dataset)
        if body.data_version <= newest:
            text = f"{body.dataset} goes from data version {newest} to {body.data_version}; versions count upwards"
            yield AuditRule.DATA_VERSION, text
        self._newest[body.dataset] = max(newest, body.data_version)
        self._versions.add((body.dataset, body.data_version))

    def accept(self, body: DataAccepted) -> Breaches:
        yield from self._known(body.dataset)
        if (body.dataset, body.data_version) not in self._versions:
            yield AuditRule.DATA_VERSION, f"data version {body.data_version} of {body.dataset} is accepted unannounced"

    def publish(self, body: TablesPublished) -> Breaches:
        yield from self._known(body.dataset)
        if list(body.tables) != sorted(body.tables):
            yield AuditRule.TABLES, f"the tables of {body.dataset} are not sorted by name"
        self._tables.add((body.dataset, body.data_version))

    def use(self, body: QueryDecision | QueryAborted) -> Breaches:
        if body.dataset is None or body.level is None or body.data_version is None:
            return  # a refusal before anything was bound
        dataset, version = body.dataset, body.data_version
        if (dataset, body.level) not in self._registered:
            yield AuditRule.DATASET, f"{dataset} is used at level {body.level} and was never registered so"
        elif (dataset, body.manifest_hash) not in self._manifests:
            yield AuditRule.DATASET, f"{dataset} is used by a manifest that was never registered"
        elif (dataset, version) not in self._versions:
            yield AuditRule.DATA_VERSION, f"data version {version} of {dataset} is used and was never announced"
        elif isinstance(body, QueryDecision) and body.decision == Decision.PERMIT:
            yield from self._release(dataset, body.level, version, recalled=body.recalled)

    def _release(self, dataset: str, level: str, version: int, *, recalled: bool) -> Breaches:
        if level == Level.CONTROLLED and (dataset, version) not in self._tables:
            yield AuditRule.TABLES, f"data version {version} of {dataset} is answered without published tables"
        if not recalled:
            self._released.add((dataset, level, version))
        elif (dataset, level, version) not in self._released:
            text = f"a release of data version {version} of {dataset} is recalled, and there was none"
            yield AuditRule.RECALLED, text

    def _known(self, dataset: str) -> Breaches:
        if dataset not in self._datasets:
            yield AuditRule.DATASET, f"{dataset} is not registered"
