"""Verifies a log, counts its entries and writes the page about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hansa_audit.entries.times import TimeSpan
from hansa_audit.folder.held_log import HeldLog, open_log
from hansa_audit.report.figures import LogFigures, figures_of
from hansa_audit.report.opened_questions import opened_questions
from hansa_audit.report.page import page
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.errors import ConfigError, PeerError
from hansa_local.trust_anchor import TrustAnchor


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReport:
    """What the page says first. `is_stale`: the log is older than was demanded."""

    holds: bool
    is_stale: bool


def write_report(
    folder: Path,
    html: Path,
    *,
    policy: Path | None,
    anchor: TrustAnchor | None,
    now: datetime,
    max_age_s: int | None = None,
    span: TimeSpan,
) -> WrittenReport:
    """Verify the log and write the page. `now`: naive UTC. `max_age_s`: None: any age will do.

    `span`: of what is counted; all of the log is verified.
    Raises ConfigError or PeerError.
    What is not what the city signed is not counted: then the page has the findings alone.
    """
    verdict = verify_folder(folder, policy=policy, anchor=anchor)
    log = _open(folder)
    figures = LogFigures() if log is None else figures_of(log.entries(), span)
    now_unix_s = int(now.replace(tzinfo=UTC).timestamp())
    is_stale = max_age_s is not None and verdict.freshness.is_stale(now_unix_s, max_age_s)
    questions = () if log is None else opened_questions(log, span)
    text = page(
        verdict,
        figures,
        questions,
        span=span,
        is_counted=log is not None,
        is_stale=is_stale,
        now_unix_s=now_unix_s,
    )
    try:
        html.write_text(text, encoding="utf-8")
    except OSError as failure:
        raise ConfigError(f"--html {html}: cannot be written ({failure.strerror}); name another file") from None
    return WrittenReport(holds=verdict.holds, is_stale=is_stale)


def _open(folder: Path) -> HeldLog | None:
    try:
        return open_log(folder)
    except (ConfigError, PeerError):
        return None  # the verdict says why
