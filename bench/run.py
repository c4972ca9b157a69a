"""Every number of the docs: `make bench` runs each bench in turn and prints what it measured; nothing is asserted."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from pathlib import Path

from hansa_demo.league import make_league
from report import heading

DEFAULT_ROWS = 1_000_000
DEFAULT_NODES = "10,100"


def main() -> None:
    """Make the demo leagues and measure them."""
    import audit
    import costs
    import fan_out
    import federation
    import ingest
    import log_commit
    import memory
    import merging
    import question
    import start
    import statements

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows",
        type=int,
        default=int(os.environ.get("HANSA_BENCH_ROWS", DEFAULT_ROWS)),
        help="synthetic trips of the federation bench; by default HANSA_BENCH_ROWS, or else %(default)s",
    )
    parser.add_argument(
        "--nodes",
        default=os.environ.get("HANSA_BENCH_NODES", DEFAULT_NODES),
        help="simulated nodes of the fan-out bench; by default HANSA_BENCH_NODES, or else %(default)s",
    )
    chosen = parser.parse_args()

    heading("machine")
    print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()} {platform.release()}")
    log_commit.measure()
    audit.measure()
    statements.measure()
    merging.measure()
    with tempfile.TemporaryDirectory(prefix="hansa-bench-") as temporary:
        directory = Path(temporary)
        make_league(directory, say=lambda _: None)
        question.measure(directory)
        start.measure(directory)
        memory.measure(directory)
    costs.measure()
    fan_out.measure([int(nodes) for nodes in chosen.nodes.split(",")])
    federation.measure(chosen.rows)
    ingest.measure()


if __name__ == "__main__":
    main()
