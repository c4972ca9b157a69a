"""Claims that must agree with a log: receipts, openings, and checkpoints seen at other times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from hansa.evidence.evidence_folder import answer_name, query_name, query_places, receipt_name
from hansa_audit.entries.opened_fields import MAX_OPENING_BYTES, read_disclosure
from hansa_audit.folder.findings import FileRule, Findings
from hansa_audit.folder.log_folder import OPENINGS, RECEIPTS, LogFolder, read_bounded
from hansa_audit.folder.seen_checkpoints import SeenCheckpoint, contradicting_files, read_contradicting
from hansa_audit.folder.trusted_keys import Trusted
from hansa_audit.verifying.kept_answer import KeptAnswer
from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.evidence.opening import Disclosure
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, verify
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_core.signing.keys import public_key_id
from hansa_core.tlog.checkpoint import Checkpoint, open_checkpoint
from hansa_core.tlog.note import MAX_NOTE_BYTES
from hansa_core.tlog.proof import MAX_PROOF_BYTES, TlogProof, decode_proof

_MAX_ANSWER_BYTES = 128 * 1024 * 1024  # an answer of 64 MiB in base64, and what stands around it
_OPENING_NAME = re.compile(r"openings/(0|[1-9][0-9]{0,15})\.([a-z_]{1,32})\.json")


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

    seen: tuple[SeenCheckpoint, ...]
    promised: tuple[Promised, ...]
    shown: tuple[OpenedField, ...]
    answers: tuple[KeptAnswer, ...] = ()

    @property
    def sizes(self) -> set[int]:
        """At which sizes the log's root has to be known."""
        return {size for each in self.seen for size in each.sizes} | {each.checkpoint.size for each in self.promised}

    @property
    def indices(self) -> set[int]:
        """Which entries have to be known."""
        opened, answered = {each.index for each in self.shown}, {each.index for each in self.answers}
        return opened | answered | {each.proof.index for each in self.promised}


def claims_of(
    folder: LogFolder, trusted: Trusted, findings: Findings, *, since: Path | None, receipts: Iterable[Path]
) -> Claims:
    """Read them; what does not hold by itself goes to `findings`. Raises ConfigError where a named file is absent."""
    seen = [_kept(folder, name, trusted, findings) for name in contradicting_files(folder)]
    if since is not None:
        seen.append(_saved(since, trusted, findings))
    receipts = tuple(receipts)
    lying = ((name, folder.read(name, MAX_PROOF_BYTES)) for name in folder.names(RECEIPTS))
    named = ((str(path), _named(path, MAX_PROOF_BYTES)) for path in _receipt_files(receipts, trusted))
    answers = [answer for path in receipts for answer in _kept_answers(path, trusted, findings)]
    promised = [_promised(content, name, trusted, findings) for name, content in chain(lying, named)]
    shown = [_shown(folder, name, findings) for name in folder.names(OPENINGS)]
    return Claims(
        seen=tuple(each for each in seen if each is not None),
        promised=tuple(each for each in promised if each is not None),
        shown=tuple(each for each in shown if each is not None),
        answers=tuple(each for each in answers if each is not None),
    )


def _kept(folder: LogFolder, name: str, trusted: Trusted, findings: Findings) -> SeenCheckpoint | None:
    try:
        return read_contradicting(folder, name, trusted.log_key)
    except PeerError as broken:
        findings.add(name, FileRule.SIGNATURE, broken)
        return None


def _saved(path: Path, trusted: Trusted, findings: Findings) -> SeenCheckpoint | None:
    content = _named(path, MAX_NOTE_BYTES)
    try:
        return SeenCheckpoint(file=str(path), checkpoint=open_checkpoint(content, trusted.log_key))
    except PeerError as broken:
        findings.add(str(path), FileRule.SIGNATURE, broken)
        return None


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
    """Files as they are; of a folder that `hansa query --receipt` wrote, those of this log's city.

    Raises ConfigError where such a folder has none.
    """
    for path in receipts:
        if not path.is_dir() or trusted.member is None:
            yield path
            continue
        city = trusted.member.city
        found = [path / receipt_name(city, place) for place in (0, *query_places(path))]
        there = [file for file in dict.fromkeys(found) if file.is_file()]
        if not there:
            raise ConfigError(f"{path}: holds no receipt of {city}, such as {receipt_name(city)}; name another folder")
        yield from there


def _kept_answers(path: Path, trusted: Trusted, findings: Findings) -> Iterator[KeptAnswer]:
    """The answers of this log's city in a folder that `hansa query --receipt` wrote; none in anything else."""
    if trusted.member is None:
        return
    city = trusted.member.city
    for place in query_places(path):
        file, receipt = path / answer_name(city, place), path / receipt_name(city, place)
        if not file.is_file() or not receipt.is_file():
            continue
        try:
            index = decode_proof(_named(receipt, MAX_PROOF_BYTES)).index
            answer, query = (
                envelope_from_json(_named(each, _MAX_ANSWER_BYTES)) for each in (file, path / query_name(place))
            )
            if not _is_signed(answer, city, trusted):
                text = f"is signed by no key that a roster of the folder gives {city} for its answers"
                findings.add(str(file), FileRule.UNCHECKED, text)
                continue
            yield KeptAnswer.read(str(file), index, answer, query)
        except (PeerError, RefusedError) as broken:
            findings.add(str(file), FileRule.RECEIPT, broken)


def _is_signed(answer: Envelope, city: str, trusted: Trusted) -> bool:
    """Whether the city signed it, by any roster of the folder. Raises PeerError where it only seems so."""
    members = (member for roster in trusted.rosters.values() for member in roster.members if member.city == city)
    keys = {member.answer_key for member in members}
    if not {public_key_id(key) for key in keys} & {signature.keyid for signature in answer.signatures}:
        return False
    verify(answer, payload_types.ANSWER, keys)
    return True


def _named(path: Path, limit: int) -> bytes:
    return read_bounded(path, str(path), limit)
