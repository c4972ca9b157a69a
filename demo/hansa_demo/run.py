"""What `hansa demo` does from the first line to the last: make or find the league, start it, tour it or stay."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console

import hansa
from hansa_core.errors import HansaError
from hansa_demo.caveats import print_source
from hansa_demo.league import holds_league, make_league, running_league
from hansa_demo.processes import ServiceFailedError
from hansa_demo.tour import tour


def run_demo(directory: Path | None, *, stay: bool) -> int:
    """Run the demo and return its exit code: 0, or 1 with the reason on stderr. Interrupted while staying: 0."""
    progress = Console(stderr=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # either signal stops what was started
    try:
        with _folder(directory) as home:
            if holds_league(home):
                progress.print(f"starting the league in {home}", highlight=False)
            else:
                make_league(home, say=lambda line: progress.print(line, highlight=False))
            with running_league(home) as processes:
                progress.print(f"up: {', '.join(processes)}\n", highlight=False)
                if stay:
                    _print_how_to_ask(home, Console(soft_wrap=True))
                    with suppress(KeyboardInterrupt):
                        signal.pause()
                else:
                    _tour(home / "profile.toml")
    except (HansaError, ServiceFailedError, OSError) as failure:
        progress.print(f"{failure}", style="red", highlight=False, markup=False)
        return 1
    return 0


def _tour(profile: Path) -> None:
    console = Console()
    print_source(console)
    with hansa.connect(profile) as league:
        tour(league, console)


def _print_how_to_ask(home: Path, console: Console) -> None:
    question = "SELECT city, COUNT(*) AS n FROM housing.permits GROUP BY city ORDER BY city"
    console.print("The league is up until you press Ctrl-C. Ask it from another terminal:\n", highlight=False)
    console.print(f'HANSA_PROFILE={home}/profile.toml hansa query "{question}"', highlight=False, markup=False)


@contextmanager
def _folder(directory: Path | None) -> Iterator[Path]:
    if directory is not None:
        yield directory.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="hansa-demo-") as temporary:
        yield Path(temporary)
