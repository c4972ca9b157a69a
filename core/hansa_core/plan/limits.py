"""Static limits on a question and its answer, checked before any work starts."""

from __future__ import annotations

MAX_DEPTH = 32
"""Levels of one expression: a column or literal is 1, a call is 1 more than its deepest argument."""

MAX_NODES = 4096
"""Columns, literals and calls of a whole plan: filter, keys and the filters of all aggregates together."""

MAX_KEYS = 8
"""Keys of a plan."""

MAX_TOTALS = 31
"""Groupings of a plan beside the one by all keys: CUBE over five keys."""

MAX_AGGREGATES = 64
"""Aggregates of a plan."""

MAX_MOMENTS = 4096
"""Integers per cell that the aggregates of a plan are finished from, repeats counted once."""

MAX_COST = 2**22
"""Static cost of a plan: moments times cells, added up over its groupings. No plan without totals passes it."""

MAX_CITIES = 4096
"""Cities that one query addresses: a coordinator tells of each of them, members or not."""

MAX_TEXT_LENGTH = 1000
"""Characters of a text literal: as a key it stands in every cell."""

MAX_CELLS = 100_000
"""Cells of one city's partial."""

MAX_QUERY_BYTES = 256 * 1024
"""Bytes of an encoded query: what the analyst signs."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Bytes of an encoded answer: what the city signs."""
