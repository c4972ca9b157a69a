"""Verifies a log, counts its entries and writes the page about it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from hansa_audit.folder.held_log import HeldLog, open_log
from hansa_audit.report.figures import LogFigures, figures_of
from hansa_audit.report.page import page
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.errors import ConfigError, PeerError
from hansa_local.trust_anchor import TrustAnchor

__all__ = ["write_report"]


def write_report(folder: Path, html: Path, *, policy: Path | None, anchor: TrustAnchor | None, now: datetime) -> bool:
    """Verify the log and write the page; returns whether the log holds. Raises ConfigError or PeerError.

    What is not what the city signed is not counted: then the page has the findings alone.
    """
    verdict = verify_folder(folder, policy=policy, anchor=anchor)
    log = _open(folder)
    figures = LogFigures() if log is None else figures_of(log.entries())
    text = page(verdict, figures, is_counted=log is not None, now=now)
    try:
        html.write_text(text, encoding="utf-8")
    except OSError as failure:
        raise ConfigError(f"--html {html}: cannot be written ({failure.strerror}); name another file") from None
    return verdict.holds


def _open(folder: Path) -> HeldLog | None:
    try:
        return open_log(folder)
    except (ConfigError, PeerError):
        return None  # the verdict says why
