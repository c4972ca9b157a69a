"""Breaks a running league fault by fault, prints what became of every question, and fails if a promise is broken."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from hansa_demo.league import make_league, running_league
from hansa_demo.leagues.permits import PERMITS
from hansa_fault_league import FaultLeague
from hansa_fault_table import heading, line, run_fault, truth_of
from hansa_faults import ALL
from hansa_local.open_files import allow_many_open_files

QUESTIONS = 10


def main() -> int:
    """Make the league of permits, and print a line for each fault. Returns 1 if an answer was wrong or lost."""
    allow_many_open_files()  # strangers are many
    holds = True
    with tempfile.TemporaryDirectory(prefix="hansa-faults-") as folder:
        directory = Path(folder)
        make_league(directory, PERMITS, say=lambda text: print(text, file=sys.stderr))
        with running_league(directory) as processes:
            league = FaultLeague(directory, processes)
            try:
                truth = truth_of(league, PERMITS.question)
                print(heading())
                for fault in ALL:
                    row = run_fault(fault, league, PERMITS.question, truth, questions=QUESTIONS)
                    print(line(row), flush=True)
                    holds = holds and row.holds
            finally:
                league.stop()
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
