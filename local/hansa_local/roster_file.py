"""The league's roster on disk, verified against a trust anchor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hansa_core.errors import ConfigError, PeerError
from hansa_core.league.roster import Roster, roster_from_envelope
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_local.document_file import bounded_content


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRoster:
    """A roster in a signed file: a RosterSource.

    `governance_keys`, `governance_threshold`: the trust anchor, raw Ed25519 public keys and how many must have signed.
    """

    path: Path
    governance_keys: tuple[bytes, ...]
    governance_threshold: int

    def load(self, now: datetime) -> Roster:
        """The roster in force at `now` (naive UTC). Raises ConfigError or, if it cannot be trusted, PeerError."""
        return self.load_signed(now)[0]

    def load_signed(self, now: datetime) -> tuple[Roster, bytes]:
        """The same, and the file's content, which proves it. Raises as `load` does."""
        try:
            document = bounded_content(self.path)
        except OSError as failure:
            raise ConfigError(
                f"{self.path}: cannot be read ({failure.strerror}); give the path of the league's roster.json"
            ) from None
        try:
            envelope = envelope_from_json(document)
            return roster_from_envelope(envelope, self.governance_keys, self.governance_threshold, now), document
        except PeerError as error:
            raise PeerError(f"{self.path}: {error}") from error
