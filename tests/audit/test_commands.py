"""What a log says, for people and for programs: lists, entries, proofs, one question across cities, OCSF, the page."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

import hansa as sdk
from hansa.cli import app
from hansa_audit.report.style import STYLE
from hansa_core.evidence.body import RosterRef
from hansa_core.evidence.entry import Entry, encode_entry
from hansa_core.evidence.log_entries import LogGenesis, NodeStarted
from hansa_core.evidence.opening import Disclosure, encode_disclosure
from hansa_core.evidence.rule_entries import BudgetReset
from hansa_core.league.roster import roster_hash
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_core.signing.envelope_json import envelope_to_json
from hansa_core.tlog.policy_text import parse_policy
from hansa_core.tlog.proof import decode_proof
from hansa_log_entries import NOON, POLICY, charge, decision_on, refusal_of
from hansa_published_log import PublishedLog, published_log
from hansa_simulated_city import CITIES as SIMULATED
from hansa_simulated_city import SimulatedLeague
from hansa_wire.codec.query_codec import encode_query
from hansa_wire_values import a_query

EVIL = "<script>alert(1)</script> & Söhne"


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PublishedLog]:
    """Three cities; what the first two have in common is one question, which the third one has not."""
    first = published_log(tmp_path_factory.mktemp("logs")).ask(30)
    roster = RosterRef(version=1, hash=roster_hash(first.roster))
    first.append(decision_on("other", roster=roster, organisation=EVIL))
    first.append(BudgetReset(ledger="residents", unit="microrho", limit=1_000_000, reason="new_period"))
    expires = datetime.fromtimestamp(NOON + 3600, UTC).replace(tzinfo=None)
    cities = ("bremen", "hamburg", "luebeck", "wismar")
    query = encode_query(replace(a_query(expires_at=expires), cities=cities, purpose="statistics", league="hanse"))
    asked = hashlib.sha256(query).hexdigest()
    shown = Disclosure(field="query", salt=bytes(16), value=envelope(query))
    told = {"roster": roster, "query_hash": asked}
    digests = decision_on("x").opening
    first.append(
        decision_on(
            "x",
            **told,
            ledgers=(charge(7, 7, limit=1_000_000),),
            opening={**digests, "query": shown.digest},
        )
    )
    second = PublishedLog(first.league, first.roster, "bremen").begin()
    second.append(refusal_of("x", "not_published", **told))
    third = PublishedLog(first.league, first.roster, "hamburg", time_unix_s=NOON + 7200).begin()
    for log in (first, second, third):
        result = hansa("fetch", log.write(log.league / f"served-{log.city}"), folder(log), "--profile", log.profile)
        assert result.exit_code == 0, result.output
    (folder(first) / "openings").mkdir()
    (folder(first) / f"openings/{len(first.leaves) - 1}.query.json").write_bytes(encode_disclosure(shown))
    return {log.city: log for log in (first, second, third)}


@pytest.fixture(scope="module")
def log(logs: dict[str, PublishedLog]) -> PublishedLog:
    return logs["luebeck"]


def envelope(query: bytes) -> str:
    return envelope_to_json(sign(payload_types.QUERY, query, Ed25519Signer(bytes(32)))).decode()


def folder(log: PublishedLog) -> Path:
    return log.league / f"log-{log.city}"


def hansa(*arguments: str | Path | int) -> Result:
    return CliRunner().invoke(app, ["audit", *map(str, arguments)], catch_exceptions=False)


def rows(log: PublishedLog, *options: str | int) -> list[dict[str, Any]]:
    result = hansa("log", folder(log), *options, "--format", "json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize(
    ("options", "admits"),
    [
        (("--decision", "refuse"), lambda row: row["decision"] == "refuse"),
        (("--type", "log.genesis"), lambda row: row["index"] == 0),
        (("--organisation", EVIL), lambda row: row["organisation"] == EVIL),
        (("--dataset", "housing.permits"), lambda row: row["dataset"] == "housing.permits/1"),
        (("--dataset", "housing.permits/1"), lambda row: row["dataset"] == "housing.permits/1"),
        (("--purpose", "statistics"), lambda row: row["purpose"] == "statistics"),
        (("--min-cost", 2), lambda row: row["cost"] == 7),
        (("--until", "2026-01-01T00:05:00"), lambda row: row["index"] < 5),
        (("--since", "2026-01-02"), lambda row: False),
    ],
)
def test_the_log_is_filtered(log: PublishedLog, options: tuple[str | int, ...], admits: Any) -> None:
    everything = rows(log)
    assert len(everything) == len(log.leaves)
    assert rows(log, *options) == [row for row in everything if admits(row)]


def test_the_log_is_csv_parquet_or_a_table(log: PublishedLog, tmp_path: Path) -> None:
    text = hansa("log", folder(log), "--format", "csv").stdout
    assert len(list(csv.DictReader(io.StringIO(text)))) == len(log.leaves)
    assert hansa("log", folder(log), "--output", tmp_path / "log.parquet").exit_code == 0
    table = pq.read_table(tmp_path / "log.parquet")
    assert (table.num_rows, str(table.schema.field("time").type)) == (len(log.leaves), "timestamp[ms, tz=UTC]")
    assert table["time"][0].as_py().timestamp() == NOON + 60
    shown = hansa("log", folder(log))
    assert "2026-01-01 00:01:00" in shown.stdout
    assert f"{len(log.leaves)} of {len(log.leaves)} entries" in shown.stderr


def test_a_time_that_is_none_is_a_plain_error(log: PublishedLog) -> None:
    result = hansa("log", folder(log), "--since", "yesterday")
    assert result.exit_code == 2
    assert "write 2026-05-01" in result.stderr


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        (("--decision", "refused"), "did you mean refuse"),
        (("--type", "query"), "known are: approval.asked"),
        (("--dataset", "housing"), "--dataset 'housing': no entry of this log has it"),
        (("--dataset", "housing.permit"), "did you mean housing.permits?"),
        (("--organisation", "Stadtwerke Koeln"), "did you mean Stadtwerke Köln?"),
        (("--purpose", "statistic"), "did you mean statistics?"),
        (("--code", "not_publishd"), "did you mean not_published?"),
        (("--query-hash", "00ff"), "no entry of this log has it; known are: "),
    ],
)
def test_a_filter_that_no_entry_can_meet_is_no_empty_table(
    log: PublishedLog, options: tuple[str, str], remedy: str
) -> None:
    result = hansa("log", folder(log), *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert remedy in " ".join(result.stderr.split())


def test_an_entry_is_shown_with_what_was_opened_of_it(log: PublishedLog) -> None:
    shown = hansa("show", folder(log), len(log.leaves) - 1).stdout
    assert re.search(r"question: SELECT .*COUNT\(\*\)", shown)
    assert "cities asked: bremen, hamburg, luebeck, wismar" in shown
    assert "analyst: sealed in the city" in shown
    assert hansa("show", folder(log), 9999).exit_code == 2
    assert "tables: by_year\n" in hansa("show", folder(log), 5).stdout  # lists without the marks of a program


@pytest.mark.produces("proof_invalid", "contradiction")
def test_a_proof_is_written_and_checked(log: PublishedLog, tmp_path: Path) -> None:
    proof = tmp_path / "entry.tlog-proof"
    assert hansa("prove", folder(log), 12, "--out", proof).exit_code == 0
    assert (
        f"entry 12 lies in node.luebeck/log of {len(log.leaves)}"
        in hansa("prove", folder(log), "--check", proof).stdout
    )
    content = proof.read_bytes()
    proof.write_bytes(content.replace(b"index 12\n", b"index 13\n"))
    changed = hansa("prove", folder(log), "--check", proof)
    assert (changed.exit_code, "proof_invalid" in changed.stderr) == (5, True)
    fork = replace(log, leaves=[*log.leaves[:5], *log.leaves[6:]])
    proof.write_bytes(fork.receipt(12))
    forked = hansa("prove", folder(log), "--check", proof).stderr
    assert "contradiction" in forked
    assert "forked" in forked
    assert hansa("prove", folder(log)).exit_code == 2


def test_a_proof_is_checked_without_a_copy_of_the_log(log: PublishedLog, tmp_path: Path) -> None:
    """It carries what a quorum cosigned; a receipt, which was made before, says that it does not."""
    proof = tmp_path / "entry.tlog-proof"
    hansa("prove", folder(log), 12, "--out", proof)
    policy = parse_policy((folder(log) / "policy.txt").read_bytes())
    assert policy.check(decode_proof(proof.read_bytes()).checkpoint_note).size == len(log.leaves)
    for keys in (("--policy", folder(log) / "policy.txt"), ("--profile", log.profile)):
        result = hansa("prove", "--check", proof, *keys)
        assert (result.exit_code, "cosigned by a quorum" in result.stdout) == (0, True), result.output
    content = proof.read_bytes()
    proof.write_bytes(content.replace(b"index 12\n", b"index 13\n"))
    assert hansa("prove", "--check", proof, "--profile", log.profile).exit_code == 5
    proof.write_bytes(log.receipt(12))
    alone = hansa("prove", "--check", proof, "--profile", log.profile)
    assert (alone.exit_code, "by the log's signature alone: 0 of 2 witnesses" in alone.stdout) == (0, True)
    unknown = hansa("prove", "--check", proof)
    assert (unknown.exit_code, "give DIR, --policy FILE or --profile FILE" in unknown.stderr) == (2, True)
    assert hansa("prove", folder(log), "--check", proof, "--profile", log.profile).exit_code == 2
    assert hansa("prove", "--out", proof).exit_code == 2


def test_an_opened_field_that_is_empty_is_shown_as_none(log: PublishedLog, tmp_path: Path) -> None:
    shown = Disclosure(field="causes", salt=bytes(16), value={})
    opening = {**decision_on("x").opening, "causes": shown.digest}
    other = PublishedLog(log.league, log.roster, log.city).begin()
    other.append(decision_on("y", roster=RosterRef(version=1, hash=roster_hash(log.roster)), opening=opening))
    hansa("fetch", other.write(tmp_path / "served"), tmp_path / "log", "--profile", log.profile)
    (tmp_path / "log/openings").mkdir()
    (tmp_path / f"log/openings/{len(other.leaves) - 1}.causes.json").write_bytes(encode_disclosure(shown))
    assert "causes: none" in hansa("show", tmp_path / "log", len(other.leaves) - 1).stdout


def test_one_question_is_followed_across_cities(logs: dict[str, PublishedLog]) -> None:
    listed = hansa("join", *map(folder, logs.values()), "--format", "json")
    [question] = [row for row in json.loads(listed.stdout) if row["no entry"]]
    assert (question["answered"], question["refused"], question["no entry"]) == ("luebeck", "bremen", "hamburg")
    assert question["not known"] == "wismar"
    one = hansa("join", *map(folder, logs.values()), "--query-hash", question["query_hash"][:10], "--format", "json")
    parts = {row["city"]: row for row in json.loads(one.stdout)}
    assert (parts["luebeck"]["outcome"], parts["luebeck"]["cost"], parts["luebeck"]["spent"]) == ("answered", 7, 7)
    assert (parts["bremen"]["outcome"], parts["bremen"]["code"]) == ("refused", "not_published")
    assert parts["hamburg"]["outcome"] == "no entry in its log"
    assert parts["wismar"]["outcome"] == "not known: its log is not here"
    assert "nothing speaks for hamburg; not known without their logs: wismar." in one.stderr


def test_over_some_of_the_logs_nothing_is_said_of_the_others(logs: dict[str, PublishedLog]) -> None:
    listed = hansa("join", folder(logs["luebeck"]), folder(logs["bremen"]), "--format", "json")
    [question] = [row for row in json.loads(listed.stdout) if row["not known"]]
    assert (question["no entry"], question["not known"]) == ("", "hamburg, wismar")


def test_the_question_of_kept_evidence_is_followed(log: PublishedLog, served: SimulatedLeague, tmp_path: Path) -> None:
    with sdk.connect(served.profile) as league:
        league.sql("SELECT COUNT(*) AS n FROM harbour.ships").save_evidence(tmp_path / "evidence")
    result = hansa("join", folder(log), "--receipt", tmp_path / "evidence", "--format", "json")
    said = {row["city"]: row["outcome"] for row in json.loads(result.stdout)}
    assert said == {
        city: "not known: its log here ends before the question was settled"
        if city == "luebeck"
        else "not known: its log is not here"
        for city in SIMULATED
    }
    assert f"Asked were {len(SIMULATED)} cities; not known without their logs: " in result.stderr
    assert "to be fetched again, since the logs here end too early: luebeck" in result.stderr


def test_every_question_of_a_statement_is_followed(log: PublishedLog, served: SimulatedLeague, tmp_path: Path) -> None:
    both = "SELECT (SELECT COUNT(*) FROM harbour.ships) AS a, (SELECT SUM(tons) FROM harbour.ships) AS b"
    with sdk.connect(served.profile) as league:
        league.sql(both).save_evidence(tmp_path / "evidence")
    result = hansa("join", folder(log), "--receipt", tmp_path / "evidence", "--format", "json")
    rows = [(row["question"], row["city"]) for row in json.loads(result.stdout)]
    assert rows == [(number, city) for number in (1, 2) for city in sorted(SIMULATED)]
    assert f"Question 2: Asked were {len(SIMULATED)} cities" in result.stderr


def test_two_folders_of_one_city_and_an_unknown_question_are_plain_errors(log: PublishedLog) -> None:
    assert "name each city once" in hansa("join", folder(log), folder(log)).stderr
    unknown = hansa("join", folder(log), "--query-hash", "0000000000000000")
    assert unknown.exit_code == 2
    assert "no question in these logs begins with 0000" in unknown.stderr


def test_ocsf_events_are_one_a_line_in_ascii(log: PublishedLog, tmp_path: Path) -> None:
    assert hansa("export", folder(log), "--format", "ocsf", "--output", tmp_path / "x.jsonl").exit_code == 0
    content = (tmp_path / "x.jsonl").read_bytes()
    events = [json.loads(line) for line in content.splitlines()]
    assert content.isascii()
    assert [event["metadata"]["sequence"] for event in events] == list(range(len(log.leaves)))


@pytest.mark.produces("log_invalid")
def test_a_log_that_was_changed_is_not_listed(log: PublishedLog, tmp_path: Path) -> None:
    forged = replace(log, leaves=[*log.leaves[:5], log.leaves[4], *log.leaves[6:]]).write(tmp_path / "forged")
    (forged / "checkpoint").write_bytes((folder(log) / "checkpoint").read_bytes())
    for name in ("vkeys.txt", "policy.txt", "roster.json"):
        (forged / name).write_bytes((folder(log) / name).read_bytes())
    for command in (("log",), ("show", 3), ("export", "--format", "ocsf"), ("prove", 3)):
        result = hansa(command[0], forged, *command[1:])
        assert (result.exit_code, result.stdout) == (5, ""), command
        assert "log_invalid" in result.stderr


class Page(HTMLParser):
    """Which elements a page has, and what they load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "srcset", "action")]


