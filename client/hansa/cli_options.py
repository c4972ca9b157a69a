"""Options that several commands of `hansa` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from hansa.view.render.formats import Format

ProfileOption = Annotated[
    Path | None, typer.Option(metavar="FILE", envvar="HANSA_PROFILE", help="The analyst's profile.")
]
FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format",
        metavar="F",
        help="table, csv, json, parquet or arrow. Default: as --out ends, or else table.",
    ),
]
RawOption = Annotated[
    bool,
    typer.Option(
        "--raw", help="CSV with texts as they came: no quote before what a spreadsheet would compute, nothing escaped."
    ),
]
OutOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Write here, not to standard output.")]
DeadlineOption = Annotated[float, typer.Option(metavar="SECONDS", min=0.1, max=600, help="How long the cities have.")]
_OTHER_WORDS = dict.fromkeys(("--timeout", "--timeout-s", "--deadline-s", "--time-limit"), "--deadline")


class QuestionCommand(typer.core.TyperCommand):
    """A command that asks cities; it knows by what other names its options are looked for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As typer. Raises typer.BadParameter that names the option that was meant."""
        for argument in args:
            name = argument.partition("=")[0]
            if name in _OTHER_WORDS:
                meant = _OTHER_WORDS[name]
                raise typer.BadParameter(f"there is no {name}; the option is {meant}, in seconds", ctx=ctx)
        return super().parse_args(ctx, args)
