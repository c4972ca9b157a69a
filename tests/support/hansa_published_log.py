"""A city's log as files in the C2SP layout, signed and cosigned with the keys of a real league."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hansa_core.evidence.body import Body, RosterRef
from hansa_core.evidence.entry import Entry, encode_entry
from hansa_core.evidence.log_entries import LogGenesis, NodeStarted
from hansa_core.evidence.rule_entries import (
    BudgetCreated,
    DatasetRegistered,
    DataVersion,
    PolicyPublished,
    RosterAccepted,
    TablesPublished,
)
from hansa_core.league.members import Member
from hansa_core.league.roster import Roster, roster_hash
from hansa_core.league.witnesses import witnesses_of
from hansa_core.tlog.checkpoint import Checkpoint, add_signatures, sign_checkpoint
from hansa_core.tlog.cosignature import cosign
from hansa_core.tlog.merkle import inclusion_proof, leaf_hash, root_of_leaves
from hansa_core.tlog.note import read_note
from hansa_core.tlog.proof import TlogProof, encode_proof
from hansa_core.tlog.tiles import encode_bundle
from hansa_league.founding.create import create_league
from hansa_local.clock import utc_now
from hansa_local.key_file import read_signer
from hansa_local.trust_anchor import load_roster, read_anchor
from hansa_log_entries import (
    MANIFEST_HASH,
    NOON,
    PERMITS,
    POLICY,
    POLICY_HASH,
    charge,
    decision_on,
    digest_of,
    opening_of,
    refusal_of,
)
from hansa_new_league import CITIES, write_contract
from hansa_whole_trees import tile_bytes, tiles_of, tree_hashes

SECONDS_BETWEEN = 60
"""Of two entries."""


@dataclass
class PublishedLog:
    """The log of `city`. Its entries are in `leaves`; what is written can be less, or something else."""

    league: Path
    roster: Roster
    city: str
    leaves: list[bytes] = field(default_factory=list)
    time_unix_s: int = NOON

    @property
    def member(self) -> Member:
        return self.roster.member(self.city)

    @property
    def profile(self) -> Path:
        """Its auditor's."""
        return self.league / "auditors" / self.city / "profile.toml"

    def append(self, *bodies: Body) -> PublishedLog:
        for body in bodies:
            self.time_unix_s += SECONDS_BETWEEN
            entry = Entry(time_unix_s=self.time_unix_s, node=self.city, software="0.1.0", body=body)
            self.leaves.append(encode_entry(entry))
        return self

    def begin(self) -> PublishedLog:
        """What stands before the first question."""
        reference = RosterRef(version=self.roster.version, hash=roster_hash(self.roster))
        return self.append(
            LogGenesis(origin=self.member.log_origin, log_key=self.member.log_key.hex()),
            RosterAccepted(roster=reference),
            PolicyPublished(policy=POLICY, policy_hash=POLICY_HASH, opening=opening_of("deny")),
            DatasetRegistered(
                dataset=PERMITS, level="controlled", manifest_hash=MANIFEST_HASH, contract_hash=digest_of("contract")
            ),
            DataVersion(dataset=PERMITS, data_version=1),
            TablesPublished(dataset=PERMITS, data_version=1, protection_version=1, tables=("by_year",)),
            BudgetCreated(ledger="residents", unit="microrho", limit=1_000_000),
            NodeStarted(policy=POLICY, roster=reference, register=False),
        )

    def ask(self, count: int) -> PublishedLog:
        """So many questions, each third of them refused; the others cost 1."""
        reference = RosterRef(version=self.roster.version, hash=roster_hash(self.roster))
        for _ in range(count):
            number = len(self.leaves)
            if number % 3 == 0:
                self.append(refusal_of(f"q{number}", "not_published", roster=reference))
            else:
                spent = sum(b'"cost":1,' in leaf for leaf in self.leaves) + 1 if count < 500 else 0
                ledgers = (charge(1, spent, limit=1_000_000),) if spent else ()
                self.append(decision_on(f"q{number}", roster=reference, ledgers=ledgers))
        return self

    def note(self, size: int | None = None, *, witnesses: int | None = None) -> bytes:
        """The signed checkpoint of the first `size` entries, cosigned by so many; all if None."""
        hashes = [leaf_hash(leaf) for leaf in self.leaves[:size]]
        folder = self.league / "cities"
        checkpoint = Checkpoint(self.member.log_origin, len(hashes), root_of_leaves(hashes))
        note = sign_checkpoint(checkpoint, read_signer(folder / self.city / "log.key"))
        for witness in witnesses_of(self.roster, self.city)[:witnesses]:
            signer = read_signer(folder / witness.city / "witness.key")
            note = add_signatures(note, cosign(read_note(note).text, signer, witness.witness_name, self.time_unix_s))
        return note

    def receipt(self, index: int) -> bytes:
        """A proof of the entry, as answers carry it."""
        levels = tree_hashes([leaf_hash(leaf) for leaf in self.leaves])
        hashes = inclusion_proof(index, len(self.leaves), lambda level, at: levels[level][at])
        note = self.note(witnesses=0)
        return encode_proof(TlogProof(index=index, hashes=hashes, checkpoint_note=note, extra=self.leaves[index]))

    def write(self, folder: Path, size: int | None = None) -> Path:
        """The log of `size` entries as a city would hand it over."""
        leaves: Sequence[bytes] = self.leaves[:size]
        levels = tree_hashes([leaf_hash(leaf) for leaf in leaves])
        for tile in tiles_of(len(leaves)):
            _write(folder / tile.path, tile_bytes(tile, lambda level, at: levels[level][at]))
            if tile.level == 0:
                _write(folder / tile.entries_path, encode_bundle(leaves[tile.start : tile.start + tile.width]))
        _write(folder / "checkpoint", self.note(size))
        return folder


def published_log(folder: Path, city: str = CITIES[0]) -> PublishedLog:
    """A new league in `folder`, and the beginning of one city's log."""
    league = folder / "league"
    create_league(league, name="hanse", cities=CITIES, contracts=[write_contract(folder)])
    anchor = read_anchor(league / "profile.toml", hint="")
    return PublishedLog(league, load_roster(anchor, utc_now()), city).begin()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
