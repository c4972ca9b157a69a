"""The auditor's own note on when and where a log was read. It proves nothing; its hash shows accidental changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from hansa_audit.folder.log_folder import READING, LogFolder
from hansa_core.documents.canonical_json import canonical_json
from hansa_core.documents.strict_json import read_object, time_text
from hansa_core.errors import PeerError
from hansa_core.tlog.checkpoint import Checkpoint

_FIELDS = ("read_at", "source", "size", "root")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The last fetch. `read_at`: naive UTC, by the auditor's clock. `size`, `root`: of the checkpoint that it left."""

    read_at: datetime
    source: str
    size: int
    root: str

    @property
    def read_unix_s(self) -> int:
        """The same time in seconds, as the report's page shows it."""
        return int(self.read_at.replace(tzinfo=UTC).timestamp())

    def is_of(self, checkpoint: Checkpoint) -> bool:
        """Whether it left this checkpoint, and not one that a broken-off fetch replaced since."""
        return (self.size, self.root) == (checkpoint.size, checkpoint.root.hex())


def write_reading(folder: LogFolder, checkpoint: Checkpoint, *, source: str, now: datetime) -> None:
    """Note the time. Raises ConfigError where it cannot be written."""
    said = {
        "read_at": time_text(now),
        "source": source,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
    }
    folder.write(READING, canonical_json({**said, "sha256": _hash(said)}))


def read_reading(folder: LogFolder) -> Reading | None:
    """The note; None in a folder from before it was kept. Raises PeerError where it is not what was written."""
    if not folder.has(READING):
        return None
    content = folder.read(READING)
    document = read_object(content, READING).require((*_FIELDS, "sha256"))
    said = {name: document.values[name] for name in _FIELDS}
    if content != canonical_json({**said, "sha256": _hash(said)}):
        raise PeerError("was changed since the log was fetched; fetch again")
    return Reading(
        read_at=document.time("read_at"),
        source=document.text("source"),
        size=document.whole("size"),
        root=document.text("root"),
    )


def _hash(said: dict[str, object]) -> str:
    return hashlib.sha256(canonical_json(said)).hexdigest()
