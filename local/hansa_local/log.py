"""Log lines: one event with a constant name, then its fields as key=value."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+")


class KeyValueFormatter(logging.Formatter):
    """`2026-01-31T12:00:00Z INFO query answered query_id=… ms=3`. No traceback: its frames may hold values."""

    def format(self, record: logging.LogRecord) -> str:
        fields = [f"{key}={_shown(value)}" for key, value in vars(record).items() if key not in _STANDARD]
        if record.exc_info is not None and record.exc_info[0] is not None:
            fields.append(f"error={record.exc_info[0].__name__}")
        when = datetime.fromtimestamp(record.created, UTC)
        return " ".join([f"{when:%Y-%m-%dT%H:%M:%SZ} {record.levelname} {record.getMessage()}", *fields])


def log_to_stderr() -> None:
    """Send every log line of this process to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(KeyValueFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _shown(value: object) -> str:
    text = str(value)
    return text if text and set(text) <= _PLAIN else json.dumps(text)
