"""The log as OCSF events for a security team's tools, one JSON object a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TextIO

from hansa_audit.entries.opened_fields import disclosures_of, opening_name
from hansa_audit.folder.held_log import HeldLog
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.ocsf import Caller, ocsf_event
from hansa_core.printable import printable


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
        event = ocsf_event(index, entry, origin=log.checkpoint.origin, caller=_caller(log, index, entry))
        # ASCII only, so that no terminal obeys it; and harmless once more when a tool has read the JSON.
        file.write(json.dumps(harmless(event)) + "\n")


def harmless(value: Any) -> Any:
    """The value with control and bidi characters in its texts as their escapes, alike wherever a text stands."""
    match value:
        case str():
            return printable(value)
        case dict():
            return {name: harmless(each) for name, each in value.items()}
        case list() | tuple():
            return [harmless(each) for each in value]
        case _:
            return value


def _caller(log: HeldLog, index: int, entry: Entry) -> Caller | None:
    """The analyst, where the field was fetched and is what the entry committed to."""
    if not log.folder.has(opening_name(index, "analyst")):
        return None
    try:
        value = next(each.value for each in disclosures_of(log.folder, index, entry) if each.field == "analyst")
    except (PeerError, StopIteration):
        return None  # `hansa audit verify` names it
    if not isinstance(value, dict):
        return None
    return Caller(subject=str(value.get("subject")), key_id=str(value.get("key_id")))
