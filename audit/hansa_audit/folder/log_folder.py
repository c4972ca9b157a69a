"""Files of a fetched log: where each lies, read without trusting a byte of it.

checkpoint                     the signed and cosigned head
tile/<level>/…, tile/entries/… hashes and entries, as C2SP tlog-tiles has them
vkeys.txt                      one C2SP vkey a line: the log's, then its witnesses'
policy.txt                     the same with the quorum, as C2SP tlog-policy
roster.json                    the signed roster that they follow from; older ones lie in rosters/
fetched.json                   when and where the auditor read it last
receipts/*                     receipts to hold against the log, put there by the auditor
openings/<index>.<field>.json  openings that the city showed
rules/<hash>.json              policies, manifests and contracts that entries name, as the city published them
rules/entries.json             which entries name them: the auditor's own note, by which the next fetch goes on
contradicting/*                checkpoints of this log that do not go with `checkpoint`, kept as evidence
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hansa_core.errors import ConfigError, PeerError
from hansa_core.tlog.note import MAX_NOTE_BYTES
from hansa_core.tlog.spelling import HASH_BYTES
from hansa_core.tlog.tiles import Tile, bundle_limit

CHECKPOINT, VKEYS, POLICY, ROSTER = "checkpoint", "vkeys.txt", "policy.txt", "roster.json"
READING = "fetched.json"
OLD_ROSTERS, RECEIPTS, OPENINGS, CONTRADICTING = "rosters", "receipts", "openings", "contradicting"
RULES = "rules"
NAMING = f"{RULES}/entries.json"
MAX_TEXT_BYTES = 16 * 1024 * 1024
MOST_FILES = 1_000_000  # of one sub-folder; beyond it somebody fills the auditor's memory


def tile_limit(tile: Tile) -> int:
    """How many bytes a tile of hashes has."""
    return tile.width * HASH_BYTES


@dataclass(frozen=True, slots=True)
class LogFolder:
    """A log on the auditor's disk. Names come from this program and from the grammar of tiles, never from a log."""

    root: Path

    @classmethod
    def existing(cls, root: Path) -> LogFolder:
        """The folder, if a log lies there. Raises ConfigError."""
        if not root.is_dir():
            raise ConfigError(f"{root}: is no folder; give one that `hansa audit fetch` wrote")
        if not (root / CHECKPOINT).exists():
            raise ConfigError(
                f"{root}: holds no log (there is no {CHECKPOINT}); give one that `hansa audit fetch` wrote"
            )
        return cls(root)

    def has(self, name: str) -> bool:
        return (self.root / name).is_file()

    def read(self, name: str, limit: int = MAX_TEXT_BYTES) -> bytes:
        """At most `limit` bytes. Raises ConfigError where there is no such file, PeerError where it is longer."""
        return read_bounded(self.root / name, name, limit, remedy="fetch it again")

    def checkpoint(self) -> bytes:
        return self.read(CHECKPOINT, MAX_NOTE_BYTES)

    def tile(self, tile: Tile) -> bytes:
        return self.read(tile.path, tile_limit(tile))

    def bundle(self, tile: Tile) -> bytes:
        return self.read(tile.entries_path, bundle_limit(tile))

    def names(self, folder: str) -> Iterator[str]:
        """The files of a sub-folder that do not begin with a dot, by name. Raises ConfigError beyond MOST_FILES."""
        try:
            found = sorted(each.name for each in os.scandir(self.root / folder) if each.is_file())
        except FileNotFoundError:
            return
        except OSError as failure:
            raise ConfigError(f"{folder}: cannot be listed ({failure.strerror})") from None
        if len(found) > MOST_FILES:
            raise ConfigError(f"{folder}: has {len(found)} files; at most {MOST_FILES} are read")
        yield from (f"{folder}/{name}" for name in found if not name.startswith("."))

    def write(self, name: str, content: bytes) -> None:
        """The file whole or not at all, for its owner alone. Raises ConfigError."""
        path = self._inside(name)
        unfinished = path.with_name(f"{path.name}.new")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished.unlink(missing_ok=True)  # of a fetch that was killed
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
        except OSError as failure:
            raise ConfigError(
                f"{path}: cannot be written ({failure.strerror}); make room or name another folder"
            ) from None

    def remove(self, name: str) -> None:
        """Take a file away that nobody needs any more, and its folder if it is empty then. Raises ConfigError."""
        path = self._inside(name)
        path.unlink(missing_ok=True)
        if path.parent.name.endswith(".p") and not any(path.parent.iterdir()):
            path.parent.rmdir()

    def _inside(self, name: str) -> Path:
        """Where the file lies. Raises ConfigError where a link leads out of the folder: others may have put it."""
        path = self.root / name
        if not path.parent.resolve().is_relative_to(self.root.resolve()):
            raise ConfigError(f"{path}: a link leads out of the folder; fetch into a new one")
        return path


def read_bounded(path: Path, name: str, limit: int, *, remedy: str = "name another file") -> bytes:
    """At most `limit` bytes of an ordinary file. Raises ConfigError naming `name`, PeerError where it is longer."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # a pipe would make the auditor wait
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigError(f"{name}: is no ordinary file")
            content = file.read(limit + 1)
    except OSError as failure:
        raise ConfigError(f"{name}: cannot be read ({failure.strerror}); {remedy}") from None
    if len(content) > limit:
        raise PeerError(f"{name}: has more than {limit} bytes")
    return content
