"""`hansa node`: what a city's operator types."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hansa_node.ingest.report import IngestReport

app = typer.Typer(
    help="Run a city's node: it keeps the rows, decides what is answered, and signs what leaves.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

ConfigOption = Annotated[
    Path, typer.Option("--config", metavar="FILE", envvar="HANSA_NODE_CONFIG", help="The node's TOML file.")
]
DEFAULT_CONFIG = Path("node.toml")


@app.command(epilog="Example: hansa node init nodes/seattle --league league --city seattle")
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder for the node.")],
    league: Annotated[Path, typer.Option("--league", metavar="DIR", help="The folder that `hansa league new` made.")],
    city: Annotated[str, typer.Option("--city", metavar="CITY", help="The city that the node speaks for.")],
) -> None:
    """Make a node's folder: its configuration, its policy, and copies of the keys that it needs."""
    from hansa_node.app.init import init_node

    with _told_to_the_operator():
        for line in init_node(directory, league=league, city=city):
            typer.echo(line)


@app.command(epilog="Example: hansa node ingest housing.permits --config node.toml")
def ingest(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A contract, with or without its version.")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report, and write nothing.")] = False,
    accept: Annotated[
        str | None,
        typer.Option("--accept-changes", metavar="REASON", help="Publish beyond the limits; the log says so."),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="The report as a page, too.")] = None,
) -> None:
    """Map the city's own file onto the contract and publish it as the next version of the dataset.

    A limit of the manifest that is exceeded (max_rejected_share, max_clipped_share, min_rows, max_change_share) stops
    it: exit code 3, and the earlier version stays served. The report names the most frequent values that did not fit.
    """
    from rich.console import Console

    from hansa_core.errors import ConfigError
    from hansa_local.clock import utc_now
    from hansa_local.trust_anchor import load_roster
    from hansa_node.app.config import read_config
    from hansa_node.app.declared import read_contracts
    from hansa_node.ingest.ingest import IngestStoppedError, ingest_dataset
    from hansa_node.ingest.progress import IngestProgress

    stopped: IngestStoppedError | None = None
    with _told_to_the_operator():
        settings = read_config(config)
        wanted = settings.dataset_named(dataset)
        contracts = read_contracts(settings, load_roster(settings, utc_now()))
        if wanted not in contracts:
            raise ConfigError(f"{config}: datasets: {wanted} is no contract of the league's roster; correct the name")
        if accept is not None and not accept.strip():
            raise ConfigError("--accept-changes: is empty; say why the changes are right")
        manifest, contract = settings.datasets[wanted], contracts[wanted]
        try:
            report = ingest_dataset(
                manifest,
                contract,
                settings.data_dir,
                dry_run=dry_run,
                accept=accept,
                progress=IngestProgress(Console(stderr=True)),
                secret_file=settings.secrets.suppression,
            )
        except IngestStoppedError as exceeded:
            report, stopped = exceeded.report, exceeded
        if html is not None:
            _write_page(html, report)
    if json_:
        typer.echo(json.dumps(report.to_json(), indent=1))
    else:
        Console().print(report)
    if stopped is not None:
        typer.echo(stopped, err=True)
    if stopped is not None or (dry_run and report.exceeded):
        raise typer.Exit(3)


def _write_page(path: Path, report: IngestReport) -> None:
    """For the operator alone: it holds values of the city's own file."""
    from hansa_core.errors import ConfigError
    from hansa_local.private_files import write_private
    from hansa_node.ingest.report_page import report_page

    try:
        write_private(path, report_page(report).encode())
    except OSError as failure:
        raise ConfigError(f"--html {path}: cannot be written ({failure.strerror}); name another file") from None


@app.command(epilog="Example: hansa node draft green.trees source/trees.csv --config node.toml")
def draft(
    contract: Annotated[
        str, typer.Argument(metavar="CONTRACT", help="A contract of the node's datasets, or the file of one.")
    ],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="The city's file, or several of one table.")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to write it; by default where the node looks for it."),
    ] = None,
) -> None:
    """Look at a city's file and write a manifest: columns matched by name, type and values, formats with examples.

    What a person has to decide is marked UNSURE. An ingest that writes nothing has tried it, and its rejected rows are
    marked, too. A file that is there is never overwritten.
    """
    from hansa_node.app.drafts import write_draft

    with _told_to_the_operator():
        for line in write_draft(contract, files, config=config, out=out):
            typer.echo(line)


DatasetArgument = Annotated[str, typer.Argument(metavar="DATASET", help="A contract, with or without its version.")]


