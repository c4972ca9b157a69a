"""Tampering with a fetched log, file by file and as a whole: the table of what `hansa audit verify` finds of it.

`make tampering` prints it; it stands in docs/tampering.md, to which a test holds it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hansa_audit.fetching.auditor_profile import load_auditor, roster_of
from hansa_audit.fetching.fetch_log import ContradictionError, fetch_log
from hansa_audit.fetching.places import wanted_log
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.documents.canonical_json import canonical_json
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.body import RosterRef
from hansa_core.evidence.opening import encode_disclosure, seal_opening
from hansa_core.evidence.rule_entries import DatasetRegistered
from hansa_core.league.roster import roster_hash
from hansa_core.policy.published_rules import rules_hash
from hansa_local.clock import utc_now
from hansa_local.trust_anchor import read_anchor
from hansa_log_entries import ROADS, decision_on
from hansa_published_log import PublishedLog, published_log

OPENED = 301
SIZE, EARLIER = 322, 310
FIELDS = ("query", "analyst", "causes")
OPENING = seal_opening(
    {name: {"threshold": 3} if name == "causes" else "said" for name in FIELDS},
    {name: bytes([number]) * 16 for number, name in enumerate(FIELDS)},
)
MANIFEST = canonical_json({"kind": "hansa.manifest/1", "contract": ROADS, "level": "open"})
CONTRACT = canonical_json({"kind": "hansa.contract/1", "contract": ROADS})
RULES = f"rules/{rules_hash(MANIFEST)}.json"
OPENING_FILE, RECEIPT_FILE = f"openings/{OPENED}.causes.json", "receipts/a.tlog-proof"
LAST_TILE, LAST_BUNDLE = f"tile/0/001.p/{SIZE - 256}", f"tile/entries/001.p/{SIZE - 256}"
# Each file, and the one that it is swapped with: another of its kind where there is one.
FILES = {
    "checkpoint": "fetched.json",
    "tile/0/000": LAST_TILE,
    LAST_TILE: "tile/1/000.p/1",
    "tile/1/000.p/1": "tile/0/000",
    "tile/entries/000": LAST_BUNDLE,
    LAST_BUNDLE: LAST_TILE,
    "vkeys.txt": "policy.txt",
    "policy.txt": "vkeys.txt",
    "roster.json": "policy.txt",
    RECEIPT_FILE: OPENING_FILE,
    OPENING_FILE: RECEIPT_FILE,
    RULES: f"rules/{rules_hash(CONTRACT)}.json",
    "rules/entries.json": RULES,
    "fetched.json": "roster.json",
}
_NOTHING_CLAIMED = "**cannot be found**: what is not there claims nothing"
_NOT_KNOWN = "holds: it is “not known when” the log was read"
_A_NOTE = "holds: it is a note for the next fetch, which walks all entries where it was changed"
# Where a tampered folder holds: why.
UNSEEN = {
    ("vkeys.txt", "deleted"): "holds: the same keys stand in policy and roster",
    ("policy.txt", "deleted"): "holds: the same follows from the roster",
    ("roster.json", "deleted"): "holds: the keys stand in the policy; with `--profile` it is missing",
    (RECEIPT_FILE, "deleted"): _NOTHING_CLAIMED,
    (OPENING_FILE, "deleted"): _NOTHING_CLAIMED,
    (RECEIPT_FILE, "of an earlier state"): "holds: what was promised then still stands in the log",
    (RULES, "deleted"): "**cannot be found** by verify; `hansa audit rules` says that it is not there",
    ("fetched.json", "deleted"): _NOT_KNOWN,
    ("fetched.json", "another city's"): _NOT_KNOWN,
    ("fetched.json", "of an earlier state"): _NOT_KNOWN,
    ("fetched.json", "made up, signed with one's own keys"): _NOT_KNOWN,
}
FOLDERS = {
    "entries and tiles of another history, all its hashes right": "root",
    "an earlier state of the same log, whole": "**cannot be found** but by its age (`--max-age`), or with `--since`",
    "an earlier checkpoint over the newer files": "missing",
    "entries of another city under the hashes of this one": "bundle",
    "hashes of another city over the entries of this one": "tile",
    "every second file another city's": "bundle, keys, tile",
    "the checkpoint and the keys that it is checked by, made up": "keys",
    "all of another city's log, with the roster of the league": "holds: it is that city's, which verify names",
    "all made up, signed with keys of one's own": "**cannot be found** with the keys of the folder, which verify says",
    "the same, held against the governors of `--profile`": "keys",
    "with a checkpoint of another history that a fetch kept as evidence": "consistency",
    "the same, one bit of that evidence flipped": "contradicting",
    "the same, that evidence deleted": _NOTHING_CLAIMED,
}


@dataclass(frozen=True, kw_only=True)
class Logs:
    """A log and its folder; the folders of another city with as many entries, of an earlier state, and made up."""

    log: PublishedLog
    ours: Path
    theirs: Path
    earlier: Path
    made_up: Path


Tampering = Callable[[Logs, Path, str], object]
TAMPERINGS: dict[str, Tampering] = {
    "one bit flipped": lambda logs, copy, file: (copy / file).write_bytes(flipped((copy / file).read_bytes())),
    "last ten bytes cut": lambda logs, copy, file: (copy / file).write_bytes((copy / file).read_bytes()[:-10]),
    "emptied": lambda logs, copy, file: (copy / file).write_bytes(b""),
    "another city's": lambda logs, copy, file: replaced(logs.theirs, copy, file),
    "of an earlier state": lambda logs, copy, file: replaced(logs.earlier, copy, file),
    "made up, signed with one's own keys": lambda logs, copy, file: replaced(logs.made_up, copy, file),
    "swapped": lambda logs, copy, file: swapped(copy, file, FILES[file]),
    "deleted": lambda logs, copy, file: (copy / file).unlink(),
}


def tamper_table(folder: Path) -> str:
    """The table, in the words of docs/tampering.md. `folder`: is filled. AssertionError: a finding was unforeseen."""
    logs = _logs(folder)
    assert found(logs.ours) == "holds"
    lines = ["| file | tampering | what verify finds |", "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in _file_rows(logs, folder)]
    lines += ["", "| folder | what verify finds |", "|---|---|"]
    for (what, said), result in zip(FOLDERS.items(), _folder_results(logs, folder), strict=True):
        is_expected = result == "holds" if said.startswith(("holds", "**")) else result != "holds"
        assert is_expected, (what, result)
        lines.append(f"| {what} | {said if result == 'holds' else result} |")
    return "\n".join(lines)


def flipped(content: bytes) -> bytes:
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def replaced(source: Path, copy: Path, file: str) -> None:
    if (source / file).exists():
        (copy / file).write_bytes((source / file).read_bytes())


def swapped(copy: Path, file: str, other: str) -> None:
    first, second = (copy / file).read_bytes(), (copy / other).read_bytes()
    (copy / file).write_bytes(second)
    (copy / other).write_bytes(first)


def filled(log: PublishedLog, folder: Path, size: int = SIZE) -> Path:
    """A fetched folder with everything in it that can be checked."""
    served = log.write(folder / "served", size)
    (served / "rules").mkdir()
    for document in (MANIFEST, CONTRACT):
        (served / f"rules/{rules_hash(document)}.json").write_bytes(document)
    fetched(log, served, folder / "log")
    for name in ("receipts", "openings"):
        (folder / "log" / name).mkdir()
    (folder / "log" / RECEIPT_FILE).write_bytes(replace(log, leaves=log.leaves[:size]).receipt(10))
    opened = OPENING.disclosure("causes")
    assert opened is not None
    (folder / "log" / OPENING_FILE).write_bytes(encode_disclosure(opened))
    return folder / "log"


def fetched(log: PublishedLog, served: Path, folder: Path) -> None:
    settings = load_auditor(log.profile)
    roster, document = roster_of(settings, utc_now())
    fetch_log(wanted_log(str(served), settings, roster), folder, roster=roster, document=document)


def asked(log: PublishedLog, *, shift: int = 0) -> PublishedLog:
    """322 entries, with an opened one at 301. `shift`: makes another log of as many entries."""
    log.time_unix_s += shift
    hashes = (rules_hash(MANIFEST), rules_hash(CONTRACT))
    log.append(DatasetRegistered(dataset=ROADS, level="open", manifest_hash=hashes[0], contract_hash=hashes[1]))
    log.ask(OPENED - len(log.leaves))
    roster = RosterRef(version=1, hash=roster_hash(log.roster))
    log.append(decision_on("opened", roster=roster, opening=OPENING.digests))
    return log.ask(SIZE - len(log.leaves))


def found(folder: Path, profile: Path | None = None) -> str:
    """The rules of the findings, or that it holds."""
    try:
        anchor = None if profile is None else read_anchor(profile, hint="")
        findings = verify_folder(folder, anchor=anchor).findings
    except (PeerError, ConfigError):
        return "no log to be checked"
    return ", ".join(sorted({each.rule.value for each in findings})) or "holds"


def _logs(folder: Path) -> Logs:
    for name in ("ours", "theirs", "earlier", "own"):
        (folder / name).mkdir()
    log = asked(published_log(folder))
    second = asked(PublishedLog(log.league, log.roster, "bremen").begin(), shift=5)
    return Logs(
        log=log,
        ours=filled(log, folder / "ours"),
        theirs=filled(second, folder / "theirs"),
        earlier=filled(log, folder / "earlier", EARLIER),
        made_up=filled(asked(published_log(folder / "own")), folder / "own"),
    )


def _file_rows(logs: Logs, folder: Path) -> Iterator[tuple[str, str, str]]:
    """A row for each file and tampering that makes another folder of it."""
    for file, partner in FILES.items():
        for tampering, tamper in TAMPERINGS.items():
            copy = Path(shutil.copytree(logs.ours, folder / "copy"))
            tamper(logs, copy, file)
            result, is_same = found(copy), contents(copy) == contents(logs.ours)
            shutil.rmtree(copy)
            if is_same:
                continue  # the same file in every city, or none of that name there
            if result == "holds":
                result = _A_NOTE if file == "rules/entries.json" else UNSEEN[file, tampering]
            yield _name(file), _name(tampering, partner if tampering == "swapped" else None), result


def _name(text: str, other: str | None = None) -> str:
    shown = f"`{text}`" if "/" in text or "." in text or text == "checkpoint" else text
    more = "" if other is None else f" with `{other}`"
    for document, word in ((MANIFEST, "manifest"), (CONTRACT, "contract")):
        shown, more = (each.replace(rules_hash(document), f"<{word}>") for each in (shown, more))
    return shown + more


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _folder_results(logs: Logs, folder: Path) -> Iterator[str]:
    def copied(name: str) -> Path:
        return Path(shutil.copytree(logs.ours, folder / name))

    history, log = copied("history"), logs.log
    other = replace(log, leaves=[*log.leaves[:5], log.leaves[6], log.leaves[5], *log.leaves[7:]])
    shutil.rmtree(history / "tile")
    shutil.copytree(other.write(folder / "other") / "tile", history / "tile")
    yield found(history)
    yield found(logs.earlier)
    mixed = copied("mixed")
    replaced(logs.earlier, mixed, "checkpoint")
    yield found(mixed)
    for kinds in (("tile/entries/000", LAST_BUNDLE), ("tile/0/000", LAST_TILE, "tile/1/000.p/1"), tuple(FILES)[::2]):
        mixed = copied("-".join(kinds).replace("/", "-"))
        for file in kinds:
            replaced(logs.theirs, mixed, file)
        yield found(mixed)
    keys = copied("keys")
    for file in ("checkpoint", "vkeys.txt", "policy.txt"):
        replaced(logs.made_up, keys, file)
    yield found(keys)
    yield found(logs.theirs)
    yield found(logs.made_up)
    yield found(logs.made_up, log.profile)
    yield from _with_evidence(copied("fork"), log, folder / "other")


def _with_evidence(fork: Path, log: PublishedLog, other: Path) -> Iterator[str]:
    """A folder whose fetch met another history; then that evidence is tampered with."""
    try:
        fetched(log, other, fork)
    except ContradictionError:
        yield found(fork)
    [kept] = [path for path in (fork / "contradicting").iterdir() if path.name.endswith(".checkpoint")]
    kept.write_bytes(flipped(kept.read_bytes()))
    yield found(fork)
    kept.unlink()
    yield found(fork)
