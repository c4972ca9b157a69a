"""The `hansa` command: `query`, `catalogue`, and the commands of the other parts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hansa.cli_options import DeadlineOption, FormatOption, OutOption, ProfileOption, QuestionCommand, RawOption
from hansa.commands import LazyCommands
from hansa.question.options import DEFAULT_DEADLINE_S
from hansa.standard_output import standard_output
from hansa_core.contract.level import Level

_ASKED = "'SELECT city, COUNT(*) FROM housing.permits GROUP BY city'"
_EXIT_CODES = (
    "Exit codes: 0 enough cities answered; 1 whoever read the output closed it; "
    "2 usage, the question is refused before it is sent, or the output cannot be written; "
    "3 all missing cities refused; 4 cities are missing; 5 a signature or certificate does not hold."
)

app = typer.Typer(
    cls=LazyCommands,
    name="hansa",
    help="Ask one question of many cities: each keeps its rows and answers in signed, protected aggregates.",
    epilog="Example: hansa query 'SELECT COUNT(*) FROM housing.permits' --profile league/profile.toml",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command(
    cls=QuestionCommand,
    epilog=f"Example: hansa query {_ASKED} --partial\n\n{_EXIT_CODES}",
)
def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT with at least one aggregate.")],
    *,
    purpose: Annotated[str | None, typer.Option(metavar="P", help="What for. Default: the profile's.")] = None,
    min_cities: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="How many cities must answer. Default: all; with --partial, 1."),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Show a value that lacks a city over the others, marked.")
    ] = False,
    table: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="A Parquet or CSV file of yours that the SQL joins; may be repeated."),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=TEXT",
            help="The value of $NAME in the SQL, or of the first ? as 1=TEXT; NAME:=JSON for a number, true, null or"
            " a list. May be repeated.",
        ),
    ] = None,
    deadline: DeadlineOption = DEFAULT_DEADLINE_S,
    level: Annotated[
        Level | None,
        typer.Option(metavar="L", help="The one level at which a city may answer. Default: each city's own."),
    ] = None,
    epsilon: Annotated[
        float | None,
        typer.Option(metavar="E", help="The privacy loss to spend at level private, at which no city answers yet."),
    ] = None,
    format_: FormatOption = None,
    out: OutOption = None,
    raw: RawOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Ask what each city would do; no data is touched.")
    ] = False,
    receipt: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Keep signed answers and receipts in this new folder, for `hansa audit replay`."
        ),
    ] = None,
    profile: ProfileOption = None,
) -> None:
    """Ask the cities, verify what they sign, and write the merged answer."""
    from hansa.output import Output, errors_end_the_command

    output = Output(format_, out, raw=raw)
    if receipt is not None and dry_run:
        raise typer.BadParameter("a dry run has no receipts; leave one of the two out", param_hint="--receipt")
    with errors_end_the_command(output.messages):
        from hansa.answering.coverage import worst_exit_code, worst_reports
        from hansa.connecting import connect
        from hansa.evidence.evidence_folder import check_free
        from hansa.named_values import named_values
        from hansa.question.options import AskKeywords
        from hansa.question.statement import demanded_cities
        from hansa.view.render.listings import dry_run_table
        from hansa.view.render.progress import ProgressBoard

        if receipt is not None:
            check_free(receipt)  # before a question that may cost something is sent
        options = AskKeywords(
            purpose=purpose,
            min_cities=min_cities,
            partial=partial,
            tables=_named_files(table or []),
            params=named_values(param or []),
            deadline_s=deadline,
            level=level,
            epsilon=epsilon,
        )
        with connect(profile) as league:
            if dry_run:
                with ProgressBoard(output.messages) as board:
                    verdicts = league.dry_run(sql, on_progress=board.tell, **options)
                queries = [[verdict.report for verdict in part] for part in verdicts.parts]
                reports = worst_reports(queries)
                output.write_listing(dry_run_table(verdicts.parts), reports, verb="would answer", notes=verdicts.notes)
                demands = [demanded_cities(min_cities, [one.city for one in part], partial=partial) for part in queries]
                raise typer.Exit(worst_exit_code(zip(queries, demands, strict=True)))
            with ProgressBoard(output.messages) as board:
                answer = league.sql(sql, on_progress=board.tell, on_stage=board.reach, **options)
            if receipt is not None:
                answer.save_evidence(receipt)
            output.write_answer(answer)
            raise typer.Exit(answer.exit_code)


@app.command(cls=QuestionCommand, epilog="Example: hansa catalogue housing.permits\n\n" + _EXIT_CODES)
def catalogue(
    dataset: Annotated[
        str | None, typer.Argument(metavar="[DATASET]", help="Describe its columns, as signed; no city is asked.")
    ] = None,
    *,
    deadline: DeadlineOption = DEFAULT_DEADLINE_S,
    format_: FormatOption = None,
    out: OutOption = None,
    raw: RawOption = False,
    profile: ProfileOption = None,
) -> None:
    """List what each city says that it serves, under its own signature; or describe one dataset's columns."""
    from hansa.output import Output, errors_end_the_command

    output = Output(format_, out, raw=raw)
    with errors_end_the_command(output.messages):
        from hansa.answering.coverage import exit_code
        from hansa.connecting import connect
        from hansa.view.render.listings import catalogue_table

        with connect(profile) as league:
            if dataset is not None:
                from hansa.view.catalogue_view import columns_table, heading

                described = league.catalogue[dataset]
                output.write_table(columns_table(described), below=heading(described))
                return
            descriptions = league.published(deadline_s=deadline)
        reports = [description.report for description in descriptions]
        output.write_listing(catalogue_table(descriptions), reports)
        raise typer.Exit(exit_code(reports, len(reports)))


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="A node.toml, coordinator.toml or profile.toml. Default: what $HANSA_NODE_CONFIG or $HANSA_PROFILE names,"
        " else the one in this folder.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command(epilog="Example: hansa health --config nodes/seattle/node.toml")
