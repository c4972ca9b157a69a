"""The analyst's own tables as they are kept for a replay: Arrow streams, whose hashes are signed."""

from __future__ import annotations

import struct

import pyarrow as pa

from hansa.question.own_tables import MAX_OWN_BYTES, read_own_tables
from hansa_core.errors import PeerError
from hansa_core.partial.ipc_size import unpacked_size

MAX_KEPT_BYTES = 2 * MAX_OWN_BYTES
"""Of one file: a table, and what Arrow pads and says about its batches."""


def write_kept(table: pa.Table) -> bytes:
    """The table as an Arrow stream. `table`: as `read_own_tables` gives it."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def read_kept(name: str, content: bytes) -> pa.Table:
    """The table in an Arrow stream. Raises PeerError if it is none, RefusedError for what could not be joined."""
    try:
        if unpacked_size(content) > MAX_KEPT_BYTES:
            raise PeerError(f"unpacks to more than {MAX_KEPT_BYTES:,} bytes")
        with pa.ipc.open_stream(pa.BufferReader(content)) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, struct.error, OSError, ValueError, KeyError, MemoryError) as broken:
        raise PeerError("is no valid Arrow stream of a table") from broken
    (joined,) = read_own_tables({name: table}).values()
    return joined
