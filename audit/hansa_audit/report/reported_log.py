"""One verified and counted log, as the report shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hansa_audit.entries.times import TimeSpan
from hansa_audit.folder.held_log import HeldLog, open_log
from hansa_audit.report.figures import LogFigures, figures_of
from hansa_audit.report.opened_questions import OpenedQuestion, opened_questions
from hansa_audit.verifying.verdict import Verdict
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.errors import ConfigError, PeerError
from hansa_local.trust_anchor import TrustAnchor


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLog:
    """What a page says of a log. `is_counted`: its entries are those that the city signed. `is_stale`: too old."""

    verdict: Verdict
    figures: LogFigures
    questions: tuple[OpenedQuestion, ...]
    is_counted: bool
    is_stale: bool

    @property
    def city(self) -> str:
        """The city, or the log's name where nobody says whose it is. Not escaped."""
        return self.verdict.city or self.verdict.origin


def reported_log(
    folder: Path,
    *,
    policy: Path | None,
    anchor: TrustAnchor | None,
    span: TimeSpan,
    now_unix_s: int,
    max_age_s: int | None,
) -> ReportedLog:
    """Verify all of the log, and count what lies in the span, if its entries are the signed ones.

    Raises ConfigError for no such folder, PeerError where there is nothing to check by.
    """
    verdict = verify_folder(folder, policy=policy, anchor=anchor)
    log = _open(folder)
    return ReportedLog(
        verdict=verdict,
        figures=LogFigures() if log is None else figures_of(log.entries(), span),
        questions=() if log is None else opened_questions(log, span),
        is_counted=log is not None,
        is_stale=max_age_s is not None and verdict.freshness.is_stale(now_unix_s, max_age_s),
    )


def _open(folder: Path) -> HeldLog | None:
    try:
        return open_log(folder)
    except (ConfigError, PeerError):
        return None  # the verdict says why
