"""Notes on own tables: the index of a data frame that was left out."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from hansa_core.nearest import shown

LEFT_OUT = b"hansa.left_out"
"""What an own table says of itself, also when it is kept: the index of a frame that it has no more."""


def own_table_notes(tables: Mapping[str, pa.Table]) -> tuple[str, ...]:
    """What was left out of tables as they are read, as whole sentences."""
    return tuple(
        f"{name}: column {shown(left_out.decode())} is the index of a data frame, and was left out; keep it with"
        " reset_index(names=…) if it means something."
        for name, table in tables.items()
        if (left_out := (table.schema.metadata or {}).get(LEFT_OUT)) is not None
    )
