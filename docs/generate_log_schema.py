"""`docs/log-schema.json`, written from the log's own kinds: `make docs`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from hansa_core.evidence.schema import LOG_SCHEMA


def text() -> str:
    """The whole file."""
    return json.dumps(LOG_SCHEMA, indent=2) + "\n"  # in ASCII: some patterns hold characters that nobody sees


def main(arguments: Sequence[str]) -> int:
    """`--write FILE` the schema, or `--check FILE`: 1 if the file is not what would be written."""
    match arguments:
        case ["--write", file]:
            Path(file).write_text(text(), encoding="utf-8")
        case ["--check", file]:
            if not Path(file).exists() or Path(file).read_text(encoding="utf-8") != text():
                sys.stderr.write(f"{file} is not what the code says; run: make docs\n")
                return 1
        case _:
            sys.stderr.write("give --write FILE or --check FILE\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
