"""`hansa audit rules`: the command that shows by which rules a city decides, and how they changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from hansa_audit.commands.check import LogDir
from hansa_audit.commands.messages import errors, to_stdout
from hansa_core.printable import printable

if TYPE_CHECKING:
    from rich.text import Text

    from hansa_audit.folder.held_log import HeldLog
    from hansa_audit.rules.history import AnnouncedRules


def rules(
    folder: LogDir,
    *,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="In force then: 2026-05-01 or with T12:00:00. Default: now.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="The documents as JSON.")] = False,
) -> None:
    """Show the rules in force: policy, manifests and contracts as the city published them, and what changed last.

    Each is the document whose SHA-256 the log names. A secret part, such as the deny list, is one salted commitment,
    which `hansa audit opening` asks for. The city shows the documents; `hansa audit fetch` brings them.
    """
    with errors():
        import json

        from rich.console import Group

        from hansa_audit.entries.times import unix_time
        from hansa_audit.folder.held_log import open_log
        from hansa_audit.rules.history import rules_in_force

        log, at_unix_s = open_log(folder), None if at is None else unix_time(at, end=True)
        found = rules_in_force(log, at_unix_s)
        if json_:
            typer.echo(json.dumps([each.to_json() for each in found], indent=1))
        elif found:
            to_stdout(Group(*(line for each in found for line in _lines(each))))
        else:
            typer.echo(_none_by(log, at_unix_s))


def _none_by(log: HeldLog, at_unix_s: int | None) -> str:
    """Why no rules were in force: there was no log yet, or its entries do not name them."""
    from hansa_audit.entries.times import time_text

    first = next((entry.time_unix_s for _, entry in log.entries()), None)
    if first is not None and at_unix_s is not None and at_unix_s < first:
        return f"no rules were published by then: the log begins at {time_text(first)}"
    return "no rules were published by then: entries of version 1 have their hashes sealed"


def _lines(announced: AnnouncedRules) -> Iterator[Text]:
    from rich.text import Text

    from hansa_audit.entries.times import time_text
    from hansa_audit.rules.history import rules_text

    named = announced.named
    yield Text(printable(f"{named.subject[0].upper()}{named.subject[1:]}"), style="bold")
    yield Text(f"in force since {time_text(announced.since_unix_s)}, entry {named.index}", style="dim")
    yield Text(f"SHA-256 {named.hash}", style="dim")
    if announced.document is None:
        yield Text("  its document is not in the folder; fetch again\n", style="yellow")
        return
    for line in rules_text(announced.document).splitlines():
        yield Text(f"  {printable(line)}")
    if announced.changes and announced.before is not None:
        yield Text(f"\n  changed since entry {announced.before.named.index}:", style="bold")
        for line in announced.changes:
            yield Text(f"  {printable(line)}", style={"+": "green", "-": "red"}.get(line[:1], "dim"))
    yield Text()
