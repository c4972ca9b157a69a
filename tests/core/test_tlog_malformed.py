"""Whatever bytes arrive, a parser of the log gives a value that it would write alike, or a PeerError."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.errors import PeerError
from hansa_core.tlog.checkpoint import Checkpoint
from hansa_core.tlog.note import NoteSignature, VerifierKey, read_note, write_note
from hansa_core.tlog.policy_text import parse_policy, policy_text
from hansa_core.tlog.proof import decode_proof, encode_proof
from hansa_core.tlog.tiles import Tile, decode_bundle, encode_bundle
from hansa_core.tlog.witness import AddCheckpoint, read_conflict
from hansa_tlog_values import ENTRIES, LOG_KEY, POLICY, checkpoint_at, flipped, note_at, proof_at, request_at

LINE = note_at(7).split(b"\n\n")[1]
NOTE = note_at(7, cosigned_by=2)

# Each parser, followed by the writer that must give back the very bytes; and one valid example.
EXACT: dict[str, tuple[Callable[[bytes], bytes], bytes]] = {
    "note": (lambda content: write_note(read_note(content)), NOTE),
    "signature line": (lambda content: NoteSignature.parse(content).line, LINE),
    "checkpoint": (lambda content: Checkpoint.parse(content).text, checkpoint_at(7).text),
    "proof": (lambda content: encode_proof(decode_proof(content)), encode_proof(proof_at(5, 7, extra=b"e"))),
    "request": (lambda content: AddCheckpoint.parse(content).body, request_at(5, 100).body),
    "conflict": (lambda content: b"%d\n" % read_conflict(content), b"70\n"),
    "vkey": (lambda content: VerifierKey.parse(_text(content)).text.encode(), LOG_KEY.text.encode()),
    "path": (lambda content: Tile.parse(_text(content)).path.encode(), b"tile/0/x001/234.p/67"),
    "entries path": (
        lambda content: Tile.parse_entries(_text(content)).entries_path.encode(),
        b"tile/entries/x001/234.p/67",
    ),
    "bundle": (lambda content: encode_bundle(decode_bundle(content, 3)), encode_bundle(ENTRIES[:3])),
}


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _read(kind: str, content: bytes) -> None:
    through, _ = EXACT[kind]
    try:
        written = through(content)
    except PeerError:
        return
    assert written == content


@st.composite
def mutated(draw: st.DrawFn, content: bytes) -> bytes:
    """The example, with some of it cut, doubled, replaced or flipped."""
    for _ in range(draw(st.integers(min_value=1, max_value=3))):
        start = draw(st.integers(min_value=0, max_value=len(content)))
        end = draw(st.integers(min_value=start, max_value=min(start + 8, len(content))))
        change = draw(st.sampled_from(["cut", "double", "replace", "flip"]))
        if change == "cut":
            content = content[:start] + content[end:]
        elif change == "double":
            content = content[:end] + content[start:]
        elif change == "replace":
            new = draw(st.binary(max_size=4) | st.sampled_from([b"\n", b"\n\n", b" ", b"0", b"+", b"=", b"\r", b"/"]))
            content = content[:start] + new + content[end:]
        elif content:
            content = flipped(content, draw(st.integers(min_value=0)))
    return content


@pytest.mark.parametrize("kind", EXACT)
def test_an_example_is_read_and_written_alike(kind: str) -> None:
    through, example = EXACT[kind]
    assert through(example) == example


@given(st.sampled_from(sorted(EXACT)), st.binary(max_size=200))
def test_random_bytes_are_refused_or_written_alike(kind: str, content: bytes) -> None:
    _read(kind, content)


@given(st.sampled_from(sorted(EXACT)), st.data())
def test_a_mutated_example_is_refused_or_written_alike(kind: str, data: st.DataObject) -> None:
    _read(kind, data.draw(mutated(EXACT[kind][1])))


@given(mutated(policy_text(POLICY)) | st.binary(max_size=200))
def test_a_mutated_policy_is_refused_or_read_back_as_it_was_written(content: bytes) -> None:
    try:
        policy = parse_policy(content)
    except PeerError:
        return
    assert parse_policy(policy_text(policy)) == policy


@given(st.binary(max_size=200))
def test_checking_random_bytes_raises_nothing_but_a_peer_error(content: bytes) -> None:
    with pytest.raises(PeerError):
        POLICY.check(content)
