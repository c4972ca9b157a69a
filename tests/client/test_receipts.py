"""What a coordinator or a city can do to a receipt: whatever it is, the answer is not trusted, and a code says why."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hansa
from hansa.answering.coverage import CityReport, ExitCode, Outcome
from hansa.answering.verify import verify_receipt
from hansa.errors import TrustError
from hansa_core.evidence.entry import MAX_ENTRY_BYTES
from hansa_core.partial.answer import SignedAnswer
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_core.tlog.checkpoint import Checkpoint, sign_checkpoint
from hansa_core.tlog.proof import MAX_HASHES, TlogProof, encode_proof
from hansa_core.tlog.spelling import MAX_NUMBER
from hansa_memory_log import MemoryLog, decision_on
from hansa_simulated_city import REFUSAL, Fault, SimulatedLeague
from hansa_trust_values import NOW, league_of
from hansa_wire.codec.answer_codec import encode_answer
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.limits import MAX_RECEIPT_BYTES
from hansa_wire.codec.progress import CityEvent

COUNT = "SELECT COUNT(*) AS n FROM harbour.ships"
Lie = Callable[[CityEvent], CityEvent]


@pytest.fixture(scope="module")
def league(served: SimulatedLeague) -> Iterator[hansa.League]:
    with hansa.connect(served.profile) as connected:
        yield connected


def asked_through(league: hansa.League, lie: Lie, monkeypatch: pytest.MonkeyPatch) -> hansa.Answer:
    """The answer where the coordinator tells what `lie` makes of each event; the cities answer one by one."""
    honest = league._connection._send

    def lying(*call: object) -> Generator[CityEvent, None, None]:
        events = sorted(honest(*call), key=lambda event: event.city)  # type: ignore[arg-type]
        yield from (lie(event) if event.answer is not None else event for event in events)

    with monkeypatch.context() as patched:
        patched.setattr(league._connection, "_send", lying)
        return league.sql(COUNT, partial=True)


def report_of(answer: hansa.Answer, city: str) -> CityReport:
    return next(report for report in answer.cities if report.city == city)


def test_a_coordinator_that_strips_the_receipts_leaves_nothing_to_trust(
    cities: SimulatedLeague, league: hansa.League, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = asked_through(league, lambda event: replace(event, receipt=b""), monkeypatch)
    assert {(report.state, report.code) for report in answer.cities} == {(Outcome.UNTRUSTED, "receipt_missing")}
    assert answer.table_rows == [{"n": None}]
    assert answer.exit_code is ExitCode.UNTRUSTED


def test_receipts_swapped_between_cities_are_not_trusted(
    cities: SimulatedLeague, league: hansa.League, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bytes] = []

    def swap(event: CityEvent) -> CityEvent:
        kept.append(event.receipt)
        return replace(event, receipt=kept[-2]) if len(kept) > 1 else event

    answer = asked_through(league, swap, monkeypatch)
    assert [report.state for report in answer.cities] == [Outcome.ANSWERED, Outcome.UNTRUSTED, Outcome.UNTRUSTED]
    assert {report.code for report in answer.cities[1:]} == {"receipt_invalid"}
    assert answer.table_rows == [{"n": 3}]


def test_the_receipt_of_an_older_answer_to_the_same_question_is_not_trusted(
    cities: SimulatedLeague, league: hansa.League, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = league.sql(COUNT).evidence.answers["bremen"]
    lie: Lie = lambda event: replace(event, receipt=older.receipt) if event.city == "bremen" else event  # noqa: E731
    report = report_of(asked_through(league, lie, monkeypatch), "bremen")
    assert (report.state, report.code) == (Outcome.UNTRUSTED, "receipt_invalid")
    assert "another query" in report.rule


def test_an_older_answer_with_its_own_receipt_is_not_trusted_either(
    cities: SimulatedLeague, league: hansa.League, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = league.sql(COUNT).evidence.answers["bremen"]

    def replay(event: CityEvent) -> CityEvent:
        return replace(event, answer=older.envelope, receipt=older.receipt) if event.city == "bremen" else event

    report = report_of(asked_through(league, replay, monkeypatch), "bremen")
    assert (report.state, report.code) == (Outcome.UNTRUSTED, "wrong_query")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_receipt_is_not_trusted(
    cities: SimulatedLeague, league: hansa.League, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    def cut(event: CityEvent) -> CityEvent:
        return replace(event, receipt=event.receipt[: int(share * len(event.receipt))])

    answer = asked_through(league, cut, monkeypatch)
    assert {report.state for report in answer.cities} == {Outcome.UNTRUSTED}
    assert {report.code for report in answer.cities} == {"receipt_invalid" if share else "receipt_missing"}


def test_a_refusal_needs_a_receipt_as_well(
    cities: SimulatedLeague, league: hansa.League, monkeypatch: pytest.MonkeyPatch
) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    proven = report_of(league.sql(COUNT), "bremen")
    assert (proven.state, proven.code, proven.proven) == (Outcome.REFUSED, "not_published", True)
    stripped = asked_through(league, lambda event: replace(event, receipt=b""), monkeypatch)
    assert report_of(stripped, "bremen").code == "receipt_missing"


def test_a_dry_run_and_a_description_have_no_receipt(cities: SimulatedLeague, league: hansa.League) -> None:
    assert all(word.report.proven for word in league.dry_run(COUNT))
    assert all(word.report.proven for word in league.published())


LEAGUE = league_of("bremen", "luebeck")
MEMBER = LEAGUE.roster.member("bremen")
KEYS = LEAGUE.holder("bremen")
ANSWER = SignedAnswer(city="bremen", query_hash=b"q" * 32, nonce=bytes(16), answered_at=NOW, outcome=REFUSAL)
PAYLOAD = encode_answer(ANSWER)


def log_of(city: str = "bremen", *, key_of: str = "bremen", origin_of: str = "bremen") -> MemoryLog:
    origin = LEAGUE.roster.member(origin_of).log_origin
    return MemoryLog(city, origin, LEAGUE.holder(key_of).log_key)


def verified(receipt: bytes) -> None:
    given = Answered(sign(payload_types.ANSWER, PAYLOAD, KEYS.answer_key), receipt)
    verify_receipt(given, MEMBER, ANSWER, organisation="Hanse", purpose="statistics")


def refused(receipt: bytes) -> str:
    with pytest.raises(TrustError) as broken:
        verified(receipt)
    assert broken.value.code == "receipt_invalid"
    return broken.value.text


def test_a_receipt_stays_good_while_the_log_grows() -> None:
    log = log_of()
    verified(log.decided(ANSWER, PAYLOAD))
    for _ in range(7):
        log.decided(ANSWER, b"others")
    verified(log.receipt(1))


@pytest.mark.parametrize(
    "log",
    [
        log_of(key_of="luebeck"),
        log_of(origin_of="luebeck"),
        log_of(key_of="luebeck", origin_of="luebeck"),
        MemoryLog("bremen", MEMBER.log_origin, KEYS.answer_key),
        MemoryLog("bremen", MEMBER.log_origin, KEYS.witness_key),
        MemoryLog("bremen", MEMBER.log_origin, Ed25519Signer(bytes(32))),
    ],
    ids=["another city's key", "another log's name", "another city's log", "answer key", "witness key", "any key"],
)
def test_only_the_citys_own_log_key_under_its_own_name_signs_a_receipt(log: MemoryLog) -> None:
    refused(log.decided(ANSWER, PAYLOAD))


def test_an_entry_by_another_node_in_the_citys_log_proves_nothing() -> None:
    assert "luebeck" in refused(log_of("luebeck").decided(ANSWER, PAYLOAD))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"query_hash": "00" * 32}, "another query"),
        ({"result_hash": "00" * 32}, "another answer"),
        ({"code": "denied"}, "refusal's code"),
        ({"organisation": "Somebody else"}, "another organisation"),
        ({"purpose": "curiosity"}, "another purpose"),
    ],
)
def test_a_log_that_tells_something_else_than_the_answer_proves_nothing(changes: dict[str, str], what: str) -> None:
    assert what in refused(log_of().decided(ANSWER, PAYLOAD, **changes))


def test_an_entry_that_is_no_decision_proves_nothing() -> None:
    assert "log.genesis" in refused(log_of().receipt(0))


def test_a_leaf_that_is_not_in_the_tree_proves_nothing() -> None:
    log, other = log_of(), log_of()
    receipt = log.decided(ANSWER, PAYLOAD)
    told = other.append(replace(decision_on(ANSWER, PAYLOAD), code="denied"), NOW)
    (extra,) = (line for line in told.splitlines() if line.startswith(b"extra "))
    refused(b"\n".join(extra if line.startswith(b"extra ") else line for line in receipt.split(b"\n")))


RECEIPT = log_of().decided(ANSWER, PAYLOAD)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 8 * len(RECEIPT) - 1))
def test_a_receipt_with_one_bit_changed_proves_nothing(bit: int) -> None:
    changed = bytearray(RECEIPT)
    changed[bit // 8] ^= 1 << bit % 8
    refused(bytes(changed))


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=400))
def test_bytes_that_are_no_receipt_prove_nothing_and_do_nothing_else(noise: bytes) -> None:
    with pytest.raises(TrustError):
        verified(noise)


def test_the_largest_receipt_that_a_log_can_make_is_carried() -> None:
    checkpoint = Checkpoint("a" * 250, MAX_NUMBER, bytes(32))
    proof = TlogProof(
        index=MAX_NUMBER - 1,
        hashes=(bytes(32),) * MAX_HASHES,
        checkpoint_note=sign_checkpoint(checkpoint, KEYS.log_key),
        extra=bytes(MAX_ENTRY_BYTES),
    )
    assert len(encode_proof(proof)) < MAX_RECEIPT_BYTES