def test_the_page_has_everything_in_itself_and_runs_nothing(log: PublishedLog, tmp_path: Path) -> None:
    html = tmp_path / "page.html"
    assert hansa("report", folder(log), "--html", html, "--profile", log.profile).exit_code == 0
    text = html.read_text(encoding="utf-8")
    page = Page(text)
    assert "svg" in page.tags
    assert page.loads == []
    assert not {"script", "iframe", "link", "object", "img"} & page.tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in text
    for said in (
        "The log holds",
        "No published table can answer it",
        "residents: under 1% used",
        "Budget residents began",
    ):
        assert said in text
    assert "The keys used for this check came with the log" not in text
    assert "url(" not in text


def test_the_page_says_first_that_a_log_does_not_hold(log: PublishedLog, tmp_path: Path) -> None:
    forged = replace(log, leaves=[*log.leaves[:5], log.leaves[4], *log.leaves[6:]]).write(tmp_path / "forged")
    for name in ("checkpoint", "vkeys.txt", "policy.txt", "roster.json"):
        (forged / name).write_bytes((folder(log) / name).read_bytes())
    result = hansa("report", forged, "--html", tmp_path / "page.html")
    assert result.exit_code == 5
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "problems found" in text or "problem found" in text
    assert "nothing is counted" in text
    assert "The keys used for this check came with the log" in text


