"""Fetched logs in which everything has happened that a public page can tell of, and the pages made of them."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner, Result

from hansa.cli import app
from hansa_core.evidence.body import RosterRef
from hansa_core.evidence.entry import Entry, encode_entry
from hansa_core.evidence.log_entries import KeyAdded, KeyRetired, KeyRole, NodeStarted, OpeningRead
from hansa_core.evidence.opening import Disclosure, encode_disclosure
from hansa_core.evidence.query_entries import Decision
from hansa_core.evidence.rule_entries import BudgetCreated, BudgetReset, DataAccepted, DataVersion, PolicyPublished
from hansa_core.league.roster import roster_hash
from hansa_core.policy.policy import DenyList, Policy, Rule
from hansa_core.policy.published_rules import policy_rules, rules_hash
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_core.signing.envelope_json import envelope_to_json
from hansa_log_entries import (
    PERMITS,
    POLICY,
    aborted,
    charge,
    decision_on,
    digest_of,
    opening_of,
    recalled,
    refusal_of,
)
from hansa_published_log import PublishedLog, published_log
from hansa_wire.codec.query_codec import encode_query
from hansa_wire_values import a_query

EVENTFUL, QUIET = "luebeck", "bremen"
ORGANISATIONS = (
    "Statistisches Amt für Hamburg und Schleswig-Holstein, Referat Bevölkerung",
    "university-of-the-free-hanseatic-city-of-bremen-institute-for-regional-studies",
    "Stadtwerke Köln",
)
DATA = {
    *ORGANISATIONS,
    EVENTFUL,
    QUIET,
    "hamburg",
    "wismar",
    "statistics",
    "planning",
    PERMITS,
    "open-data",
    "residents",
}
"""What no language translates: names that the logs hold."""
_DAY_S = 86_400
_DAYS = 3
QUESTIONS = sum(3 * (2 + day % 3) + 1 for day in range(_DAYS)) + 2
"""How many the eventful city was asked."""


@dataclass(frozen=True)
class PageLogs:
    """`eventful`, `quiet`, `damaged`: folders as `hansa audit fetch` writes them; `profile`: whose governors count."""

    eventful: Path
    quiet: Path
    damaged: Path
    profile: Path


def page_logs(folder: Path) -> PageLogs:
    """Two cities that take part in a register; of the first one's questions one is opened, of which figures lack."""
    log = published_log(folder, EVENTFUL)
    roster = RosterRef(version=log.roster.version, hash=roster_hash(log.roster))
    log.append(NodeStarted(policy=POLICY, roster=roster, register=True))
    _ask(log, roster)
    shown = _opened(log, roster)
    document = _happen(log, roster)
    other = PublishedLog(log.league, log.roster, QUIET).begin()
    other.append(NodeStarted(policy=POLICY, roster=roster, register=True))
    folders = [_fetched(each, folder) for each in (log, other)]
    for name, disclosure in shown.items():
        path = folders[0] / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encode_disclosure(disclosure))
    (folders[0] / "rules").mkdir(exist_ok=True)
    (folders[0] / f"rules/{rules_hash(document)}.json").write_bytes(document)
    damaged = folder / "damaged"
    shutil.copytree(folders[0], damaged)
    next((damaged / "tile/0").rglob("*/*")).write_bytes(bytes(32))
    return PageLogs(folders[0], folders[1], damaged, log.profile)


def hansa(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["audit", *map(str, arguments)], catch_exceptions=False)


def write_pages(logs: PageLogs, into: Path, language: str = "en-GB") -> dict[str, Path]:
    """Each kind of page by its name: reports on one city, on several, on a stale and on a damaged log; a register."""
    into.mkdir(exist_ok=True)
    common = ("--profile", logs.profile, "--language", language)
    reports = {
        "report": (logs.eventful,),
        "report-of-two": (logs.eventful, logs.quiet),
        "report-stale": (logs.quiet, "--max-age", "1m"),
        "report-damaged": (logs.damaged,),
    }
    pages = {}
    for name, arguments in reports.items():
        pages[name] = into / f"{name}.html"
        hansa("report", *arguments, "--html", pages[name], *common)
    hansa("site", logs.eventful, logs.quiet, into / "site", *common)
    site = into / "site"
    return pages | {str(page.relative_to(into)): page for page in sorted(site.rglob("*.html"))}


