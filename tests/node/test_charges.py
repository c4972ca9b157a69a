"""What is spent never passes a limit, whoever asks at once and whatever is killed; a price that only tests have."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hansa_core.budget.ledger_charge import LedgerCharge
from hansa_core.errors import StoreCorruptError
from hansa_core.evidence.body import RosterRef
from hansa_core.partial.answer import DryRun, Refusal, Release
from hansa_core.plan.expression import Call, Column, Op, literal
from hansa_core.policy.decide import Bound, Refuse
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import verify
from hansa_log_checks import rows, types
from hansa_node.log.announcements import LeagueChangedError
from hansa_node.pipeline import release as release_module
from hansa_node.pipeline.bind import BoundQuestion
from hansa_node.pipeline.dry_run import dry_run
from hansa_node.pipeline.verify import verify as verify_query
from hansa_node.store.reservations import Reservation
from hansa_store_values import ASKED, NONCE, NOW, ROSTER, FixedPrice, begun
from hansa_test_node import BY_KIND, BY_MODE, CITY, NodeHome, ask, decisions, pipeline_over
from hansa_wire.codec.answer_codec import decode_dry_run

COST, LIMIT = 7, 30
FITTING = LIMIT // COST
LIFETIME = LedgerCharge(ledger="residents", cost=COST, limit=LIMIT)
PERIOD = LedgerCharge(ledger="residents this year", cost=1, limit=1_000)
SPENT = "SELECT ledger, max(spent), sum(cost), count(*) FROM charges GROUP BY ledger ORDER BY ledger"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.sqlite"


@pytest.fixture
def priced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every plan costs something."""
    monkeypatch.setattr(
        BoundQuestion,
        "bound",
        property(lambda plan: Bound(level=plan.dataset.manifest.level, charges=(LIFETIME, PERIOD))),
    )


def charge(store: Any, number: int, *charges: LedgerCharge, roster: RosterRef = ROSTER) -> Reservation | Refuse:
    asked = replace(ASKED, query_hash=number.to_bytes(32, "big"), roster=roster)
    reservation: Reservation | Refuse = store.charge(FixedPrice(charges), asked, number.to_bytes(16, "big"), now=NOW)
    return reservation


@pytest.mark.parametrize("at_once", [1, 16])
def test_of_questions_that_race_for_the_last_of_a_limit_none_spends_what_another_has(path: Path, at_once: int) -> None:
    store = begun(path, commit_window_ms=20)
    start = threading.Barrier(at_once)

    def race(number: int) -> Reservation | Refuse:
        start.wait()
        return charge(store, number, LIFETIME, PERIOD)

    with ThreadPoolExecutor(at_once) as pool:
        ended = list(pool.map(race, range(16)))
    store.close()
    assert sum(isinstance(each, Reservation) for each in ended) == FITTING
    assert all(each.refusal.code == "budget_exhausted" for each in ended if isinstance(each, Refuse))
    assert rows(path, SPENT) == [
        ("residents", COST * FITTING, COST * FITTING, FITTING),
        ("residents this year", FITTING, FITTING, FITTING),
    ]


def test_a_question_that_is_refused_in_one_ledger_is_charged_in_none(path: Path) -> None:
    store = begun(path)
    assert isinstance(charge(store, 1, PERIOD, replace(LIFETIME, limit=COST - 1)), Refuse)
    assert store.spent(["residents", "residents this year"]) == {"residents": 0, "residents this year": 0}
    assert store.nonce_owner(ASKED.key_id, (1).to_bytes(16, "big")) is None
    store.close()
    assert rows(path, "SELECT * FROM reservations") == []


def test_a_kill_between_charge_and_commit_keeps_the_charge_and_what_is_left_is_all_that_is_left(path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2].split(":")
from hansa_store_values import begun
from test_charges import LIFETIME, charge
store = begun(Path(sys.argv[1]))
for number in range(3):
    charge(store, number, LIFETIME)
