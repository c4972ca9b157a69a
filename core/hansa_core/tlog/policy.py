"""Log policies: the logs and witnesses that must have signed a checkpoint (C2SP tlog-policy)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hansa_core.errors import PeerError
from hansa_core.tlog.checkpoint import Checkpoint
from hansa_core.tlog.cosignature import cosignature_time
from hansa_core.tlog.note import COSIGNATURE_V1, ED25519, Note, VerifierKey, check_note, read_note, signature_by

NO_QUORUM = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLog:
    """A log whose checkpoints count; its key's name is its origin. `url`: for those who talk to it; empty: none."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWitness:
    """A witness under the name that it has in this policy only. `url`: for those who talk to it; empty: none."""

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyGroup:
    """Counts as a witness where at least `threshold` of its members, witnesses or earlier groups, do."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TlogPolicy:
    """Whom to believe. Raises PeerError at birth.

    `quorum`: the name of the witness or group that must have cosigned, or NO_QUORUM.
    """

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...] = ()
    groups: tuple[PolicyGroup, ...] = ()
    quorum: str = NO_QUORUM

    def __post_init__(self) -> None:
        _check_keys("log", [each.key for each in self.logs], ED25519)
        _check_keys("witness", [each.key for each in self.witnesses], COSIGNATURE_V1)
        for url in (*(log.url for log in self.logs), *(witness.url for witness in self.witnesses)):
            if url:
                check_item(url, "a url of the policy")
        _check_names(self)

    def check(self, note: bytes) -> Checkpoint:
        """The checkpoint, if one of the logs signed it as its own and the quorum cosigned it. Raises PeerError.

        A wrong signature by any key of the policy refuses the note.
        """
        opened = read_note(note)
        checkpoint = Checkpoint.parse(opened.text)
        signed_by = {log.key.name for log in self.logs if _signed(opened, log.key)}
        if checkpoint.origin not in signed_by:
            raise PeerError("no log of the policy signed the checkpoint as its own")
        missing = self.missing(opened)
        if missing:
            raise PeerError(f"the checkpoint lacks cosignatures: {missing}")
        return checkpoint

    def missing(self, note: Note) -> str:
        """What the note lacks for the quorum, in words; empty: nothing. Raises PeerError on a wrong cosignature."""
        cosigned = {each.name for each in self.witnesses if cosignature_time(note, each.key) is not None}
        if self._is_quorum(cosigned):
            return ""
        return (
            f"{len(cosigned)} of {len(self.witnesses)} witnesses cosigned it, not the policy's quorum {self.quorum!r}"
        )

    def seen_at(self, note: Note) -> int | None:
        """The latest Unix time at which a quorum had said that it knew no larger checkpoint; None: it never did.

        Without a quorum one witness is enough. Raises PeerError on a wrong cosignature.
        """
        times = {each.name: cosignature_time(note, each.key) for each in self.witnesses}
        known = {name: at for name, at in times.items() if at is not None}
        for at in sorted(set(known.values()), reverse=True):
            if self._is_quorum({name for name, time_unix_s in known.items() if time_unix_s >= at}):
                return at
        return None

    def _is_quorum(self, cosigned: Collection[str]) -> bool:
        """Whether the witnesses of these names are enough."""
        counted = {each.name: each.name in cosigned for each in self.witnesses}
        for group in self.groups:
            counted[group.name] = sum(counted[member] for member in group.members) >= group.threshold
        return self.quorum == NO_QUORUM or counted[self.quorum]


def check_item(text: str, where: str) -> None:
    """Raise PeerError unless `text` can stand as one item of a policy's line."""
    if not text or any(each <= " " or each == "\x7f" for each in text):
        raise PeerError(f"{where} must be non-empty, without spaces or control characters")


def _signed(note: Note, key: VerifierKey) -> bool:
    if signature_by(note, key) is None:
        return False
    check_note(note, key)
    return True


def _check_keys(what: str, keys: Iterable[VerifierKey], algorithm: int) -> None:
    seen: set[bytes] = set()
    for key in keys:
        if key.algorithm != algorithm:
            raise PeerError(
                f"the {what} {key.name} has signature type {key.algorithm:#04x}; it must be {algorithm:#04x}"
            )
        if key.key in seen:
            raise PeerError(f"the {what} key of {key.name} stands twice in the policy")
        seen.add(key.key)


def _check_names(policy: TlogPolicy) -> None:
    defined: set[str] = set()
    members: set[str] = set()
    for witness in policy.witnesses:
        _define(witness.name, defined)
    for group in policy.groups:
        if not 1 <= group.threshold <= len(group.members):
            raise PeerError(
                f"group {group.name} asks for {group.threshold} of {len(group.members)} members; 1 up to all must do"
            )
        for member in group.members:
            if member not in defined:
                raise PeerError(f"group {group.name} names {member}, which no earlier line defines")
            if member in members:
                raise PeerError(f"{member} is a group member twice; once is allowed")
            members.add(member)
        _define(group.name, defined)
    if policy.quorum != NO_QUORUM and policy.quorum not in defined:
        raise PeerError(f"the quorum {policy.quorum} is neither a witness nor a group of the policy")


def _define(name: str, defined: set[str]) -> None:
    check_item(name, "a name of the policy")
    if name == NO_QUORUM:
        raise PeerError(f"the name {NO_QUORUM} is taken: it says that no quorum is needed")
    if name in defined:
        raise PeerError(f"the name {name} is defined twice in the policy")
    defined.add(name)
