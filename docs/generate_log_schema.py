"""`docs/log-schema.json`, written from the log's own kinds: `make docs`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from generated import write_or_check

from hansa_core.evidence.schema import LOG_SCHEMA


def text() -> str:
    """The whole file."""
    return json.dumps(LOG_SCHEMA, indent=2) + "\n"  # in ASCII: some patterns hold characters that nobody sees


def schema(target: Path) -> dict[Path, bytes]:
    """The schema, as the file that it is written to."""
    return {target: text().encode()}


def main(arguments: Sequence[str]) -> int:
    """`--write FILE` the schema, or `--check FILE`: 1 if the file is not what would be written."""
    return write_or_check(arguments, schema, told="the entries' kinds")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