os.kill(os.getpid(), signal.SIGKILL)
"""
    folders = ":".join(
        str(ROOT / name) for name in ("core", "protos", "node", "local", "governance", "tests/support", "tests/node")
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path), folders], check=False)
    assert killed.returncode == -signal.SIGKILL
    store = begun(path)
    assert types(path)[2:] == ["query.aborted"] * 3 + ["node.started"]
    assert store.spent(["residents"]) == {"residents": 3 * COST}
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(lambda number: charge(store, number, LIFETIME), range(10, 18)))
    store.close()
    assert sum(isinstance(each, Reservation) for each in ended) == FITTING - 3
    assert rows(path, SPENT) == [("residents", COST * FITTING, COST * FITTING, FITTING)]


@pytest.mark.produces("budget_exhausted")
@pytest.mark.usefixtures("priced")
def test_whole_questions_that_race_are_answered_while_the_budget_lasts_and_then_refused(
    node: NodeHome, tmp_path: Path
) -> None:
    store = tmp_path / "store.sqlite"
    plans = [replace(BY_MODE, where=Call(Op.EQ, (Column("minutes"), literal(minutes)))) for minutes in range(8)]
    queries = [node.signed(node.query(plan)) for plan in plans]
    with node.context(store) as context:

        async def at_once() -> list[Any]:
            async with pipeline_over(context) as pipeline:
                return await asyncio.gather(*(pipeline.ask(query, node.credential) for query in queries))

        outcomes = [node.opened(answered.envelope).outcome for answered in asyncio.run(at_once())]
        answered = [plan for plan, each in zip(plans, outcomes, strict=True) if isinstance(each, Release)]
        refused = [each for each in outcomes if isinstance(each, Refusal)]
        assert len(answered) == FITTING
        assert {each.code for each in refused} == {"budget_exhausted"}
        # What was answered is answered again, and costs nothing.
        (again,) = ask(node, context, node.signed(node.query(answered[0])))
        assert isinstance(node.opened(again).outcome, Release)
        assert context.store.spent(["residents"]) == {"residents": COST * FITTING}
    assert rows(store, "SELECT count(*) FROM reservations") == [(0,)]
    assert decisions(store).count(("refuse", "budget_exhausted", 0)) == len(plans) - FITTING


@pytest.mark.usefixtures("priced")
def test_an_error_after_the_charge_keeps_it(node: NodeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with node.context(tmp_path / "store.sqlite") as context:
        monkeypatch.setattr(release_module, "execute", broken)
        with pytest.raises(ZeroDivisionError):
            ask(node, context, node.signed(node.query()))
        assert context.store.spent(["residents"]) == {"residents": COST}


def test_a_question_that_a_newer_roster_overtook_is_not_charged(path: Path) -> None:
    store = begun(path)
    store.accept_roster(RosterRef(version=2, hash="21" * 32), (), now=NOW)
    with pytest.raises(LeagueChangedError):
        charge(store, 1, LIFETIME)
    assert store.spent(["residents"]) == {"residents": 0}
    store.close()


@pytest.mark.usefixtures("priced")
def test_a_dry_run_says_the_price_takes_nothing_and_knows_what_is_free(node: NodeHome, tmp_path: Path) -> None:
    with node.context(tmp_path / "store.sqlite") as context:

        def told(plan: Any) -> DryRun:
            signed = node.signed(node.query(plan), payload_types.DRY_RUN)
            verified = verify_query(signed, node.credential, payload_types.DRY_RUN, context.league.now, context)
            report = dry_run(verified, context)
            key = node.roster.member(CITY).answer_key
            return decode_dry_run(verify(report, payload_types.DRY_RUN_REPORT, (key,)))

        assert (told(BY_MODE).refusal, told(BY_MODE).cost_microrho) == (None, COST + 1)
        assert context.store.spent(["residents"]) == {"residents": 0}
        ask(node, context, node.signed(node.query(BY_MODE)))
        assert (told(BY_MODE).refusal, told(BY_MODE).cost_microrho) == (None, 0)
        for number in range(FITTING - 1):
            charge(context.store, number, LIFETIME, roster=context.league.now.roster_ref)
        refused = told(BY_KIND).refusal
        assert refused is not None
        assert refused.code == "budget_exhausted"
        assert told(BY_MODE).refusal is None


def test_a_charge_whose_nonce_another_question_holds_is_undone(path: Path) -> None:
    store = begun(path)
    other = replace(ASKED, query_hash=os.urandom(32))
    assert isinstance(store.charge(FixedPrice((LIFETIME,)), ASKED, NONCE, now=NOW), Reservation)
    with pytest.raises(StoreCorruptError, match="nonce"):
        store.charge(FixedPrice((LIFETIME,)), other, NONCE, now=NOW)
    assert store.spent(["residents"]) == {"residents": COST}
    store.close()
