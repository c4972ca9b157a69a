"""Verifies logs, counts their entries and writes one page about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hansa_audit.entries.times import TimeSpan
from hansa_audit.languages.language import Language
from hansa_audit.report.page import page
from hansa_audit.report.reported_log import ReportedLog, reported_log
from hansa_core.errors import ConfigError
from hansa_local.trust_anchor import TrustAnchor


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReport:
    """What the page says first. `holds`: every log does. `is_stale`: one is older than was demanded."""

    holds: bool
    is_stale: bool


def write_report(
    folders: Sequence[Path],
    html: Path,
    *,
    policy: Path | None,
    anchor: TrustAnchor | None,
    now: datetime,
    max_age_s: int | None = None,
    span: TimeSpan,
    language: Language,
) -> WrittenReport:
    """Verify the logs and write the page. `now`: naive UTC. `max_age_s`: None: any age will do.

    `span`: of what is counted; all of each log is verified. `language`: of the page. What is not what the city signed
    is not counted: then the page has the findings alone. Raises ConfigError, also where two folders hold one log, or
    PeerError.
    """
    now_unix_s = int(now.replace(tzinfo=UTC).timestamp())
    logs = [
        reported_log(folder, policy=policy, anchor=anchor, span=span, now_unix_s=now_unix_s, max_age_s=max_age_s)
        for folder in folders
    ]
    _check_different(folders, logs)
    try:
        html.write_text(page(logs, span=span, now_unix_s=now_unix_s, language=language), encoding="utf-8")
    except OSError as failure:
        raise ConfigError(f"--html {html}: cannot be written ({failure.strerror}); name another file") from None
    return WrittenReport(holds=all(log.verdict.holds for log in logs), is_stale=any(log.is_stale for log in logs))


def _check_different(folders: Sequence[Path], logs: Sequence[ReportedLog]) -> None:
    seen: dict[str, Path] = {}
    for folder, log in zip(folders, logs, strict=True):
        other = seen.setdefault(log.verdict.origin, folder)
        if other is not folder:
            raise ConfigError(f"{other} and {folder} both hold the log {log.verdict.origin}; name each log once")
