"""The course of `hansa demo`: make or find the league, start it, tour it or stay."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

import hansa
from hansa_core.errors import ConfigError, HansaError
from hansa_core.nearest import nearest
from hansa_demo.demo_league import DemoLeague
from hansa_demo.evidence_stop import show_evidence
from hansa_demo.league import league_in, make_league, running_league
from hansa_demo.leagues.permits import PERMITS
from hansa_demo.processes import ServiceFailedError
from hansa_demo.tour import tour


def prepare_demo(
    directory: Path,
    wanted: DemoLeague | None = None,
    *,
    addresses: Sequence[str] = (),
    outbound: Collection[str] = (),
    coordinators: int = 1,
) -> int:
    """Lay the league down in a new folder, and start nothing; the exit code.

    `addresses`, `coordinators`: as `make_league` takes them. `outbound`: cities that only dial out, beside its own.
    """
    progress = Console(stderr=True)
    league = wanted or PERMITS
    try:
        unknown = [city for city in outbound if city not in league.cities]
        if unknown:
            raise ConfigError(f"--outbound: {nearest(unknown[0], league.cities)}")
        make_league(
            directory,
            replace(league, outbound=tuple(dict.fromkeys((*league.outbound, *outbound)))),
            addresses=addresses,
            coordinators=coordinators,
            say=lambda line: progress.print(line, highlight=False),
        )
    except (HansaError, ServiceFailedError, OSError) as failure:
        progress.print(f"{failure}", style="red", highlight=False, markup=False)
        return 1
    return 0


def run_demo(directory: Path | None, wanted: DemoLeague | None = None, *, stay: bool) -> int:
    """Run the demo and return its exit code: 0, or 1 with the reason on stderr. Interrupted while staying: 0.

    `wanted`: by default the league that is in `directory`, or else the permits.
    """
    progress = Console(stderr=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # either signal stops what was started
    try:
        with _folder(directory) as home:
            league = league_in(home)
            if league is None:
                league = wanted or PERMITS
                make_league(home, league, say=lambda line: progress.print(line, highlight=False))
            elif wanted is None or wanted.name == league.name:
                progress.print(f"starting the league in {home}", highlight=False)
            else:
                raise ConfigError(
                    f"--dir {home} holds the league {league.name}, not {wanted.name}; name another folder"
                )
            with running_league(home) as processes:
                progress.print(f"up: {', '.join(processes)}\n", highlight=False)
                if stay:
                    _print_how_to_ask(home, league, Console(soft_wrap=True))
                    with suppress(KeyboardInterrupt):
                        signal.pause()
                else:
                    _tour(home, league)
    except (HansaError, ServiceFailedError, OSError) as failure:
        progress.print(f"{failure}", style="red", highlight=False, markup=False)
        return 1
    return 0


def _tour(home: Path, demo: DemoLeague) -> None:
    console = Console()
    _print_about(demo, console)
    with hansa.connect(home / "profile.toml") as league:
        answers = tour(league, demo.tour, console)
    show_evidence(home, demo, answers, console)


def _print_about(demo: DemoLeague, console: Console) -> None:
    console.print(Text("About the data", style="bold"))
    for line in demo.about():
        console.print(Text(line))
    console.print()


def _print_how_to_ask(home: Path, league: DemoLeague, console: Console) -> None:
    _print_about(league, Console(stderr=True))
    console.print("The league is up until you press Ctrl-C. Ask it from another terminal:\n", highlight=False)
    console.print(f'HANSA_PROFILE={home}/profile.toml hansa query "{league.question}"', highlight=False, markup=False)
    city = next(each for each in league.cities if each not in league.outbound)
    audit = f"hansa audit fetch {city} logs/{city} --profile {home}/auditors/{city}/profile.toml"
    console.print(
        "\nOr audit a city, as its own auditor, whom it also shows openings (hansa audit opening --help):\n",
        highlight=False,
    )
    console.print(
        f"{audit}\nhansa audit verify logs/{city} --profile {home}/auditors/{city}/profile.toml",
        highlight=False,
        markup=False,
    )


@contextmanager
def _folder(directory: Path | None) -> Iterator[Path]:
    if directory is not None:
        yield directory.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="hansa-demo-") as temporary:
        yield Path(temporary)
