"""`hansa audit` fetch, verify, prove and opening: commands that establish what is true."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hansa_audit.commands.messages import STALE, MaxAgeOption, errors, to_stdout
from hansa_core.printable import printable

LogDir = Annotated[Path, typer.Argument(metavar="DIR", help="The folder that `hansa audit fetch` wrote.")]
Node = Annotated[
    str, typer.Argument(metavar="NODE", help="A city of the roster, the https URL of its log, or a folder with a log.")
]
AuditorOption = Annotated[
    Path | None,
    typer.Option("--profile", metavar="FILE", envvar="HANSA_PROFILE", help="The auditor's profile, or an analyst's."),
]
GovernorsOption = Annotated[
    Path | None,
    typer.Option("--profile", metavar="FILE", help="Whose governors to trust: any file with governance_keys."),
]


def fetch(
    node: Node,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or one with an earlier fetch.")],
    *,
    max_entries: Annotated[
        int, typer.Option(metavar="N", min=1, help="Stop at a log that is larger: it could fill the disk.")
    ] = 10_000_000,
    profile: AuditorOption = None,
) -> None:
    """Bring a city's log to disk: only what it signed and enough witnesses cosigned, only what is new.

    A city that only dials out, or does not answer, is read at its mirrors. A log that shrank or forked since the last
    fetch ends the command with 5, and what lies in DIR stays. Two signed checkpoints that exclude each other are kept;
    an earlier state of the same log, such as an older copy, contradicts nothing.
    """
    with errors() as messages:
        from hansa_audit.fetching.auditor_profile import load_auditor, roster_of
        from hansa_audit.fetching.fetch_log import fetch_log
        from hansa_audit.fetching.places import wanted_log
        from hansa_local.clock import utc_now

        settings = load_auditor(profile)
        roster, document = roster_of(settings, utc_now())
        wanted = wanted_log(node, settings, roster)
        fetched = fetch_log(wanted, folder, roster=roster, document=document, max_entries=max_entries)
        new = fetched.size - fetched.before
        said = f"{fetched.origin}: {fetched.size} entries, {new} new, {fetched.files} files, from {fetched.source}"
        typer.echo(printable(said))
        for note in fetched.notes:
            messages.print(printable(f"Note: {note}"), markup=False)


def verify(
    folder: LogDir,
    *,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Whom to trust: a C2SP tlog-policy from elsewhere.")
    ] = None,
    profile: GovernorsOption = None,
    since: Annotated[
        Path | None, typer.Option(metavar="CHECKPOINT", help="A checkpoint saved earlier, which the log must extend.")
    ] = None,
    receipt: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="A receipt, or a folder of `hansa query --receipt`; may be given repeatedly."
        ),
    ] = None,
    max_age: MaxAgeOption = None,
    json_: Annotated[bool, typer.Option("--json", help="The result as JSON.")] = False,
) -> None:
    """Check a fetched log, offline: signatures, quorum, every file, every entry, receipts and openings.

    Receipts in DIR/receipts and openings in DIR/openings are checked as well. Without --policy and --profile the keys
    come from the folder itself, and the result says so. It says first for which time the log speaks.
    """
    with errors():
        import json
        import time

        from hansa_audit.entries.times import seconds_of
        from hansa_audit.verifying.verdict_text import verdict_lines
        from hansa_audit.verifying.verify_folder import verify_folder
        from hansa_local.trust_anchor import read_anchor

        anchor = None if profile is None else read_anchor(profile, hint="give a profile with --profile")
        max_age_s, now_unix_s = None if max_age is None else seconds_of(max_age), int(time.time())
        verdict = verify_folder(folder, policy=policy, anchor=anchor, since=since, receipts=receipt or ())
        if json_:
            typer.echo(
                json.dumps(verdict.to_json(now_unix_s, max_age_s), indent=1)  # in ASCII: no terminal obeys it
            )
        else:
            to_stdout(verdict_lines(verdict, now_unix_s, max_age_s))
        if not verdict.holds:
            raise typer.Exit(5)
        if max_age_s is not None and verdict.freshness.is_stale(now_unix_s, max_age_s):
            raise typer.Exit(STALE)


def prove(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="The fetched log; --check can do without one.")
    ] = None,
    index: Annotated[int | None, typer.Argument(metavar="[INDEX]", min=0, help="The entry's number.")] = None,
    *,
    check: Annotated[
        Path | None, typer.Option(metavar="PROOF", help="Check this proof instead of writing one.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Whom to trust without DIR: a C2SP tlog-policy.")
    ] = None,
    profile: GovernorsOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "--output", metavar="FILE", help="Write here, not to standard output.")
    ] = None,
) -> None:
    """Write a C2SP tlog-proof that an entry lies in the log, for somebody who has no copy of it; or check one.

    The proof carries the cosignatures of the log's checkpoint. It is checked against the log in DIR, or, for somebody
    without a copy, by the keys of --policy or of the roster that --profile names.
    """
    if (index is None) == (check is None):
        raise typer.BadParameter("give the number of an entry, or --check PROOF", param_hint="INDEX")
    if folder is not None and (policy is not None or profile is not None):
        raise typer.BadParameter("DIR brings its own keys; leave out DIR, or --policy and --profile", param_hint="DIR")
    with errors():
        from hansa_audit.folder.held_log import open_log
        from hansa_audit.verifying.proofs import check_proof, check_proof_alone, write_proof
        from hansa_local.trust_anchor import read_anchor

        if check is not None and folder is None:
            anchor = None if profile is None else read_anchor(profile, hint="give a profile with --profile")
            typer.echo(check_proof_alone(check, policy=policy, anchor=anchor))
        elif check is not None and folder is not None:
            typer.echo(check_proof(open_log(folder), check))
        elif index is not None and folder is not None:
            write_proof(open_log(folder), index, out)


def opening(
    node: Node,
    which: Annotated[
        list[str], typer.Argument(metavar="[INDEX FIELD] DIR", help="Entry, field and fetched log; with --all the log.")
    ],
    *,
    all_: Annotated[
        bool, typer.Option("--all", help="Everything that this auditor may see and DIR lacks, in one go.")
    ] = False,
    fields: Annotated[
        str, typer.Option(metavar="F,F", help="Of which fields, with --all.")
    ] = "query,analyst,causes,deny,limits,reason,policy_hash,manifest_hash",
    profile: AuditorOption = None,
) -> None:
    """Ask a city to show what entries commit to; that it was read becomes an entry of the log, before it is shown.

    One field of one entry, such as query, analyst, causes, or deny of a policy (before version 2 of the entries also
    policy_hash and manifest_hash); or, with --all, those fields
    of every entry, which one entry of the log tells, or a few where there are very many.
    """
    if len(which) != (1 if all_ else 3) or not (all_ or which[0].isdecimal()):
        raise typer.BadParameter("give INDEX FIELD DIR, or DIR with --all", param_hint="[INDEX FIELD] DIR")
    folder = Path(which[-1])
    with errors():
        from hansa_audit.fetching.auditor_profile import load_auditor, roster_of
        from hansa_audit.fetching.fetch_opening import fetch_all_openings, fetch_opening
        from hansa_audit.fetching.places import wanted_log
        from hansa_audit.folder.held_log import open_log
        from hansa_local.clock import utc_now

        settings = load_auditor(profile)
        roster, _ = roster_of(settings, utc_now())
        wanted = wanted_log(node, settings, roster)
        if all_:
            got = fetch_all_openings(wanted, open_log(folder), fields.split(","))
            typer.echo(f"{folder}/openings: {got}")
        else:
            name, _ = fetch_opening(wanted, open_log(folder), int(which[0]), which[1])
            typer.echo(f"{folder / name}: is what entry {which[0]} committed to; `hansa audit show` shows it")
