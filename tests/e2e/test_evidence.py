"""What the running league leaves behind for an auditor, and that killing or restoring a node takes nothing of it."""

from __future__ import annotations

import io
import random
import shutil
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console

import hansa
from hansa.errors import CoordinatorError
from hansa_auditor import Auditor
from hansa_core.evidence.log_entries import NodeRecovered, NodeStarted
from hansa_core.evidence.query_entries import QueryDecision
from hansa_core.tlog.proof import decode_proof
from hansa_demo.evidence_stop import show_evidence
from hansa_demo.league import CITIES
from hansa_demo.leagues.permits import PERMITS
from hansa_go_verifier import GoVerifier
from hansa_node.app.config import read_config
from hansa_running_league import TOGETHER, RunningLeague, eventually
from hansa_tlog_values import flipped

pytestmark = pytest.mark.xdist_group("league")

NOT_PUBLISHED = "SELECT city_track, applied_year, COUNT(*) FROM housing.permits GROUP BY city_track, applied_year"


@pytest.fixture
def auditor(demo: RunningLeague, tmp_path: Path) -> Auditor:
    return Auditor(demo.directory / "auditors" / "seattle" / "profile.toml", tmp_path)


def decisions(auditor: Auditor, city: str) -> list[QueryDecision]:
    return [entry.body for entry in auditor.entries(city) if isinstance(entry.body, QueryDecision)]


def fetch_until(auditor: Auditor, city: str, size: int) -> None:
    """A mirror may lag behind, and cosignatures come a moment after the entries."""
    eventually(lambda: auditor.fetch(city).size >= size)


def assert_holds(auditor: Auditor, go: GoVerifier, city: str, receipts: list[bytes]) -> None:
    """By our tool, and by Go's packages."""
    kept = auditor.keep_receipts(city, receipts)
    verdict = auditor.verify(city)
    assert verdict.findings == ()
    assert verdict.is_anchored
    assert verdict.receipts == len(kept)
    assert go.complaint(auditor.of(city), kept, quorum=auditor.quorum(city)) is None


def test_every_citys_log_knows_the_question_and_holds_its_receipt(
    demo: RunningLeague, auditor: Auditor, go: GoVerifier
) -> None:
    answer = demo.league.sql(TOGETHER)
    receipts = {city: given.receipt for city, given in answer.evidence.answers.items()}
    assert receipts.keys() == set(CITIES)
    for city, receipt in receipts.items():
        proof = decode_proof(receipt)
        fetch_until(auditor, city, proof.index + 1)
        assert_holds(auditor, go, city, [receipt])
        (found,) = [body for body in decisions(auditor, city) if body.query_hash == answer.query_hash.hex()]
        assert auditor.entries(city)[proof.index].body == found


def test_the_auditors_commands_fetch_verify_and_join_what_the_cities_logged(
    demo: RunningLeague, auditor: Auditor, tmp_path: Path
) -> None:
    kept = tmp_path / "answer"
    assert demo.run("query", TOGETHER, "--receipt", str(kept)).returncode == 0
    profile = ("--profile", str(auditor.profile_file))
    for city in CITIES:
        receipt = decode_proof((kept / "answers" / f"{city}.tlog-proof").read_bytes())
        fetch_until(auditor, city, receipt.index + 1)
    again = demo.run("audit", "fetch", CITIES[0], str(auditor.of(CITIES[0])), *profile)
    assert again.returncode == 0, again.stderr
    verified = demo.run("audit", "verify", str(auditor.of("seattle")), "--receipt", str(kept), *profile)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    joined = demo.run("audit", "join", *(str(auditor.of(city)) for city in CITIES), "--receipt", str(kept))
    assert joined.returncode == 0, joined.stderr
    assert all(city in joined.stdout for city in CITIES)
    bundle = next(path for path in (auditor.of("seattle") / "tile" / "entries").rglob("*") if path.is_file())
    bundle.write_bytes(flipped(bundle.read_bytes(), 800))
    assert demo.run("audit", "verify", str(auditor.of("seattle")), *profile).returncode == 5


