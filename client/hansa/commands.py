"""The command tree of `hansa`: its own commands, and those of the other parts, loaded when one of them is named."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer.core
import typer.main

ENTRY_POINT_GROUP = "hansa.commands"


class LazyCommands(typer.core.TyperGroup):
    """A group whose sub-apps are entry points: `hansa query` never imports a node's code."""

    @cached_property
    def _parts(self) -> Mapping[str, EntryPoint]:
        return {part.name: part for part in entry_points(group=ENTRY_POINT_GROUP)}

    def list_commands(self, ctx: Any) -> list[str]:
        """The group's own commands in the order they were written, then the parts by name."""
        own = super().list_commands(ctx)
        return [*own, *sorted(name for name in self._parts if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; None where there is none."""
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in self._parts:
            return own
        app = self._parts[cmd_name].load()
        command = typer.main.get_command(app)
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> Any:
        """Run the named command; what it lacks in a light install is named with the extra that brings it."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as missing:
            part = ctx.invoked_subcommand
            if part not in self._parts or (missing.name or "").startswith("hansa"):
                raise
            typer.echo(f"hansa {part} needs {missing.name}, which comes with: pip install 'hansa[{part}]'", err=True)
            raise typer.Exit(2) from None
