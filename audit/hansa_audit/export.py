"""The log as OCSF events for a security team's tools, one JSON object a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TextIO

from hansa_audit.folder.held_log import HeldLog
from hansa_core.errors import ConfigError
from hansa_core.evidence.ocsf import ocsf_event


def write_ocsf(log: HeldLog, out: Path | None) -> None:
    """JSON lines, to a file or to standard output. Raises ConfigError."""
    if out is None:
        _write(log, sys.stdout)
        return
    try:
        with open(out, "w", encoding="utf-8") as file:
            _write(log, file)
    except OSError as failure:
        raise ConfigError(f"--out {out}: cannot be written ({failure.strerror}); name another file") from None


def _write(log: HeldLog, file: TextIO) -> None:
    for index, entry in log.entries():
        # ASCII only: whatever an organisation is called, no terminal obeys it
        file.write(json.dumps(ocsf_event(index, entry, origin=log.checkpoint.origin)) + "\n")
