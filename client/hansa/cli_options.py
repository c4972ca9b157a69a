"""Options that several commands of `hansa` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
