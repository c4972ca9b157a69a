"""The analyst's own tables as they are kept for a replay: Arrow streams, whose hashes are signed."""

from __future__ import annotations

import pyarrow as pa

from hansa.question.own_tables import MAX_OWN_BYTES, read_own_tables
from hansa_core.partial.ipc_read import read_schema, read_stream

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
    read_own_tables({name: read_schema(content).empty_table()})  # types that no statement joins are not read at all
    schema, batches = read_stream(content, max_bytes=MAX_KEPT_BYTES)
    table = pa.Table.from_batches(batches, schema=schema)
    (joined,) = read_own_tables({name: table}).values()
    return joined