def health(config: ConfigOption = None, *, json_: JsonOption = False) -> None:
    """Ask the node or coordinator that runs on this machine how it is. For people, containers and monitors.

    Exit code 0: questions would be answered; 1: they would not, or nothing runs; 2: usage.
    """
    from hansa.checking.printed import print_health, print_silence
    from hansa.checking.roles import found_config, role_of
    from hansa_core.errors import ConfigError
    from hansa_local.status_socket import status_at

    with _config_errors_told():
        path = found_config(config)
        role, document = role_of(path)
        socket = role.status_socket(path, document)
        try:
            found = status_at(socket)
        except ConfigError as silent:
            print_silence(silent, as_json=json_)
            raise typer.Exit(1) from None
        print_health(found, as_json=json_)
    raise typer.Exit(0 if found.is_green else 1)


@app.command(epilog="Example: hansa doctor --config profile.toml")
def doctor(config: ConfigOption = None, *, json_: JsonOption = False) -> None:
    """Walk every step between this machine and the cities, and say which one fails and what to do about it.

    For an analyst's profile, a node or a coordinator. Exit code 0: nothing fails; 1: something does; 2: usage.
    """
    from hansa.checking.printed import print_parts
    from hansa.checking.roles import found_config, role_of
    from hansa_local.clock import utc_now

    with _config_errors_told():
        path = found_config(config)
        is_well = print_parts(role_of(path)[0].examine(path, utc_now()), as_json=json_)
    raise typer.Exit(0 if is_well else 1)


@contextmanager
def _config_errors_told() -> Iterator[None]:
    """Exit code 2 with the text on standard error for what is wrong with a file that was named."""
    from hansa_core.errors import ConfigError

    try:
        yield
    except ConfigError as wrong:
        typer.echo(wrong, err=True)
        raise typer.Exit(2) from None


def _named_files(given: list[str]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for one in given:
        name, equals, path = one.partition("=")
        if not (name and equals and path) or name in files:
            raise typer.BadParameter(f"{one!r} is no NAME=FILE with a name of its own", param_hint="--table")
        files[name] = Path(path)
    return files


def _print_versions(wanted: bool) -> None:
    """Of Hansa, of what its numbers rest on, and of the roles that are installed here."""
    if not wanted:
        return
    from hansa.checking.versions import versions

    for name, text in versions():
        typer.echo(f"{name:<14} {text}")
    raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_versions, is_eager=True, help="Name the versions of all parts."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command that the arguments name, and end the process with its exit code; the entry point of `hansa`."""
    if sys.platform != "win32":
        from hansa_local.open_files import allow_many_open_files

        allow_many_open_files()
    with standard_output():
        app(prog_name="hansa")
