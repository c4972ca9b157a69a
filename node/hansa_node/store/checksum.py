"""Row checksums: SHA-256 over the fields of a row, kept beside them and compared whenever the row is used."""

from __future__ import annotations

import hashlib
from typing import TypeAlias

from hansa_core.errors import StoreCorruptError

Field: TypeAlias = int | str | bytes | None


def row_checksum(*fields: Field) -> bytes:
    """SHA-256 of the fields in order, each with its type and its length, so that no two rows share their input.

    32 bytes. SQLite calls it by this name in migrations; changing it would make every stored row look corrupt.
    """
    return hashlib.sha256(b"".join(map(_encoded, fields))).digest()


def check_row(checksum: bytes, *fields: Field, what: str) -> None:
    """Raise StoreCorruptError unless the fields are those that were written. `what`: names the row, not its content."""
    if row_checksum(*fields) != checksum:
        raise StoreCorruptError(
            f"{what} in the store is not what was written there: its checksum differs; stop, check the disk, and"
            " restore the store"
        )


def _encoded(field: Field) -> bytes:
    if isinstance(field, bytes):
        return b"b%d:%s" % (len(field), field)
    if isinstance(field, str):
        text = field.encode()
        return b"t%d:%s" % (len(text), text)
    if field is None:
        return b"n0:"
    number = b"%d" % field
    return b"i%d:%s" % (len(number), number)
