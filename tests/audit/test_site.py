"""A public register: who is in it, what it shows and keeps sealed, and that its pages are valid."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import html5lib
import pytest
from typer.testing import CliRunner, Result

from hansa.cli import app
from hansa_audit.fetching.auditor_profile import load_auditor, roster_of
from hansa_audit.fetching.fetch_log import fetch_log
from hansa_audit.fetching.places import wanted_log
from hansa_audit.register.register import QUESTIONS_A_PAGE, Register
from hansa_core.evidence.body import PolicyRef, RosterRef
from hansa_core.evidence.log_entries import NodeStarted
from hansa_core.evidence.opening import encode_disclosure, seal_opening
from hansa_core.evidence.rule_entries import PolicyPublished
from hansa_core.league.roster import roster_hash
from hansa_core.policy.policy import DenyList, Policy, Rule
from hansa_core.policy.published_rules import deny_value, policy_rules, rules_hash
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_core.signing.envelope_json import envelope_to_json
from hansa_core.tlog.checkpoint import Checkpoint, sign_checkpoint
from hansa_core.tlog.merkle import leaf_hash, root_of_leaves
from hansa_core.tlog.note import ED25519, VerifierKey
from hansa_local.clock import utc_now
from hansa_log_entries import POLICY, decision_on, digest_of
from hansa_published_log import PublishedLog, published_log
from hansa_wire.codec.query_codec import encode_query
from hansa_wire_values import a_query

FIRST, SECOND = "luebeck", "bremen"


def site(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["audit", "site", *map(str, arguments)], catch_exceptions=False)


def reference(log: PublishedLog) -> RosterRef:
    return RosterRef(version=log.roster.version, hash=roster_hash(log.roster))


def taking_part(log: PublishedLog, *, register: bool = True) -> PublishedLog:
    return log.append(NodeStarted(policy=POLICY, roster=reference(log), register=register))


def fetched(log: PublishedLog, folder: Path) -> Path:
    served = log.write(folder / f"served-{log.city}")
    settings = load_auditor(log.profile)
    roster, document = roster_of(settings, utc_now())
    fetch_log(wanted_log(str(served), settings, roster), folder / log.city, roster=roster, document=document)
    return folder / log.city


@pytest.fixture
def log(tmp_path: Path) -> PublishedLog:
    return taking_part(published_log(tmp_path)).ask(9)


def pages(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_every_question_stands_in_it_with_what_became_of_it(log: PublishedLog, tmp_path: Path) -> None:
    result = site(fetched(log, tmp_path), tmp_path / "site")
    assert (result.exit_code, "1 cities, 9 questions" in result.output) == (0, True), result.output
    questions = pages(tmp_path / "site")[f"{FIRST}/questions-1.html"]
    assert questions.count("<section id=") == 9
    assert questions.count(": refused</h2>") == 3
    assert questions.count("No published table can answer it") == 3
    assert questions.count("1 millionths of ρ of residents") == 6
    assert questions.count("The question is sealed") == 9


def test_pages_are_valid_html_that_runs_nothing_but_the_search(log: PublishedLog, tmp_path: Path) -> None:
    site(fetched(log, tmp_path), tmp_path / "site")
    found = pages(tmp_path / "site")
    html = {name: content for name, content in found.items() if name.endswith(".html")}
    assert set(html) == {
        "index.html",
        "search.html",
        *(f"{FIRST}/{each}.html" for each in ("index", "rules", "questions-1")),
    }
    for name, content in html.items():
        html5lib.HTMLParser(strict=True).parse(content)
        assert ("<script" in content) == (name == "search.html")
        for link in re.findall(r'(?:href|src)="([^"#]+)', content):  # links lead to files that are there
            assert ((tmp_path / "site" / name).parent / link).resolve().is_file(), link
    listed = json.loads(found["register.json"])["files"]
    assert sorted(found) == sorted([*listed, "register.json"])


def test_rules_stand_in_it_line_by_line_with_what_changed(tmp_path: Path) -> None:
    log, documents = taking_part(published_log(tmp_path)), []
    for version, organisation in ((1, "bremen"), (2, "<b>\x1bhamburg</b>")):
        rule = Rule(datasets=frozenset("*"), purposes=frozenset({"planning"}), organisations=frozenset({organisation}))
        opening = seal_opening({"deny": deny_value(DenyList())}, {"deny": bytes([version]) * 16})
        policy = Policy(id="town", version=version, rules=(rule,), deny=DenyList())
        documents.append(policy_rules(policy, opening.digests["deny"]))
        reference, rules = PolicyRef(id="town", version=version), rules_hash(documents[-1])
        log.append(PolicyPublished(policy=reference, policy_hash=rules, opening=opening.digests))
    folder = fetched(log, tmp_path)
    (folder / "rules").mkdir(exist_ok=True)
    for document in documents:
        (folder / f"rules/{rules_hash(document)}.json").write_bytes(document)
    site(folder, tmp_path / "site")
    content = pages(tmp_path / "site")[f"{FIRST}/rules.html"]
    shown, changed = re.findall(r"<pre>([^<]*)</pre>", content)
    assert {"kind: hansa.policy/1", "  purposes:", "  - planning"} <= set(shown.split("\n"))
    assert "-version: 1" in changed.split("\n")
    assert "hamburg&lt;/b&gt;" in shown
    assert "\x1b" not in content
    html5lib.HTMLParser(strict=True).parse(content)


def test_a_made_up_log_writes_no_file_elsewhere(tmp_path: Path) -> None:
    """Where nobody knows whose log it is, its name is whatever its maker likes."""
    log, folder, origin = taking_part(published_log(tmp_path)), tmp_path / "made-up", "../../elsewhere"
    signer = Ed25519Signer(bytes(32))
    made_up = replace(log, leaves=[b"no entry", *log.leaves])
    made_up.write(folder)
    root = root_of_leaves([leaf_hash(leaf) for leaf in made_up.leaves])
    (folder / "checkpoint").write_bytes(sign_checkpoint(Checkpoint(origin, len(made_up.leaves), root), signer))
    vkey = VerifierKey(origin, ED25519, signer.public_key).text
    (folder / "vkeys.txt").write_text(f"{vkey}\n")
    (folder / "policy.txt").write_text(f"log {vkey}\nquorum none\n")
    result = site(folder, tmp_path / "pages/site", "--league", "hanse")
    assert f"{origin} takes no part" in result.output
    assert not list(tmp_path.glob("elsewhere*"))


def test_a_made_up_name_steers_no_terminal(tmp_path: Path) -> None:
    register = Register(league="hanse", logs=(), left_out=("evil\x1b[31m\u202e",), now_unix_s=0, url="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hansa_audit.register.make_register.make_register", lambda *arguments, **options: register)
        result = site(tmp_path, tmp_path / "site")
    assert "takes no part" in result.output
    assert not {"\x1b", "\u202e"} & set(result.output)


def test_a_time_beyond_the_calendar_spoils_no_feed(tmp_path: Path) -> None:
    log = taking_part(published_log(tmp_path))
    log.time_unix_s = 2**50
    log.ask(1)
    site(fetched(log, tmp_path), tmp_path / "site")
    found = pages(tmp_path / "site")
    [item] = json.loads(found["feed.json"])["items"]
    assert item["date_published"] == "9999-12-31T23:59:59Z"
    assert "31 Dec 9999" in str(ElementTree.fromstring(found["feed.xml"]).findtext("channel/item/pubDate"))


def test_the_search_has_the_questions_of_all_cities_by_their_time(log: PublishedLog, tmp_path: Path) -> None:
    other = taking_part(PublishedLog(log.league, log.roster, SECOND).begin()).ask(9)
    other.time_unix_s += 3600
    other.ask(1)
    site(fetched(log, tmp_path), fetched(other, tmp_path), tmp_path / "site")
    rows = json.loads(pages(tmp_path / "site")["search.js"].removeprefix("const QUESTIONS = ").partition(";\n")[0])
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)
    assert {row[0] for row in rows[:12]} == {FIRST, SECOND}


def test_a_city_that_does_not_take_part_is_left_out_and_named(log: PublishedLog, tmp_path: Path) -> None:
    silent = PublishedLog(log.league, log.roster, SECOND).begin().ask(3)
    result = site(fetched(log, tmp_path), fetched(silent, tmp_path), tmp_path / "site")
    assert f"{SECOND} takes no part in registers" in result.output
    found = pages(tmp_path / "site")
    assert f"Not in this register: {SECOND}" in found["index.html"]
    assert not [name for name in found if name.startswith(SECOND)]
    taking_part(silent)
    site(fetched(log, tmp_path), fetched(silent, tmp_path), tmp_path / "site")
    assert f"{SECOND}/index.html" in pages(tmp_path / "site")
    taking_part(silent, register=False)  # the last start counts
    site(fetched(log, tmp_path), fetched(silent, tmp_path), tmp_path / "site")
    assert not [name for name in pages(tmp_path / "site") if name.startswith(SECOND)]


def test_text_from_others_steers_no_page(tmp_path: Path) -> None:
    log = taking_part(published_log(tmp_path))
    nasty = "<script>alert(1)</script>&\"'</pre>]]>"
    log.append(decision_on("q", organisation=nasty, roster=reference(log)))
    site(fetched(log, tmp_path), tmp_path / "site", "--url", "https://r.example/")
    found = pages(tmp_path / "site")
    for name, content in found.items():
        if name.endswith(".html"):
            assert "<script>alert" not in content
            html5lib.HTMLParser(strict=True).parse(content)
    [item] = ElementTree.fromstring(found["feed.xml"]).iter("item")
    assert nasty in str(item.findtext("title"))
    assert nasty in json.loads(found["feed.json"])["items"][0]["title"]


def test_an_opened_question_is_shown_as_sql_without_its_analyst(tmp_path: Path) -> None:
    log = taking_part(published_log(tmp_path))
    query = a_query()
    signed = sign(payload_types.QUERY, encode_query(query), Ed25519Signer(bytes(32)))
    values: dict[str, Any] = {"query": envelope_to_json(signed).decode(), "analyst": {"subject": "ann", "key_id": "k"}}
    opening = seal_opening(values, {"query": bytes(16), "analyst": b"a" * 16})
    digests = {**opening.digests, "causes": digest_of("causes")}
    body = decision_on("q", roster=reference(log), query_hash=digest_of_bytes(signed.payload), opening=digests)
    log.append(body)
    folder = fetched(log, tmp_path)
    (folder / "openings").mkdir()
    for each in opening.disclosures:
        (folder / f"openings/{len(log.leaves) - 1}.{each.field}.json").write_bytes(encode_disclosure(each))
    site(folder, tmp_path / "site")
    questions = pages(tmp_path / "site")[f"{FIRST}/questions-1.html"]
    assert "<pre>SELECT" in questions
    assert "ann" not in questions.replace("annual", "")


def digest_of_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_question_keeps_its_page_when_the_log_grows(log: PublishedLog, tmp_path: Path) -> None:
    folder = fetched(log.ask(QUESTIONS_A_PAGE - 9), tmp_path)
    site(folder, tmp_path / "site", "--url", "https://r.example")
    before = pages(tmp_path / "site")
    site(fetched(log.ask(1), tmp_path), tmp_path / "site", "--url", "https://r.example")
    after = pages(tmp_path / "site")
    assert f"{FIRST}/questions-2.html" in after.keys() - before.keys()
    [newest, *_] = json.loads(after["feed.json"])["items"]
    assert newest["url"].startswith(f"https://r.example/{FIRST}/questions-2.html#entry-")
    assert before[f"{FIRST}/questions-1.html"].count("<section id=") == after[f"{FIRST}/questions-1.html"].count(
        "<section id="
    )


def test_a_folder_with_something_else_in_it_is_left_alone(log: PublishedLog, tmp_path: Path) -> None:
    folder = fetched(log, tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("mine")
    result = site(folder, tmp_path / "mine")
    assert (result.exit_code, "holds other files" in result.output) == (2, True)
    (tmp_path / "mine/register.json").write_text('{"files": ["../thesis.txt"]}')
    assert site(folder, tmp_path / "mine").exit_code == 2
    assert site(folder).exit_code == 2
    assert site(folder, folder, tmp_path / "site").exit_code == 2
    assert site(folder, tmp_path / "site", "--url", "ftp://x").exit_code == 2


def test_a_log_that_does_not_hold_says_so_first(log: PublishedLog, tmp_path: Path) -> None:
    folder = fetched(log, tmp_path)
    (folder / "tile/0/000.p").joinpath(str(len(log.leaves))).write_bytes(bytes(32 * len(log.leaves)))
    result = site(folder, tmp_path / "site")
    assert result.exit_code == 5
    assert "Something does not hold" in pages(tmp_path / "site")[f"{FIRST}/index.html"]


def test_without_its_library_the_command_says_what_to_install(
    log: PublishedLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = site(fetched(log, tmp_path), tmp_path / "site")
    assert (result.exit_code, "pip install 'hansa[audit]'" in result.output) == (2, True)