def test_a_log_of_absurd_times_still_makes_a_page(log: PublishedLog, tmp_path: Path) -> None:
    odd = PublishedLog(log.league, log.roster, "luebeck")
    odd.append(LogGenesis(origin=log.member.log_origin, log_key=log.member.log_key.hex())).ask(2)
    odd.time_unix_s = 2**52
    odd.ask(2)
    served = odd.write(tmp_path / "served")
    assert hansa("fetch", served, tmp_path / "log", "--profile", log.profile).exit_code == 0
    assert hansa("report", tmp_path / "log", "--html", tmp_path / "page.html").exit_code == 5
    for command in (("log",), ("show", 4), ("join",), ("export", "--format", "ocsf")):
        assert hansa(command[0], tmp_path / "log", *command[1:]).exit_code == 0, command


@pytest.mark.parametrize("command", ["fetch", "verify", "log", "show", "opening", "prove", "join", "report", "export"])
def test_every_command_has_an_example_and_says_its_exit_codes(command: str) -> None:
    text = hansa(command, "--help").output
    assert f"Example: hansa audit {command}" in text
    assert "Exit codes: 0" in text


def page_of(log: PublishedLog, into: Path, *options: str) -> str:
    result = hansa("report", folder(log), "--html", into / "page.html", "--profile", log.profile, *options)
    assert result.exit_code == 0, result.output
    return (into / "page.html").read_text(encoding="utf-8")


