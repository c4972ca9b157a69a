"""Tampers with a fetched log in every way, and prints what `hansa audit verify` finds of each, and what it cannot."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hansa_tamperings import tamper_table


def main() -> None:
    """Print the table of docs/tampering.md. Raises AssertionError where what is found is not what was foreseen."""
    with tempfile.TemporaryDirectory(prefix="hansa-tamperings-") as folder:
        print(tamper_table(Path(folder)))


if __name__ == "__main__":
    main()
