"""`hansa league`: what the governors of a league run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Found a league of cities, and draft its contracts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

_EXAMPLE = (
    "Example: hansa league new ./league --name hanse --city luebeck --city bremen "
    "--contract contracts/housing.permits.1.yaml"
)


@app.callback()
def league() -> None:
    """Found a league of cities, and draft its contracts."""


@app.command(epilog=_EXAMPLE)
def new(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder for the league.")],
    *,
    name: Annotated[str, typer.Option(metavar="NAME", help="The league's name.")],
    city: Annotated[
        list[str], typer.Option(metavar="CITY", help="A member city: a-z, 0-9 and hyphens. Repeat for each.")
    ],
    contract: Annotated[list[Path], typer.Option(metavar="FILE", help="A contract's YAML file. Repeat for each.")],
    host: Annotated[str, typer.Option(metavar="HOST", help="Where coordinator and nodes listen.")] = "127.0.0.1",
    address: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CITY=HOST[:PORT[:LOGPORT]]",
            help="Where others dial a city's node and its log, or a coordinator. A name may resolve later, and it then"
            " listens on all addresses of its machine. Repeat for each.",
        ),
    ] = None,
    base_port: Annotated[
        int, typer.Option(metavar="PORT", help="The first coordinator's port; the others count up from it.")
    ] = 7400,
    purpose: Annotated[
        list[str] | None,
        typer.Option(metavar="P", help="An allowed purpose, by default statistics. Repeat for each."),
    ] = None,
    outbound: Annotated[
        list[str] | None,
        typer.Option(metavar="CITY", help="A city whose node does not listen but dials out. Repeat for each."),
    ] = None,
    witness_threshold: Annotated[
        int | None,
        typer.Option(
            metavar="COUNT", help="How many other cities cosign each city's log; by default a majority; 0: none."
        ),
    ] = None,
    coordinators: Annotated[int, typer.Option(metavar="COUNT", help="How many coordinators serve the league.")] = 1,
    valid_days: Annotated[
        int, typer.Option(metavar="DAYS", help="How long roster, certificates and credentials hold.")
    ] = 365,
) -> None:
    """Make a complete local league: keys, certificates, signed roster, credentials and analysts' profiles."""
    from hansa_core.errors import ConfigError
    from hansa_core.league.outages import DEFAULT_MAX_UNWITNESSED, outages_of_league
    from hansa_league.founding.create import DEFAULT_PURPOSE, create_league

    try:
        roster = create_league(
            directory,
            name=name,
            cities=city,
            contracts=contract,
            purposes=purpose or (DEFAULT_PURPOSE,),
            host=host,
            base_port=base_port,
            addresses=address or (),
            outbound=outbound or (),
            replicas=coordinators,
            witness_threshold=witness_threshold,
            valid_days=valid_days,
        )
    except ConfigError as broken:
        typer.echo(str(broken), err=True)
        raise typer.Exit(2) from None
    needed, governors = roster.governance_threshold, len(roster.governance_keys)
    typer.echo(f"{directory}: the league {roster.league} of {len(roster.members)} cities, until {roster.expires} UTC")
    typer.echo(f"  signed by all of {governors} governors; {needed} can sign the next roster")
    for line in outages_of_league(roster, DEFAULT_MAX_UNWITNESSED):
        typer.echo(f"  {line}")
    for path in contract:
        if b"\r\n" in path.read_bytes():
            typer.echo(f"  {path} has CRLF line ends, which are signed: let no editor and no git turn them into LF")
    typer.echo(f"  an analyst asks with HANSA_PROFILE={directory / 'profile.toml'}")
    typer.echo("Hand each folder of governance/, cities/ and analysts/ to its holder, and keep no copy.")


@app.command(
    "draft-contract", epilog="Example: hansa league draft-contract source/trees.csv --name green.trees --out trees.yaml"
)
def draft_contract_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="A city's file, or several of one table.")],
    *,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The contract's name, such as green.trees.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write it; by default NAME.1.yaml here.")
    ] = None,
) -> None:
    """Look at a city's file and write a contract for such data: types, bounds, quanta, domains and units.

    What the league has to decide is marked UNSURE. Columns that look personal are marked PERSONAL and left out, but for
    the one that names the units. A file that is there is never overwritten.
    """
    from hansa_core.contract.contract_schema import CONTRACT_SCHEMA_NAME, contract_schema
    from hansa_core.errors import ConfigError
    from hansa_league.drafting.contract_draft import draft_contract, drafted_name
    from hansa_local.new_file import check_new, write_with_schema

    try:
        drafted = drafted_name(files, name)
        path = out or Path(f"{drafted.replace('/', '.')}.yaml")
        check_new(path)
        draft = draft_contract(files, drafted)
        write_with_schema(path, draft.text(CONTRACT_SCHEMA_NAME), CONTRACT_SCHEMA_NAME, contract_schema())
    except ConfigError as broken:
        typer.echo(str(broken), err=True)
        raise typer.Exit(2) from None
    kept = sum(not column.is_left_out for column in draft.columns)
    typer.echo(f"{path}: {kept} of {len(draft.columns)} columns are drafted, and their unit is {draft.unit}")
    for column in draft.personal:
        typer.echo(f"  {column.name} looks personal: {column.personal}")
