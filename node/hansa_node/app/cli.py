"""`hansa node`: what a city's operator types."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Run a city's node: it keeps the rows, decides what is answered, and signs what leaves.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

ConfigOption = Annotated[
    Path, typer.Option("--config", metavar="FILE", envvar="HANSA_NODE_CONFIG", help="The node's TOML file.")
]
DEFAULT_CONFIG = Path("node.toml")


@app.command(epilog="Example: hansa node init nodes/seattle --league league --city seattle")
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder for the node.")],
    league: Annotated[Path, typer.Option("--league", metavar="DIR", help="The folder that `hansa league new` made.")],
    city: Annotated[str, typer.Option("--city", metavar="CITY", help="The city that the node speaks for.")],
) -> None:
    """Make a node's folder: its configuration, its policy, and copies of the keys that it needs."""
    from hansa_node.app.init import init_node

    with _told_to_the_operator():
        for line in init_node(directory, league=league, city=city):
            typer.echo(line)


@app.command(epilog="Example: hansa node ingest housing.permits --config node.toml")
def ingest(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A contract, with or without its version.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Map the city's own file onto the contract and publish it as the next version of the dataset."""
    from rich.console import Console

    from hansa_core.errors import ConfigError
    from hansa_local.clock import utc_now
    from hansa_local.trust_anchor import load_roster
    from hansa_node.app.config import read_config
    from hansa_node.app.declared import read_contracts
    from hansa_node.ingest.ingest import ingest_dataset

    with _told_to_the_operator():
        settings = read_config(config)
        wanted = settings.dataset_named(dataset)
        contracts = read_contracts(settings, load_roster(settings, utc_now()))
        if wanted not in contracts:
            raise ConfigError(f"{config}: datasets: {wanted} is no contract of the league's roster; correct the name")
        report = ingest_dataset(settings.datasets[wanted], contracts[wanted], settings.data_dir)
    Console().print(report)


@app.command(epilog="Example: hansa node check --config node.toml")
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Say what a person must fix: exit code 0 if nothing, 1 otherwise."""
    from hansa_local.clock import utc_now
    from hansa_node.app.check import Weight
    from hansa_node.app.check import check as findings_of
    from hansa_node.app.config import read_config

    with _told_to_the_operator():
        findings = list(findings_of(read_config(config), utc_now()))
    for finding in findings:
        typer.echo(finding)
    if any(finding.weight is Weight.FIX for finding in findings):
        raise typer.Exit(1)


@app.command(epilog="Example: hansa node serve --config node.toml")
def serve(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Answer questions until Ctrl-C or SIGTERM; questions under way may end first."""
    import asyncio

    from hansa_local.log import log_to_stderr
    from hansa_node.app.config import read_config
    from hansa_node.app.service import serve as run

    with _told_to_the_operator():
        settings = read_config(config)
        log_to_stderr()
        asyncio.run(run(settings))


@app.command(epilog="Example: hansa node recover --config node.toml")
def recover(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Bring the log of a lost or restored store up to what peer cities mirrored. The node must not run."""
    import asyncio

    from hansa_node.app.config import read_config
    from hansa_node.app.recover import recover_node

    with _told_to_the_operator():
        typer.echo(asyncio.run(recover_node(read_config(config))))


@contextmanager
def _told_to_the_operator() -> Iterator[None]:
    """Exit code 2 with the text on stderr for what the operator must mend; other errors keep their traceback."""
    from hansa_core.errors import ConfigError, StoreCorruptError
    from hansa_node.node_stop import ForkError
    from hansa_node.store.errors import StoreUnavailableError

    try:
        yield
    except (ConfigError, StoreCorruptError, StoreUnavailableError, ForkError) as broken:
        typer.echo(broken, err=True)
        raise typer.Exit(2) from None
