"""What must agree with a log: receipts, openings, and checkpoints seen at other times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from hansa_audit.entries.opened_fields import MAX_OPENING_BYTES, read_disclosure
from hansa_audit.folder.findings import FileRule, Findings
from hansa_audit.folder.log_folder import CONTRADICTING, OPENINGS, RECEIPTS, LogFolder, read_bounded
from hansa_audit.folder.trusted_keys import Trusted
from hansa_core.errors import PeerError
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.opening import Disclosure, check_disclosure
from hansa_core.tlog.checkpoint import Checkpoint, open_checkpoint
from hansa_core.tlog.note import MAX_NOTE_BYTES
from hansa_core.tlog.proof import MAX_PROOF_BYTES, TlogProof, decode_proof

_OPENING_NAME = re.compile(r"openings/(0|[1-9][0-9]{0,15})\.([a-z_]{1,32})\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A checkpoint that the log signed at some time. `is_evidence`: a fetch kept it because it did not go with ours."""

    file: str
    checkpoint: Checkpoint
    is_evidence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A receipt whose own proof holds."""

    file: str
    proof: TlogProof
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedField:
    """An opened field, not yet held against its entry."""

    file: str
    index: int
    disclosure: Disclosure


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """All that could be read of it."""

    seen: tuple[Seen, ...]
    promised: tuple[Promised, ...]
    shown: tuple[OpenedField, ...]

    @property
    def sizes(self) -> set[int]:
        """At which sizes the log's root has to be known."""
        return {each.checkpoint.size for each in self.seen} | {each.checkpoint.size for each in self.promised}

    @property
    def indices(self) -> set[int]:
        """Which entries have to be known."""
        return {each.index for each in self.shown} | {each.proof.index for each in self.promised}


def claims_of(
    folder: LogFolder, trusted: Trusted, findings: Findings, *, since: Path | None, receipts: Iterable[Path]
) -> Claims:
    """Read them; what does not hold by itself goes to `findings`. Raises ConfigError where a named file is absent."""
    seen = [_seen(folder.read(name, MAX_NOTE_BYTES), name, trusted, findings) for name in folder.names(CONTRADICTING)]
    if since is not None:
        seen.append(_seen(_named(since, MAX_NOTE_BYTES), str(since), trusted, findings))
    lying = ((name, folder.read(name, MAX_PROOF_BYTES)) for name in folder.names(RECEIPTS))
    named = ((str(path), _named(path, MAX_PROOF_BYTES)) for path in _receipt_files(receipts, trusted))
    promised = [_promised(content, name, trusted, findings) for name, content in chain(lying, named)]
    shown = [_shown(folder, name, findings) for name in folder.names(OPENINGS)]
    return Claims(
        seen=tuple(each for each in seen if each is not None),
        promised=tuple(each for each in promised if each is not None),
        shown=tuple(each for each in shown if each is not None),
    )


def check_claims(
    claims: Claims,
    *,
    size: int,
    roots: Mapping[int, bytes],
    leaves: Mapping[int, tuple[bytes, Entry | None]],
    findings: Findings,
) -> None:
    """Hold the claims against the log of `size` entries: its roots at their sizes, its leaves at their indices."""
    for seen in claims.seen:
        _check_seen(seen, size, roots, findings)
    for promised in claims.promised:
        checkpoint = promised.checkpoint
        if checkpoint.size > size:
            text = f"was given for a log of {checkpoint.size} entries; the folder has {size}, so fetch again"
            findings.add(promised.file, FileRule.RECEIPT, text)
        elif roots.get(checkpoint.size) != checkpoint.root:
            text = f"its checkpoint of {checkpoint.size} entries has another root than the log: the log forked"
            findings.add(promised.file, FileRule.CONSISTENCY, text)
        elif promised.proof.index in leaves and leaves[promised.proof.index][0] != promised.proof.extra:
            text = f"it promises another entry than the log has at {promised.proof.index}"
            findings.add(promised.file, FileRule.RECEIPT, text)
    for shown in claims.shown:
        _check_shown(shown, size, leaves, findings)


def _check_seen(seen: Seen, size: int, roots: Mapping[int, bytes], findings: Findings) -> None:
    checkpoint = seen.checkpoint
    if checkpoint.size > size:
        text = f"the log had {checkpoint.size} entries then; now it shows {size}: it shrank, or an old one is replayed"
        findings.add(seen.file, FileRule.CONSISTENCY, text)
    elif checkpoint.size in roots and roots[checkpoint.size] != checkpoint.root:
        text = f"the log signed another root at {checkpoint.size} entries than its entries now have: it forked"
        findings.add(seen.file, FileRule.CONSISTENCY, text)
    elif seen.is_evidence:
        text = (
            f"the log showed {checkpoint.size} entries after it had shown more: it was set back, or an old one replayed"
        )
        findings.add(seen.file, FileRule.CONSISTENCY, text)


def _check_shown(
    shown: OpenedField, size: int, leaves: Mapping[int, tuple[bytes, Entry | None]], findings: Findings
) -> None:
    if shown.index >= size:
        text = f"is of entry {shown.index}; the log has {size}"
        findings.add(shown.file, FileRule.DISCLOSURE, text)
        return
    _, entry = leaves.get(shown.index, (b"", None))
    if entry is None:
        text = f"cannot be checked, since entry {shown.index} cannot be read"
        findings.add(shown.file, FileRule.DISCLOSURE, text, shown.index)
        return
    try:
        check_disclosure(shown.disclosure, getattr(entry.body, "opening", {}))
    except PeerError as broken:
        findings.add(shown.file, FileRule.DISCLOSURE, broken, shown.index)


def _seen(content: bytes, name: str, trusted: Trusted, findings: Findings) -> Seen | None:
    try:
        checkpoint = open_checkpoint(content, trusted.log_key)
    except PeerError as broken:
        findings.add(name, FileRule.SIGNATURE, broken)
        return None
    return Seen(file=name, checkpoint=checkpoint, is_evidence=name.startswith(f"{CONTRADICTING}/"))


def _promised(content: bytes, name: str, trusted: Trusted, findings: Findings) -> Promised | None:
    try:
        proof = decode_proof(content)
        return Promised(file=name, proof=proof, checkpoint=proof.verify(proof.extra, trusted.log_key))
    except PeerError as broken:
        findings.add(name, FileRule.RECEIPT, broken)
        return None


def _shown(folder: LogFolder, name: str, findings: Findings) -> OpenedField | None:
    match = _OPENING_NAME.fullmatch(name)
    try:
        if match is None:
            raise PeerError("its name must be <index>.<field>.json")
        disclosure = read_disclosure(folder.read(name, MAX_OPENING_BYTES), match[2])
    except PeerError as broken:
        findings.add(name, FileRule.DISCLOSURE, broken)
        return None
    return OpenedField(file=name, index=int(match[1]), disclosure=disclosure)


def _receipt_files(receipts: Iterable[Path], trusted: Trusted) -> Iterator[Path]:
    """Files as they are; of a folder that `hansa query --receipt` wrote, the one of this log's city."""
    for path in receipts:
        if path.is_dir() and trusted.member is not None:
            yield path / "answers" / f"{trusted.member.city}.tlog-proof"
        else:
            yield path


def _named(path: Path, limit: int) -> bytes:
    return read_bounded(path, str(path), limit)