def test_the_page_shows_opened_questions_as_sql_with_who_asked_whom_what_for(log: PublishedLog, tmp_path: Path) -> None:
    text = page_of(log, tmp_path)
    asked = sum(row["type"] == "query.decision" for row in rows(log))
    assert f"1 of {asked} questions were opened for this page" in text
    [question] = re.findall(r"<li><p>([^<]*)</p><pre>([^<]*)</pre></li>", text)
    assert "asked bremen, hamburg, luebeck and wismar, for statistics. Answered, from data version 1." in question[0]
    assert re.search(r"SELECT\s.*COUNT\(\*\)", question[1], re.DOTALL)
    sealed = page_of(log, tmp_path, "--until", "2026-01-01T00:20:00")
    assert "none was opened for this page" in sealed
    newest = max(row["time_unix_s"] for row in rows(log))
    alone = page_of(log, tmp_path, "--since", datetime.fromtimestamp(newest, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    assert "The text of every question was opened for this page." in alone
    assert "text of the others" not in alone


def test_the_page_counts_a_period_and_verifies_the_whole_log(log: PublishedLog, tmp_path: Path) -> None:
    text = page_of(log, tmp_path, "--since", "2026-01-01T00:15:00", "--until", "2026-01-01T00:20:00")
    within = rows(log, "--since", "2026-01-01T00:15:00", "--until", "2026-01-01T00:20:00")
    assert f"<b>{len(within)}</b><span>questions</span>" in text
    assert f"All {len(log.leaves)} entries are exactly those that the city signed" in text
    assert "Only 1 January 2026 to 1 January 2026." in text
    spent = max(row["cost"] is not None for row in within)
    assert spent
    assert "residents: under 1% used" in text  # what was spent before the period counts
    empty = page_of(log, tmp_path, "--since", "2026-02-01")
    assert "Nobody has asked this city anything in this time" in empty


def test_the_page_tells_restarts_versions_and_rules_and_what_no_log_proves(log: PublishedLog, tmp_path: Path) -> None:
    roster = RosterRef(version=1, hash=roster_hash(log.roster))
    other = PublishedLog(log.league, log.roster, log.city).begin()
    leaf = encode_entry(
        Entry(
            time_unix_s=other.time_unix_s + 60,
            node=log.city,
            software="0.2.0",
            body=NodeStarted(policy=POLICY, roster=roster),
        )
    )
    other.leaves.append(leaf)
    hansa("fetch", other.write(tmp_path / "served"), tmp_path / "log", "--profile", log.profile)
    assert hansa("report", tmp_path / "log", "--html", tmp_path / "page.html").exit_code == 0
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    for said in (
        "The node was started, with software 0.2.0",
        "The node’s software changed from 0.1.0 to 0.2.0",
        "Policy open-data, version 1, came into force",
        "housing.permits/1 is offered at level controlled",
        "Questions about housing.permits/1 are answered from data version 1 on",
        "No log can prove that every question was written into it",
        "<details><summary>The root hash</summary>",
    ):
        assert said in text, said
    assert "--profile" not in text


def test_several_cities_stand_on_one_page(logs: dict[str, PublishedLog], tmp_path: Path) -> None:
    html = tmp_path / "page.html"
    assert hansa("report", *map(folder, logs.values()), "--html", html).exit_code == 0
    text = html.read_text(encoding="utf-8")
    assert "<h1>What 3 cities were asked</h1>" in text
    told = {
        city: tuple(map(int, numbers))
        for city, *numbers in re.findall(
            r'<th scope="row">(\w+)</th><td>holds</td><td class="n" data-label="questions">(\d+)</td>'
            r'<td class="n" data-label="answered">(\d+)</td><td class="n" data-label="refused">(\d+)</td>',
            text,
        )
    }
    assert told["bremen"] == (1, 0, 1)
    assert told["hamburg"] == (0, 0, 0)
    assert told["luebeck"][0] == sum(row["type"] == "query.decision" for row in rows(logs["luebeck"]))
    for number, city in enumerate(logs, start=1):
        assert f'<article id="city-{number}"><header><h1>What {city} was asked' in text
    twice = hansa("report", folder(logs["bremen"]), folder(logs["bremen"]), "--html", html)
    assert (twice.exit_code, "name each log once" in twice.stderr) == (2, True)
    damaged = tmp_path / "damaged"
    shutil.copytree(folder(logs["hamburg"]), damaged)
    (damaged / "tile/0/000.p/8").write_bytes(bytes(256))
    assert hansa("report", folder(logs["bremen"]), damaged, "--html", html).exit_code == 5
    assert '<th scope="row">hamburg</th><td>does not hold</td>' in html.read_text(encoding="utf-8")


def test_every_colour_of_a_bar_stands_out_against_the_gap_between_two() -> None:
    """WCAG 2.2, 1.4.11: 3 to 1, in light and in dark; neighbours are parted by a gap in the colour of the card."""
    light, dark = STYLE.split("@media screen and (prefers-color-scheme:dark)", 1)
    for scheme in (light, dark.split("*{", 1)[0]):
        colours = dict(re.findall(r"--(o[0-3]|card):(#[0-9a-f]+)", scheme))
        assert len(colours) == 5
        card = luminance(colours.pop("card"))
        for name, colour in colours.items():
            low, high = sorted((luminance(colour), card))
            assert (high + 0.05) / (low + 0.05) >= 3, name
    assert "gap:2px" in STYLE


def luminance(colour: str) -> float:
    """Relative luminance of a colour, as WCAG defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class Tables(HTMLParser):
    """Tables without a caption, and heads that do not say what they are heads of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.open = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.open += 1
        if tag == "caption":
            self.open -= 1
        if tag == "th" and dict(attrs).get("scope") not in ("row", "col"):
            self.wrong.append(self.get_starttag_text() or "")


def test_every_table_has_a_caption_and_every_number_of_a_bar_stands_in_words(log: PublishedLog, tmp_path: Path) -> None:
    text = page_of(log, tmp_path)
    tables = Tables(text)
    assert (tables.open, tables.wrong) == (0, [])
    assert "title=" not in text
    asked = [row for row in rows(log) if row["purpose"] == "statistics"]
    refused = sum(row["decision"] == "refuse" for row in asked)
    assert f"<small>{len(asked) - refused} answered, {refused} refused</small>" in text
