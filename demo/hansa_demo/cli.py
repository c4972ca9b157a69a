"""`hansa demo`: a league of cities on this machine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


class LeagueName(StrEnum):
    """The leagues of real data, by name; a test holds this list against the leagues themselves."""

    PERMITS = "permits"
    FLIGHTS = "flights"
    CHARGING = "charging"


@app.command(epilog="Example: hansa demo --stay --dir /tmp/league\n\nExample: hansa demo --league flights")
def demo(
    *,
    directory: Annotated[
        Path | None,
        typer.Option(
            "--dir", metavar="DIR", help="Keep the league here, or start the one that is here; a temporary folder else."
        ),
    ] = None,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep the league up until interrupted, instead of the tour.")
    ] = False,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Only lay the league down in a new --dir, and start nothing.")
    ] = False,
    address: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CITY=HOST[:PORT[:LOGPORT]]",
            help="With --prepare: where others dial a city or a coordinator, as `hansa league new` takes it. Repeat.",
        ),
    ] = None,
    outbound: Annotated[
        list[str] | None,
        typer.Option(metavar="CITY", help="With --prepare: a city that only dials out. Repeat for each."),
    ] = None,
    coordinators: Annotated[
        int, typer.Option(metavar="COUNT", min=1, help="With --prepare: how many coordinators.")
    ] = 1,
    league: Annotated[
        LeagueName | None,
        typer.Option(
            metavar="NAME",
            help="permits (default): building permits of four cities; flights: three airports, and their weather;"
            " charging: two sites where 85 people charged their cars.",
        ),
    ] = None,
    synthetic: Annotated[
        int | None,
        typer.Option(metavar="N", help="Instead: N generated trips in three cities that do not exist, for load."),
    ] = None,
) -> None:
    """Start cities and a coordinator on loopback, with real data or synthetic ones, and tour them."""
    from hansa_demo.leagues import REAL
    from hansa_demo.leagues.synthetic import synthetic as synthetic_league
    from hansa_demo.run import prepare_demo, run_demo

    if synthetic is None:
        wanted = None if league is None else REAL[league.value]
    elif league is None:
        try:
            wanted = synthetic_league(synthetic)
        except ValueError as wrong:
            raise typer.BadParameter(str(wrong)) from None
    else:
        raise typer.BadParameter("--league and --synthetic name two leagues; keep one of them")
    if prepare:
        if directory is None or stay:
            raise typer.BadParameter("lays a league down in --dir, and starts nothing", param_hint="--prepare")
        code = prepare_demo(
            directory, wanted, addresses=address or (), outbound=outbound or (), coordinators=coordinators
        )
        raise typer.Exit(code)
    if address or outbound or coordinators != 1:
        raise typer.BadParameter("--address, --outbound and --coordinators are for --prepare")
    raise typer.Exit(run_demo(directory, wanted, stay=stay))
