"""`hansa coordinator`: the operator's commands for a coordinator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Run a coordinator: it carries questions to the cities and their signed answers back.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _group() -> None:
    """Keep `serve` a subcommand, although it is the only one."""


@app.command(epilog="Example: hansa coordinator serve --config deploy/coordinator.toml")
def serve(
    config: Annotated[Path, typer.Option("--config", metavar="FILE", help="The coordinator's TOML file.")],
) -> None:
    """Carry questions until Ctrl-C or SIGTERM; questions under way may end first."""
    import asyncio

    from hansa_coordinator.service import serve as run
    from hansa_core.errors import ConfigError
    from hansa_local.coordinator_config import load_config
    from hansa_local.log import log_to_stderr

    try:
        settings = load_config(config)
        log_to_stderr()
        asyncio.run(run(settings))
    except ConfigError as broken:
        typer.echo(broken, err=True)
        raise typer.Exit(2) from None
