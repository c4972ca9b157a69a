"""The keys whose signatures count for the log in a folder, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hansa_audit.folder.findings import FileRule, Findings
from hansa_audit.folder.log_folder import CHECKPOINT, OLD_ROSTERS, POLICY, ROSTER, VKEYS, LogFolder, read_bounded
from hansa_audit.languages.message import Message, message
from hansa_core.documents.strict_json import read_object
from hansa_core.errors import ConfigError, PeerError
from hansa_core.league.members import Member
from hansa_core.league.roster import Roster, roster_from_envelope, roster_hash
from hansa_core.league.witnesses import tlog_policy
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import verify
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_core.signing.keys import read_public_keys
from hansa_core.tlog.checkpoint import Checkpoint
from hansa_core.tlog.note import ED25519, Note, VerifierKey, read_note
from hansa_core.tlog.policy import PolicyLog, PolicyWitness, TlogPolicy
from hansa_core.tlog.policy_text import MAX_POLICY_BYTES, parse_policy, policy_text
from hansa_local.trust_anchor import TrustAnchor


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """`rests_on`: a sentence for people. `member`, `rosters`: None and none where the folder has no good roster.

    `is_anchored`: the keys come from outside the folder. `known`: every key of the folder, by name and key id.
    """

    policy: TlogPolicy
    log_key: VerifierKey
    rests_on: Message
    is_anchored: bool
    member: Member | None
    rosters: Mapping[int, Roster]
    known: frozenset[tuple[str, bytes]]

    @property
    def roster_hashes(self) -> Mapping[int, str]:
        """The hash of each roster, by version."""
        return {version: roster_hash(roster) for version, roster in self.rosters.items()}

    def strangers(self, note: Note) -> list[str]:
        """Who else signed, although the folder names no such key: of a fetched checkpoint nobody."""
        return sorted({each.name for each in note.signatures if (each.name, each.key_id) not in self.known})


def vkeys_text(policy: TlogPolicy) -> bytes:
    """One vkey a line: the log's, then the witnesses'."""
    return "".join(f"{key.text}\n" for key in keys_of(policy)).encode()


def keys_of(policy: TlogPolicy) -> list[VerifierKey]:
    return [*(log.key for log in policy.logs), *(witness.key for witness in policy.witnesses)]


def read_roster(document: bytes, anchor: TrustAnchor | None) -> Roster:
    """The roster that the governors signed, of any date, every signature of it good. Raises PeerError.

    `anchor`: who the governors are; None: those whom it names itself.
    """
    envelope = envelope_from_json(document)
    if anchor is not None:
        keys, threshold = anchor.governance_keys, anchor.governance_threshold
    else:
        named = read_object(envelope.payload, "roster")
        keys, threshold = read_public_keys(named, "governance_keys"), named.whole("governance_threshold")
    roster = roster_from_envelope(envelope, keys, threshold, datetime.min)
    verify(envelope, payload_types.ROSTER, keys, threshold=max(1, len(envelope.signatures)))
    return roster


def trusted_of(
    folder: LogFolder, findings: Findings, *, policy_file: Path | None = None, anchor: TrustAnchor | None = None
) -> Trusted:
    """Whom to believe about the folder's log; what its own files contradict goes to `findings`.

    `policy_file` before `anchor` before the folder itself. Raises ConfigError, and PeerError where no key is found.
    """
    origin = _origin(folder)
    rosters = _rosters(folder, findings, anchor)
    newest = rosters[0] if rosters and folder.has(ROSTER) else None
    member = None if newest is None else next((each for each in newest.members if each.log_origin == origin), None)
    if newest is not None and member is None:
        findings.add(ROSTER, FileRule.KEYS, f"no member of the roster keeps the log {origin}")
    by_roster = None if newest is None or member is None else tlog_policy(newest, member.city)
    own = _own_policy(folder, findings, by_roster)
    is_by_governors = anchor is not None and by_roster is not None
    if policy_file is not None:
        policy = _policy(read_bounded(policy_file, str(policy_file), MAX_POLICY_BYTES), str(policy_file))
        rests_on = message("the keys of %(file)s", file=str(policy_file))
    elif is_by_governors:
        assert by_roster is not None
        policy = by_roster
        rests_on = message("the league's governors, who signed the list of members in the folder")
    else:
        policy = own
        rests_on = Message(
            "keys that the folder itself brings, so all of it could be made up: "
            "compare them with the league's, or give --policy or --profile"
        )
    log_key = next((log.key for log in policy.logs if log.key.name == origin), None)
    if log_key is None:
        raise PeerError(f"{CHECKPOINT}: the log names itself {origin}, of which the policy has no key")
    return Trusted(
        policy=policy,
        log_key=log_key,
        rests_on=rests_on,
        is_anchored=policy_file is not None or is_by_governors,
        member=member,
        rosters={roster.version: roster for roster in rosters},
        known=frozenset((key.name, key.key_id) for key in (*keys_of(own), *keys_of(policy))),
    )


def _origin(folder: LogFolder) -> str:
    """The log's name, nothing verified: which keys to look for. Raises PeerError."""
    if folder.has(VKEYS):
        with suppress(PeerError):
            return _vkeys(folder)[0].name  # its key id tells whether it is whole
    return claimed(folder.checkpoint()).origin