def test_the_last_stop_of_the_tour_finds_its_receipts_in_the_log_of_a_city_that_only_dials_out(
    demo: RunningLeague,
) -> None:
    told = io.StringIO()
    answers = [demo.league.sql(TOGETHER), demo.league.sql(NOT_PUBLISHED)]
    assert {report.state.value for report in answers[1].cities} == {"refused"}
    show_evidence(demo.directory, PERMITS, answers, Console(file=told, width=120))
    assert "Everything holds." in told.getvalue()
    assert "seattle (node.seattle/log)" in told.getvalue()
    assert "2 receipts" in told.getvalue()


class Asking:
    """Asks for as long as the block runs, and keeps the receipts that the cities give."""

    def __init__(self, demo: RunningLeague, cities: Sequence[str]) -> None:
        self.receipts: dict[str, list[bytes]] = {city: [] for city in cities}
        self._demo = demo
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(3)]

    def __enter__(self) -> Asking:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def await_answers_of(self, *cities: str) -> None:
        """Wait until the cities, which may just have been started, answer under this load."""
        enough = {city: len(self.receipts[city]) + 5 for city in cities}
        eventually(lambda: all(len(self.receipts[city]) >= enough[city] for city in cities))

    def _ask(self) -> None:
        with hansa.connect(self._demo.profile) as league:
            while not self._is_over.is_set():
                with suppress(CoordinatorError):
                    answers = league.sql(TOGETHER).evidence.answers
                    for city in self.receipts.keys() & answers.keys():
                        self.receipts[city].append(answers[city].receipt)


def test_ten_kills_at_work_take_no_receipt_of_two_cities_out_of_their_logs(
    demo: RunningLeague, auditor: Auditor, go: GoVerifier
) -> None:
    cities = ("san-diego", "san-francisco")
    starts = dict.fromkeys(cities, 0)
    for city in cities:
        auditor.fetch(city)
        starts[city] = starts_of(auditor, city)
    with Asking(demo, cities) as asking:
        for kill in range(10):  # in turn, since each is a witness whom the other one waits for at its start
            city = cities[kill % 2]
            asking.await_answers_of(city)
            time.sleep(random.uniform(0, 0.3))
            demo.stop(city, signal.SIGKILL)
            demo.start(city)
        asking.await_answers_of(*cities)
    eventually(demo.all_answer)
    for city, receipts in asking.receipts.items():
        fetch_until(auditor, city, 1 + max(decode_proof(receipt).index for receipt in receipts))
        assert len({decode_proof(receipt).index for receipt in receipts}) == len(receipts) >= 5 * 5
        assert_holds(auditor, go, city, receipts)
        assert starts_of(auditor, city) == starts[city] + 5


def starts_of(auditor: Auditor, city: str) -> int:
    return sum(isinstance(entry.body, NodeStarted) for entry in auditor.entries(city))


def has_settled(auditor: Auditor, city: str) -> bool:
    """Whether all that was cosigned is mirrored, and nothing comes any more: peers' heads follow a question."""
    sizes = set()
    for _ in range(3):
        sizes |= {auditor.fetch(city).size, auditor.fetch_mirrored(city).size}
        time.sleep(0.8)
    return len(sizes) == 1


def test_a_node_restored_from_a_backup_signs_nothing_until_it_is_recovered(
    demo: RunningLeague, auditor: Auditor, go: GoVerifier
) -> None:
    city = "san-francisco"
    store = read_config(demo.node_config(city)).store
    backup = store.with_name("backup.sqlite")
    demo.stop(city, signal.SIGTERM)
    shutil.copy(store, backup)
    demo.start(city)
    eventually(demo.all_answer)
    eventually(lambda: has_settled(auditor, city))
    demo.stop(city, signal.SIGKILL)
    for leftover in store.parent.glob(f"{store.name}-*"):
        leftover.unlink()
    backup.rename(store)

    config = str(demo.node_config(city))
    refused = demo.run("node", "serve", "--config", config)
    assert refused.returncode == 2
    assert "hansa node recover" in refused.stderr

    recovered = demo.run("node", "recover", "--config", config)
    assert recovered.returncode == 0, recovered.stderr
    demo.start(city)
    eventually(demo.all_answer)
    auditor.fetch(city)
    assert_holds(auditor, go, city, [])
    assert any(isinstance(entry.body, NodeRecovered) for entry in auditor.entries(city))
