"""Strawman of quiet logs: what is suppressed is written into the operator's log, for debugging."""

from __future__ import annotations

import logging

from hansa_redteam.strawmen.cell_rule import RawFigure

log = logging.getLogger(__name__)


class LoggedThreshold:
    """A threshold on the question that logs what it suppresses."""

    def released(self, figure: RawFigure, threshold: int) -> int | None:
        if figure.units >= threshold:
            return figure.value
        log.debug("cell suppressed", extra={"value": figure.value, "units": figure.units})
        return None