def claimed(note: bytes) -> Checkpoint:
    """The folder's checkpoint, nothing verified. Raises PeerError that names its file."""
    try:
        return Checkpoint.parse(read_note(note).text)
    except PeerError as broken:
        raise PeerError(f"{CHECKPOINT}: {broken}") from broken


def _rosters(folder: LogFolder, findings: Findings, anchor: TrustAnchor | None) -> list[Roster]:
    """All that are good: the newest, if it is, first."""
    found: list[Roster] = []
    newest = [ROSTER] if folder.has(ROSTER) else []
    if not newest and anchor is not None:
        findings.add(
            ROSTER, FileRule.MISSING, "the folder has no roster, by which the governors' word could be checked"
        )
    for name in (*newest, *folder.names(OLD_ROSTERS)):
        try:
            found.append(read_roster(folder.read(name), anchor))
        except (PeerError, ValueError) as broken:
            findings.add(name, FileRule.KEYS, broken)
            if name == ROSTER:
                return []
    return found


def _own_policy(folder: LogFolder, findings: Findings, by_roster: TlogPolicy | None) -> TlogPolicy:
    """What the folder itself says. Raises PeerError where it says nothing."""
    said: TlogPolicy | None = None
    if folder.has(POLICY):
        try:
            content = folder.read(POLICY, MAX_POLICY_BYTES)
            said = parse_policy(content)
            if by_roster is not None and content != policy_text(by_roster):
                findings.add(POLICY, FileRule.KEYS, "is not the policy that follows from the roster")
        except PeerError as broken:
            findings.add(POLICY, FileRule.KEYS, broken)
    if folder.has(VKEYS):
        try:
            vkeys = _vkeys(folder)
            expected = by_roster or said
            if expected is not None and folder.read(VKEYS) != vkeys_text(expected):
                findings.add(VKEYS, FileRule.KEYS, "does not name the keys that policy and roster name")
            said = said or _without_quorum(vkeys)
        except PeerError as broken:
            findings.add(VKEYS, FileRule.KEYS, broken)
    chosen = by_roster or said
    if chosen is None:
        raise PeerError(f"the folder names no key that can be read (no {VKEYS}, {POLICY} or {ROSTER}); give --policy")
    return chosen


def _vkeys(folder: LogFolder) -> list[VerifierKey]:
    try:
        lines = folder.read(VKEYS).decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        raise PeerError(f"{VKEYS} must be UTF-8") from None
    return [VerifierKey.parse(line) for line in lines]


def _without_quorum(vkeys: list[VerifierKey]) -> TlogPolicy:
    return TlogPolicy(
        logs=tuple(PolicyLog(key=key) for key in vkeys if key.algorithm == ED25519),
        witnesses=tuple(PolicyWitness(name=key.name, key=key) for key in vkeys if key.algorithm != ED25519),
    )


def _policy(content: bytes, name: str) -> TlogPolicy:
    try:
        return parse_policy(content)
    except PeerError as broken:
        raise ConfigError(f"{name}: is no tlog-policy: {broken}") from None
