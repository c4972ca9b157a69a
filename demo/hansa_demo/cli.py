"""`hansa demo`: four cities on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: hansa demo --stay --dir /tmp/league")
def demo(
    directory: Annotated[
        Path | None,
        typer.Option(
            "--dir", metavar="DIR", help="Keep the league here, or start the one that is here; a temporary folder else."
        ),
    ] = None,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep the league up until interrupted, instead of the tour.")
    ] = False,
) -> None:
    """Start four cities and a coordinator on loopback with real data, and tour them."""
    from hansa_demo.run import run_demo

    raise typer.Exit(run_demo(directory, stay=stay))
