"""`hansa attack`: the red team against a node, and against nodes that lack one defence each."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


class Against(StrEnum):
    """What `--against` takes; a test holds this list against the sides themselves."""

    NODE = "node"
    STRAWMAN = "strawman"


@app.command(
    epilog="Example: hansa attack --class 19 --against node\n\nExample: hansa attack --full --report attack.html\n\n"
    "Exit codes: 0 every attack failed on the node and every strawman fell; 1 one did not, or could not be tried;"
    " 2 usage."
)
def attack(
    classes: Annotated[
        list[str] | None,
        typer.Option("--class", metavar="N", help="One class, such as 19 or P3; may be repeated. Default: all."),
    ] = None,
    *,
    against: Annotated[Against | None, typer.Option(metavar="SIDE", help="node or strawman. Default: both.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="A thousand generated publications and the demo's data: an hour or two.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what was found as a page into this file.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Leagues that run at once. Default: two, or one per core.")
    ] = None,
) -> None:
    """Attack a node of this release, and strawmen that lack one defence each.

    Every league is made for the attack, runs on loopback in a temporary folder, and is gone afterwards. A class that
    needs what no city serves yet says so, and is not counted.
    """
    from hansa_redteam.attacks.catalogue import all_classes
    from hansa_redteam.profile import FULL, QUICK
    from hansa_redteam.report.page import write_page
    from hansa_redteam.running_attacks import Side, run
    from hansa_redteam.words import all_as_claimed, lines_of, summary

    known = all_classes()
    keys = list(dict.fromkeys(key.upper() for key in classes)) if classes else list(known)
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is no class; known are {', '.join(known)}", param_hint="--class")
    if report is not None and not report.absolute().parent.is_dir():
        raise typer.BadParameter(f"{report.parent} is no folder; name a file in one that exists", param_hint="--report")
    sides = tuple(Side) if against is None else (Side(against.value),)
    profile = FULL if full else QUICK
    at_once = jobs or min(2, os.cpu_count() or 1)
    verdicts = []
    for verdict in run(keys, sides, profile, jobs=at_once):
        verdicts.append(verdict)
        for line in lines_of(verdict):
            typer.echo(line)
    if report is not None:
        write_page(report, verdicts, sides, profile)
    typer.echo(summary(verdicts, sides))
    raise typer.Exit(0 if all_as_claimed(verdicts) else 1)
