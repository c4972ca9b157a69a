"""Every number of the docs: `make bench` runs each bench in turn and prints what it measured; nothing is asserted."""

from __future__ import annotations

import platform
import tempfile
from pathlib import Path

from hansa_demo.league import make_league
from report import heading


def main() -> None:
    """Make one demo league and measure it."""
    import memory
    import question
    import start

    heading("machine")
    print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()} {platform.release()}")
    with tempfile.TemporaryDirectory(prefix="hansa-bench-") as temporary:
        directory = Path(temporary)
        make_league(directory, say=lambda _: None)
        question.measure(directory)
        start.measure(directory)
        memory.measure(directory)


if __name__ == "__main__":
    main()