def _ask(log: PublishedLog, roster: RosterRef) -> None:
    """Over some days: answered, answered again, refused by several rules, neither; two budgets."""
    log.append(BudgetCreated(ledger="firms", unit="microrho", limit=1000))
    spent = 0
    for day in range(_DAYS):
        log.time_unix_s += _DAY_S
        for number in range(2 + day % 3):
            name, organisation = f"{day}-{number}", ORGANISATIONS[(day + number) % 3]
            told = {"roster": roster, "organisation": organisation, "purpose": ("statistics", "planning")[number % 2]}
            spent += 120_000 // (1 + day)
            paid = {"ledgers": (charge(120_000 // (1 + day), spent, limit=1_000_000),)}
            log.append(decision_on(name, **told, **paid))
            log.append(recalled(name, **told, result_hash=digest_of(f"again {name}")))
            codes = ("not_published", "budget_exhausted", "denied", "identifier")
            log.append(refusal_of(f"no {name}", codes[number % 4], **told))
        log.append(aborted(f"aborted {day}", roster=roster))
    log.append(
        decision_on("may I", roster=roster, decision=Decision.NEEDS_APPROVAL, opening=opening_of("query", "analyst"))
    )


def _opened(log: PublishedLog, roster: RosterRef) -> dict[str, Disclosure]:
    """A question whose text and whose causes of suppression were opened: names below the folder, and what is there."""
    expires = datetime.fromtimestamp(log.time_unix_s + 3600, UTC).replace(tzinfo=None)
    asked = replace(a_query(expires_at=expires), cities=("bremen", "luebeck"), purpose="statistics", league="hanse")
    query = encode_query(asked)
    envelope = envelope_to_json(sign(payload_types.QUERY, query, Ed25519Signer(bytes(32)))).decode()
    shown = Disclosure(field="query", salt=bytes(16), value=envelope)
    causes = Disclosure(field="causes", salt=b"c" * 16, value={"threshold": 3})
    digests = {**decision_on("x").opening, "query": shown.digest, "causes": causes.digest}
    log.append(decision_on("x", roster=roster, query_hash=hashlib.sha256(query).hexdigest(), opening=digests))
    index = len(log.leaves) - 1
    return {f"openings/{index}.{each.field}.json": each for each in (shown, causes)}


def _happen(log: PublishedLog, roster: RosterRef) -> bytes:
    """What is told as events, and what auditors read. Returns the policy that comes into force."""
    document, digests = _policy()
    policy = replace(POLICY, version=2)
    log.append(
        DataVersion(dataset=PERMITS, data_version=2),
        DataAccepted(dataset=PERMITS, data_version=2, opening=opening_of("limits", "reason")),
        KeyAdded(role=KeyRole.ANSWER, key="ab" * 32),
        KeyRetired(role=KeyRole.ANSWER, key="ab" * 32),
        BudgetReset(ledger="residents", unit="microrho", limit=1_000_000, reason="new_period"),
        PolicyPublished(policy=policy, policy_hash=rules_hash(document), opening=digests),
        OpeningRead(index=20, field="query", reader="hamburg"),
        OpeningRead(index=0, fields=("analyst", "query"), until=40, reader="hamburg"),
    )
    log.time_unix_s += 60
    body = NodeStarted(policy=policy, roster=roster, register=True)
    log.leaves.append(encode_entry(Entry(time_unix_s=log.time_unix_s, node=log.city, software="0.2.0", body=body)))
    return document


def _policy() -> tuple[bytes, dict[str, str]]:
    digests = opening_of("deny")
    rule = Rule(datasets=frozenset("*"), purposes=frozenset({"statistics"}), organisations=frozenset({"*"}))
    return policy_rules(Policy(id=POLICY.id, version=2, rules=(rule,), deny=DenyList()), digests["deny"]), digests


def _fetched(log: PublishedLog, folder: Path) -> Path:
    into = folder / f"log-{log.city}"
    result = hansa("fetch", log.write(folder / f"served-{log.city}"), into, "--profile", log.profile)
    assert result.exit_code == 0, result.output
    return into
