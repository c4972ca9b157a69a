"""`hansa audit`: the auditor's commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hansa.cli_options import FormatOption, OutOption, RawOption
from hansa_audit.commands import check, read, rules, site, watch

app = typer.Typer(
    help="Prove what was asked, answered, refused and spent, without trusting anybody.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


_AGE_CODE = " 6 it is stale: older than --max-age."
_CLOSED = "1 whoever read the output closed it; 2 usage;"
_READ_CODES = f"Exit codes: 0 done; {_CLOSED} 5 the entries are not what the log signed."
_CHECK_CODES = (
    f"Exit codes: 0 it holds; {_CLOSED} 4 nobody was reached; 5 it does not hold, or the log shrank or forked."
)

for command, example, codes in (
    (check.fetch, "hansa audit fetch bremen logs/bremen --profile auditors/bremen/profile.toml", _CHECK_CODES),
    (check.verify, "hansa audit verify logs/bremen --policy bremen.policy", _CHECK_CODES + _AGE_CODE),
    (read.log, "hansa audit log logs/bremen --decision refuse --since 2026-05-01 --format csv", _READ_CODES),
    (read.show, "hansa audit show logs/bremen 17", _READ_CODES),
    (rules.rules, "hansa audit rules logs/bremen --at 2026-05-01", _READ_CODES),
    (check.opening, "hansa audit opening bremen 17 query logs/bremen", _CHECK_CODES),
    (check.prove, "hansa audit prove logs/bremen 17 --out entry-17.tlog-proof", _CHECK_CODES),
    (read.join, "hansa audit join logs/bremen logs/hamburg --receipt evidence/", _READ_CODES + _AGE_CODE),
    (read.report, "hansa audit report logs/bremen --html bremen.html", _CHECK_CODES + _AGE_CODE),
    (site.site, "hansa audit site logs/hamburg logs/bremen register --url https://register.example", _CHECK_CODES),
    (
        watch.watch,
        "hansa audit watch hamburg bremen --dir watched --every 10m --alert https://pager.example/hansa",
        "Exit codes: 0 every log is sound; 2 usage, or one is not allowed or blocked; 4 a city is not reached; "
        "5 one is unsound or forked; 6 stale.",
    ),
    (read.export, "hansa audit export logs/bremen --format ocsf --out bremen.jsonl", _READ_CODES),
):
    app.command(epilog=f"Example: {example}\n\n{codes}")(command)


@app.command(
    epilog="Example: hansa audit replay evidence/ --profile league/profile.toml\n\n"
    "Exit codes: 0 everything holds; 2 usage; 5 something does not hold, or a city was not trusted when it was asked."
)
def replay(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that `hansa query --receipt` wrote.")],
    *,
    format_: FormatOption = None,
    out: OutOption = None,
    raw: RawOption = False,
    profile: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Whose governors to trust: any file with governance_keys. Default: those that the folder names.",
        ),
    ] = None,
) -> None:
    """Derive an answer again from its evidence, offline: every signature and receipt, as of the time of asking."""
    from hansa.output import Output, errors_end_the_command

    output = Output(format_, out, raw=raw)
    with errors_end_the_command(output.messages):
        from hansa.answering.coverage import exit_code
        from hansa.evidence.replay import replay_folder
        from hansa.view.render.replayed import replayed_lines
        from hansa_local.trust_anchor import read_anchor

        anchor = None if profile is None else read_anchor(profile, hint="give a profile with --profile")
        replayed = replay_folder(folder, anchor)
        output.write_answer(replayed.answer)
        output.say(replayed_lines(replayed, anchored=anchor is not None))
        raise typer.Exit(exit_code(replayed.answer.cities, 0))
