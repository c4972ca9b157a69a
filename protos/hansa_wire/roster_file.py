"""The league's roster and contracts on disk, verified against a trust anchor."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hansa_core.errors import ConfigError, PeerError
from hansa_core.query.plan import ContractId
from hansa_core.trust.envelope_json import envelope_from_json
from hansa_core.trust.roster import Roster, roster_from_envelope


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
        document = _read(self.path, "give the path of the league's roster.json")
        try:
            envelope = envelope_from_json(document)
            return roster_from_envelope(envelope, self.governance_keys, self.governance_threshold, now)
        except PeerError as error:
            raise PeerError(f"{self.path}: {error}") from error


def contract_file_name(contract: ContractId) -> str:
    """`housing.permits.1.yaml` for `housing.permits/1`."""
    return f"{contract.name}.{contract.version}.yaml"


def read_contract_documents(directory: Path, roster: Roster) -> Mapping[ContractId, bytes]:
    """Each contract file of the league, exactly as the roster's hash has it.

    Raises ConfigError if a file cannot be read, PeerError if it is not the one that the governors signed.
    """
    documents = {}
    for contract, digest in roster.contracts.items():
        path = directory / contract_file_name(contract)
        document = _read(path, f"put the league's file for {contract} there")
        if hashlib.sha256(document).hexdigest() != digest:
            raise PeerError(f"{path}: is not the file of {contract} that the roster names; fetch it from the league")
        documents[contract] = document
    return documents


def _read(path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise ConfigError(f"{path}: cannot be read ({failure.strerror}); {remedy}") from None
