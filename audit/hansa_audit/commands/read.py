"""`hansa audit` log, show, join, report and export: commands that show what the log says."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hansa.cli_options import FormatOption, RawOption
from hansa.output import Output
from hansa_audit.commands.check import LogDir
from hansa_audit.commands.messages import (
    DEFAULT_LANGUAGE,
    STALE,
    LanguageOption,
    MaxAgeOption,
    chosen_language,
    errors,
    to_stdout,
)
from hansa_core.printable import printable

OutputOption = Annotated[
    Path | None, typer.Option("--out", "--output", metavar="FILE", help="Write here, not to standard output.")
]

SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="From then on: 2026-05-01 or with T12:00:00.")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Up to then; a day counts as a whole.")
]


class ExportFormat(StrEnum):
    """What `hansa audit export --format` takes."""

    OCSF = "ocsf"


def log(
    folder: LogDir,
    *,
    since: SinceOption = None,
    until: UntilOption = None,
    type_: Annotated[str | None, typer.Option("--type", metavar="T", help="Such as query.decision.")] = None,
    organisation: Annotated[str | None, typer.Option(metavar="O", help="Who asked.")] = None,
    purpose: Annotated[str | None, typer.Option(metavar="P", help="What for.")] = None,
    dataset: Annotated[
        str | None, typer.Option(metavar="D", help="Such as housing.permits/1, or without the version: any.")
    ] = None,
    decision: Annotated[
        str | None, typer.Option(metavar="D", help="permit, refuse, needs_approval or aborted.")
    ] = None,
    code: Annotated[str | None, typer.Option(metavar="C", help="The code of a refusal.")] = None,
    query_hash: Annotated[str | None, typer.Option(metavar="HEX", help="One question.")] = None,
    min_cost: Annotated[int | None, typer.Option(metavar="N", min=0, help="What cost at least this much.")] = None,
    format_: FormatOption = None,
    out: OutputOption = None,
    raw: RawOption = False,
) -> None:
    """List the entries, or those that meet every demand."""
    output = Output(format_, out, raw=raw)
    with errors():
        from hansa_audit.entries.log_table import for_people, log_table
        from hansa_audit.entries.times import unix_time
        from hansa_audit.folder.held_log import open_log
        from hansa_core.evidence.rows import LogFilter

        wanted = LogFilter(
            since_unix_s=None if since is None else unix_time(since),
            until_unix_s=None if until is None else unix_time(until, end=True),
            type=type_,
            organisation=organisation,
            purpose=purpose,
            dataset=dataset,
            decision=decision,
            code=code,
            query_hash=query_hash,
            min_cost=min_cost,
        )
        held = open_log(folder)
        table = log_table(held, wanted)
        output.write_table(for_people(table) if output.is_for_people else table)
        output.say(f"{table.num_rows} of {held.checkpoint.size} entries of {held.checkpoint.origin}")


def show(
    folder: LogDir,
    index: Annotated[int, typer.Argument(metavar="INDEX", min=0, help="The entry's number.")],
) -> None:
    """Show one entry, with those of its openings that were fetched."""
    with errors():
        from rich.console import Group
        from rich.text import Text

        from hansa_audit.entries.entry_text import entry_lines
        from hansa_audit.entries.opened_fields import disclosures_of
        from hansa_audit.folder.held_log import open_log
        from hansa_core.evidence.entry import decode_entry

        held = open_log(folder)
        entry = decode_entry(held.leaf(index))
        lines = entry_lines(index, entry, disclosures_of(held.folder, index, entry))
        to_stdout(Group(*(Text.assemble((f"{printable(name)}: ", "bold"), printable(text)) for name, text in lines)))


def join(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="The fetched logs of several cities.")],
    *,
    query_hash: Annotated[
        str | None, typer.Option(metavar="HEX", help="The question: the beginning of its hash is enough.")
    ] = None,
    receipt: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The questions that `hansa query --receipt` kept there.")
    ] = None,
    max_age: MaxAgeOption = None,
    format_: FormatOption = None,
    out: OutputOption = None,
    raw: RawOption = False,
) -> None:
    """Follow one question across cities: who answered, who refused, what was spent, who has no entry.

    Without --query-hash and --receipt it lists the questions that more than one of the logs knows. It says first for
    which time each log speaks: a city whose log ends too early is not said to be silent.
    """
    output = Output(format_, out, raw=raw)
    with errors():
        import time

        from hansa_audit.entries.times import as_of_text, seconds_of
        from hansa_audit.folder.held_log import open_log
        from hansa_audit.joining.question_across_cities import (
            addressed_by,
            chosen,
            in_several,
            joined_questions,
            listing,
            parts,
            verdicts,
        )

        max_age_s, now_unix_s = None if max_age is None else seconds_of(max_age), int(time.time())
        logs = [open_log(folder) for folder in folders]
        stale = [log for log in logs if max_age_s is not None and log.freshness.is_stale(now_unix_s, max_age_s)]
        for log in logs:
            what = "is stale, as of" if log in stale else "as of"
            output.say(printable(f"{log.city}: {what} {as_of_text(log.freshness, now_unix_s)}"))
        questions = joined_questions(logs, receipt)
        hashes = [query_hash] if query_hash is not None else [] if receipt is None else list(addressed_by(receipt))
        if not hashes:
            found = in_several(questions)
            output.write_table(listing(found))
            output.say(f"{len(found)} of {len(questions)} questions stand in more than one of these logs")
        else:
            asked = [chosen(questions, each) for each in hashes]
            output.write_table(parts(asked))
            for line in verdicts(asked):
                output.say(line)
        if stale:
            raise typer.Exit(STALE)


def report(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="The fetched log of a city, or of several.")],
    *,
    html: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")],
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Whom to trust, as in `hansa audit verify`.")
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option("--profile", metavar="FILE", help="Whose governors to trust: any file with governance_keys."),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    max_age: MaxAgeOption = None,
    language: LanguageOption = DEFAULT_LANGUAGE,
) -> None:
    """Write one page on one city or several: in plain words and charts what was asked, answered, refused and spent.

    The page has everything in itself: it loads nothing and runs no script. It says whether the log holds, all of it;
    --since and --until limit what is counted. Questions that were opened stand in it as SQL.
    """
    with errors() as messages:
        words = chosen_language(language, messages)
        from hansa_audit.entries.times import TimeSpan, seconds_of
        from hansa_audit.report.write_report import write_report
        from hansa_local.clock import utc_now
        from hansa_local.trust_anchor import read_anchor

        anchor = None if profile is None else read_anchor(profile, hint="give a profile with --profile")
        max_age_s = None if max_age is None else seconds_of(max_age)
        written = write_report(
            folders,
            html,
            policy=policy,
            anchor=anchor,
            now=utc_now(),
            max_age_s=max_age_s,
            span=TimeSpan.of(since, until),
            language=words,
        )
        if not written.holds:
            typer.echo(f"{html}: written; a log does not hold, and the page says so first")
            raise typer.Exit(5)
        typer.echo(f"{html}: written" + ("; a log is stale, and the page says so first" if written.is_stale else ""))
        raise typer.Exit(STALE if written.is_stale else 0)


def export(
    folder: LogDir,
    *,
    format_: Annotated[ExportFormat, typer.Option("--format", metavar="F", help="ocsf: one JSON event a line.")],
    out: OutputOption = None,
) -> None:
    """Hand the entries to other tools: OCSF 1.6.0, API Activity, as JSON lines."""
    with errors():
        from hansa_audit.export import write_ocsf
        from hansa_audit.folder.held_log import open_log

        write_ocsf(open_log(folder), out)