@app.command(epilog="Example: hansa node tables housing.permits --preview --config node.toml")
def tables(
    dataset: DatasetArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    preview: Annotated[
        bool, typer.Option("--preview", help="What an ingest would publish by the manifest as it is now.")
    ] = False,
    suggest: Annotated[
        bool,
        typer.Option("--suggest", help="Search groups, cuts and tables that publish more, and write the manifest."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where --suggest writes; by default beside the manifest."),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="The tables as JSON.")] = False,
) -> None:
    """Show how much of each published table is suppressed, by cells and by units, and why: for the steward alone.

    The causes are the city's secret. --suggest looks at the city's rows and merges values, leaves out cuts and tables,
    whatever takes least information for what it lets be published; it never declares a structural zero.
    """
    from rich.console import Console

    from hansa_core.errors import ConfigError
    from hansa_node.app.published_tables import StewardedTables
    from hansa_node.ingest.progress import IngestProgress
    from hansa_node.ingest.table_reports import in_all, tables_table

    with _told_to_the_operator():
        if preview and suggest:
            raise ConfigError("--preview and --suggest: each shows its own tables; give one of them")
        if out is not None and not suggest:
            raise ConfigError("--out: is where --suggest writes; give that too")
        errors = Console(stderr=True)
        stewarded = StewardedTables(dataset, config)
        contract, progress = stewarded.contract.id, IngestProgress(errors)
        if suggest:
            suggestion = stewarded.suggest(out, progress, errors)
            reports, before = suggestion.reports, suggestion.before.units_words
            heading = (
                f"{contract}: {suggestion.path} written; {before} of the units suppressed before, see `in all` now"
            )
        elif preview:
            reports = stewarded.preview(progress)
            heading = f"{contract}: what an ingest would publish; nothing is written"
        else:
            number, reports = stewarded.served()
            heading = f"{contract}: version {number}, as it is served"
    every = (*reports, in_all(reports))
    if json_:
        typer.echo(json.dumps([report.to_json() for report in every], indent=1))
        return
    console = Console()
    console.print(heading, style="bold", highlight=False)
    console.print(tables_table(every))


@app.command(epilog="Example: hansa node versions housing.permits --config node.toml")
def versions(dataset: DatasetArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """List the versions of a dataset: number, time, size, rows, and which one is served."""
    from rich.console import Console

    from hansa_node.app.config import read_config
    from hansa_node.ingest.kept_versions import versions_table

    with _told_to_the_operator():
        settings = read_config(config)
        Console().print(versions_table(settings.data_dir, settings.dataset_named(dataset)))


@app.command(epilog="Example: hansa node rollback housing.permits 3 --config node.toml")
def rollback(
    dataset: DatasetArgument,
    number: Annotated[int, typer.Argument(metavar="N", min=1, help="The version to serve again.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Serve an earlier version again, as a new version: an old number never comes back."""
    from hansa_local.clock import utc_now
    from hansa_local.trust_anchor import load_roster
    from hansa_node.app.config import read_config
    from hansa_node.app.declared import read_contracts
    from hansa_node.ingest.kept_versions import roll_back
    from hansa_node.ingest.manifest_file import read_manifest

    with _told_to_the_operator():
        settings = read_config(config)
        wanted = settings.dataset_named(dataset)
        contract = read_contracts(settings, load_roster(settings, utc_now()))[wanted]
        manifest = read_manifest(settings.datasets[wanted], contract)
        fresh = roll_back(settings.data_dir, contract, manifest, number)
        typer.echo(f"{wanted}: version {fresh} has the data of version {number}, and is served from here on")


@app.command(epilog="Example: hansa node prune housing.permits --keep 5 --config node.toml")
def prune(
    dataset: DatasetArgument,
    keep: Annotated[int, typer.Option(metavar="N", min=1, help="How many of the newest versions to keep.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Delete all but the newest versions of a dataset. The served one, and those with published cells, are kept."""
    from hansa_node.app.config import read_config
    from hansa_node.ingest.kept_versions import prune as prune_versions

    with _told_to_the_operator():
        settings = read_config(config)
        wanted = settings.dataset_named(dataset)
        gone = prune_versions(settings.data_dir, wanted, keep)
        typer.echo(f"{wanted}: {len(gone)} versions deleted" + (f": {', '.join(map(str, gone))}" if gone else ""))


@app.command(epilog="Example: hansa node check --config node.toml")
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Say what a person must fix: exit code 0 if nothing, 1 otherwise."""
    from hansa_local.clock import utc_now
    from hansa_node.app.check import Weight
    from hansa_node.app.check import check as findings_of
    from hansa_node.app.config import read_config

    with _told_to_the_operator():
        findings = list(findings_of(read_config(config), utc_now()))
    for finding in findings:
        typer.echo(finding)
    if any(finding.weight is Weight.FIX for finding in findings):
        raise typer.Exit(1)


@app.command(epilog="Example: hansa node serve --config node.toml")
def serve(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Answer questions until Ctrl-C or SIGTERM; questions under way may end first."""
    import asyncio

    from hansa_local.log import log_to_stderr
    from hansa_node.app.config import read_config
    from hansa_node.app.service import serve as run

    with _told_to_the_operator():
        settings = read_config(config)
        log_to_stderr()
        asyncio.run(run(settings))


@app.command(epilog="Example: hansa node recover --config node.toml")
def recover(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Bring the log of a lost or restored store up to what peer cities mirrored. The node must not run."""
    import asyncio

    from hansa_node.app.config import read_config
    from hansa_node.app.recover import recover_node

    with _told_to_the_operator():
        typer.echo(asyncio.run(recover_node(read_config(config))))


@contextmanager
def _told_to_the_operator() -> Iterator[None]:
    """Exit code 2 with the text on stderr for what the operator must mend; other errors keep their traceback."""
    from hansa_core.errors import ConfigError, StoreCorruptError
    from hansa_node.engines.unreadable import DataUnavailableError
    from hansa_node.node_stop import ForkError
    from hansa_node.store.errors import StoreUnavailableError

    try:
        yield
    except (ConfigError, DataUnavailableError, StoreCorruptError, StoreUnavailableError, ForkError) as broken:
        typer.echo(broken, err=True)
        raise typer.Exit(2) from None
