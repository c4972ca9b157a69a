"""Readers of foreign bytes under fuzz: for any bytes, a value that it would write alike or a PeerError."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from hansa_core.errors import PeerError
from hansa_core.evidence.opening import decode_disclosure, decode_opening, encode_disclosure, encode_opening
from hansa_core.tlog.checkpoint import open_checkpoint
from hansa_core.tlog.note import VerifierKey, read_note, write_note
from hansa_core.tlog.proof import decode_proof, encode_proof
from hansa_core.tlog.tiles import Tile, decode_bundle, encode_bundle
from hansa_core.tlog.witness import AddCheckpoint, judge
from hansa_tlog_values import ENTRIES, LOG_KEY, checkpoint_at

_Value = TypeVar("_Value")
_Message = TypeVar("_Message", bound=Message)
Reader = Callable[[bytes], None]

PROVEN = 5  # the entry of the example log that the example proofs are for


def exact(decode: Callable[[bytes], _Value], encode: Callable[[_Value], bytes]) -> Reader:
    """One encoding for each value: what was read is written alike."""

    def read(content: bytes) -> None:
        value = decode(content)
        assert encode(value) == content

    return read


def stable(decode: Callable[[bytes], _Value], encode: Callable[[_Value], bytes]) -> Reader:
    """Several encodings of a value are read: what is written of it is read as the same."""

    def read(content: bytes) -> None:
        value = decode(content)
        assert decode(encode(value)) == value

    return read


def message(kind: type[_Message], read: Callable[[_Message], _Value], write: Callable[[_Value], _Message]) -> Reader:
    """gRPC hands over messages that parse; the value in one, written anew, is read as the same."""

    def read_bytes(content: bytes) -> None:
        try:
            parsed = kind.FromString(content)
        except DecodeError:
            return
        value = read(parsed)
        assert read(write(value)) == value

    return read_bytes


def note(content: bytes) -> None:
    """Besides: nothing opens under the log's key but what the log signed."""
    assert write_note(read_note(content)) == content
    checkpoint = open_checkpoint(content, LOG_KEY)
    assert checkpoint == checkpoint_at(checkpoint.size)


def vkey(content: bytes) -> None:
    text = _text(content)
    assert VerifierKey.parse(text).text == text


def tile(content: bytes) -> None:
    text = _text(content)
    with suppress(PeerError):
        assert Tile.parse(text).path == text
    assert Tile.parse_entries(text).entries_path == text


def bundle(content: bytes) -> None:
    """The first byte says how many entries are asked for."""
    width = content[0] + 1 if content else 1
    assert encode_bundle(decode_bundle(content[1:], width)) == content[1:]


def proof(content: bytes) -> None:
    """Besides: an entry is proven at its own place only."""
    read = decode_proof(content)
    assert encode_proof(read) == content
    read.verify(ENTRIES[PROVEN], LOG_KEY)
    assert read.index == PROVEN


def request(content: bytes) -> None:
    """Besides: a witness accepts nothing but the log's own next checkpoint."""
    read = AddCheckpoint.parse(content)
    assert read.body == content
    accepted = judge(read, log_key=LOG_KEY, known=checkpoint_at(PROVEN)).accepted
    assert accepted is None or accepted == checkpoint_at(accepted.size)


def opening(content: bytes) -> None:
    with suppress(PeerError):
        exact(decode_disclosure, encode_disclosure)(content)
    exact(decode_opening, encode_opening)(content)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
