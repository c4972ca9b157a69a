"""`hansa audit site`: the command that writes a public register."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hansa_audit.commands.check import GovernorsOption
from hansa_audit.commands.messages import DEFAULT_LANGUAGE, LanguageOption, chosen_language, errors
from hansa_core.printable import printable


def site(
    folders: Annotated[
        list[Path], typer.Argument(metavar="LOG... DIR", help="Fetched logs, and the folder to write the pages to.")
    ],
    *,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the pages will lie; feeds have whole addresses then.")
    ] = None,
    league: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the pages call the league. Default: as the roster does.")
    ] = None,
    profile: GovernorsOption = None,
    language: LanguageOption = DEFAULT_LANGUAGE,
) -> None:
    """Write a public register: static pages and feeds with every question to the cities that take part.

    Any web server serves them. Each log is verified first, and its page says whether it holds. A city takes part by
    `[log] register = true`, which its log says at each start; without that it is left out, and said to be. A question
    that was opened in the folder stands there as SQL, never who asked it; any other stays a commitment.
    """
    if len(folders) < 2:
        raise typer.BadParameter("give at least one log, and the folder to write to", param_hint="LOG... DIR")
    with errors() as messages:
        import time

        words = chosen_language(language, messages)
        from hansa_audit.register.make_register import make_register
        from hansa_audit.register.site import write_site
        from hansa_local.trust_anchor import read_anchor

        anchor = None if profile is None else read_anchor(profile, hint="give a profile with --profile")
        register = make_register(folders[:-1], anchor, league=league, url=url, now_unix_s=int(time.time()))
        files = write_site(register, folders[-1], words)
        questions = sum(len(log.questions) for log in register.logs)
        typer.echo(f"{folders[-1]}: {files} files, {len(register.logs)} cities, {questions} questions")
        for city in register.left_out:
            left_out = f"Note: {printable(city)} takes no part in registers, so it is left out"
            messages.print(left_out, markup=False)
        if not all(log.verdict.holds for log in register.logs):
            messages.print("Note: a log does not hold, and its page says so first", markup=False)
            raise typer.Exit(5)
