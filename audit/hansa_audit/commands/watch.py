"""`hansa audit watch`: the command of a standing auditor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from hansa_audit.commands.check import AuditorOption
from hansa_audit.commands.messages import MaxAgeOption, errors
from hansa_audit.watching.watched_log import WatchedLog, WatchState
from hansa_core.printable import printable


def watch(
    cities: Annotated[
        list[str] | None, typer.Argument(metavar="[CITY]...", help="Which cities; all of the roster if left out.")
    ] = None,
    *,
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where logs, states and history are kept.")
    ] = Path("watched"),
    every: Annotated[
        str | None,
        typer.Option(metavar="D", help="A round every so often, such as 10m, until it is stopped. Default: one round."),
    ] = None,
    alert: Annotated[
        str | None,
        typer.Option(metavar="URL|PROGRAM", help="Whom to tell of a change: a URL to post JSON to, or a program."),
    ] = None,
    max_age: MaxAgeOption = None,
    max_entries: Annotated[
        int, typer.Option(metavar="N", min=1, help="Take no log that is larger: it could fill the disk.")
    ] = 10_000_000,
    max_bytes: Annotated[int, typer.Option(metavar="BYTES", min=1, help="Let no log's folder become larger.")] = 16
    * 1024**3,
    profile: AuditorOption = None,
) -> None:
    """Watch the logs of cities: fetch, verify, compare with what other cities saw, keep a history, raise an alert.

    A log is sound, stale (older than --max-age), in outage (the city itself does not answer, which proves nothing),
    not allowed (it does not admit this auditor), blocked (by a limit or the disk of the auditor), unsound (what is
    shown does not hold, or is less than was shown before) or forked (two signed histories). Whoever is told learns
    each change, back to sound too; the program of --alert gets the state and the city as arguments, and the alert as
    JSON on its standard input. A round, or a watch that was stopped, ends with the code of its worst log.
    """
    with errors() as messages:
        from hansa_audit.entries.times import seconds_of
        from hansa_audit.fetching.auditor_profile import load_auditor
        from hansa_audit.watching.alerts import alert_target
        from hansa_audit.watching.watch import Watch
        from hansa_audit.watching.watch_folder import WatchFolder
        from hansa_audit.watching.watch_round import WatchRound

        standing = Watch(
            round=WatchRound(
                profile=load_auditor(profile),
                cities=tuple(dict.fromkeys(cities or ())),
                folder=WatchFolder(folder),
                max_age_s=None if max_age is None else seconds_of(max_age),
                max_entries=max_entries,
                max_bytes=max_bytes,
            ),
            target=alert_target(alert),
            teller=_Lines(messages),
        )
        state = standing.run(None if every is None else seconds_of(every))
        raise typer.Exit(state.exit_code)


class _Lines:
    """One line for each log on standard output, for a terminal or a journal; troubles on standard error."""

    def __init__(self, messages: Console) -> None:
        self._messages = messages

    def state(self, state: WatchedLog) -> None:

        typer.secho(printable(f"{state.city}: {state.state.value}: {state.text}"), fg=_COLOURS[state.state])

    def trouble(self, text: str) -> None:

        self._messages.print(Text(printable(text)))


_COLOURS = {
    WatchState.SOUND: typer.colors.GREEN,
    WatchState.STALE: typer.colors.YELLOW,
    WatchState.OUTAGE: typer.colors.YELLOW,
    WatchState.NOT_ALLOWED: typer.colors.YELLOW,
    WatchState.BLOCKED: typer.colors.YELLOW,
    WatchState.UNSOUND: typer.colors.RED,
    WatchState.FORK: typer.colors.RED,
}
