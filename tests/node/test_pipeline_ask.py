"""A question's whole way, over a real store and real datasets: what is answered, refused, recalled and recorded."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.errors import PeerError, RefusedError
from hansa_core.evidence.log_entries import NodeStarted
from hansa_core.evidence.receipt import check_receipt
from hansa_core.league.credential import signed_credential
from hansa_core.partial.answer import Refusal, Release
from hansa_core.partial.ipc_read import unpacked_size
from hansa_core.plan.expression import Call, Column, Op, literal
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_core.policy.policy import DenyList
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, Envelope, sign
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_core.tlog.proof import decode_proof
from hansa_league.founding.create import create_league
from hansa_local.clock import utc_now
from hansa_local.key_file import read_signer
from hansa_log_checks import assert_agrees, assert_openings_open, types
from hansa_node.app.start import record_start
from hansa_node.context import NodeContext
from hansa_node.current_league import CurrentLeague
from hansa_node.datasets.acceptance import Acceptance
from hansa_node.log.announcements import of_dataset
from hansa_node.log.keys import keys_of
from hansa_node.pipeline.bind import BoundQuestion, bind
from hansa_node.pipeline.decide import Permitted, asked_of, bind_and_decide
from hansa_node.pipeline.verify import verify
from hansa_test_node import (
    BY_KIND,
    BY_MODE,
    CITY,
    COUNT,
    PERMITS,
    TRIPS,
    NodeHome,
    ask,
    ask_as,
    ask_with_receipts,
    cells,
    decisions,
    open_reservations,
    pipeline_over,
)
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.query_codec import encode_query


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


def ruled(context: NodeContext, **changes: Any) -> NodeContext:
    """The node under another policy."""
    return replace(context, policy=context.store.published_policy(replace(context.policy.policy, **changes)))


def refusal(node: NodeHome, answer: Envelope) -> Refusal:
    outcome = node.opened(answer).outcome
    assert isinstance(outcome, Refusal)
    return outcome


def test_an_open_question_is_answered_signed_and_recorded(node: NodeHome, store: Path) -> None:
    with node.context(store) as context:
        (answer,) = ask(node, context, node.signed(node.query()))
        assert cells(node, context, answer, BY_MODE) == [("bike", 60), ("car", 50), ("walk", 2)]
    assert decisions(store, "decision, dataset, level, organisation, purpose") == [
        ("permit", "town.trips/1", "open", "bremen", "statistics")
    ]


def test_a_controlled_question_is_answered_from_published_cells_with_small_ones_suppressed(
    node: NodeHome, store: Path
) -> None:
    with node.context(store) as context:
        (answer,) = ask(node, context, node.signed(node.query(BY_KIND)))
        assert cells(node, context, answer, BY_KIND) == [("house", 60), ("shed", 50), ("tower", None)]


def test_every_answer_carries_a_receipt_that_proves_it_in_the_log(node: NodeHome, store: Path) -> None:
    permitted, denied = node.signed(node.query(BY_KIND)), node.signed(node.query(purpose="curiosity"))
    member = node.roster.member(CITY)
    with node.context(store) as context:
        asked = (permitted, denied, permitted, denied)
        answered = ask_with_receipts(node, context, *asked)
        for each in answered:
            answer = node.opened(each.envelope)
            check_receipt(each.receipt, member=member, payload=each.envelope.payload, answer=answer)
        with pytest.raises(PeerError, match="another query"):
            check_receipt(
                answered[1].receipt,
                member=member,
                payload=answered[0].envelope.payload,
                answer=node.opened(answered[0].envelope),
            )
        assert answered[:2] == answered[2:]
        opening = context.store.log.opening(decode_proof(answered[0].receipt).index)
        assert_openings_open(context.store.log)
    assert opening is not None
    hidden = {each.field: each.value for each in opening.disclosures}
    assert hidden["causes"] == {"threshold": 1}  # three kinds, of which one is too rare to be shown
    assert envelope_from_json(str(hidden["query"]).encode()) == permitted
    analyst = hidden["analyst"]
    assert isinstance(analyst, dict)
    assert (analyst["subject"], analyst["key_id"]) == ("analyst.bremen", node.query_signer.keyid)
    assert envelope_from_json(str(analyst["credential"]).encode()) == node.credential
    assert_agrees(store, node.roster, CITY)


def test_an_answer_says_since_when_no_quorum_has_cosigned_the_log_once_that_is_an_hour(
    node: NodeHome, store: Path
) -> None:
    since = utc_now() - timedelta(minutes=59)
    with node.context(store) as context:
        context.witnesses.uncovered_since = since
        (early,) = ask(node, context, node.signed(node.query()))
        context.witnesses.uncovered_since = since = since - timedelta(minutes=2)
        (late,) = ask(node, context, node.signed(node.query()))
    assert node.opened(early).unwitnessed_since is None
    assert node.opened(late).unwitnessed_since == since


def test_a_key_that_is_null_is_a_key_and_no_suppressed_cell(node: NodeHome, store: Path) -> None:
    unless_walking = Call(Op.NULLIF, (Column("mode"), literal("walk")))
    plan = Plan(TRIPS, None, (unless_walking,), (COUNT,))
    with node.context(store) as context:
        (answered,) = ask_with_receipts(node, context, node.signed(node.query(plan)))
        found = cells(node, context, answered.envelope, plan)
        opening = context.store.log.opening(decode_proof(answered.receipt).index)
    assert sorted(found, key=str) == [("bike", 60), ("car", 50), (None, 2)]
    assert opening is not None
    assert {each.field: each.value for each in opening.disclosures}["causes"] == {}


def test_a_start_tells_the_log_what_has_changed_and_nothing_else(node: NodeHome, store: Path) -> None:
    with node.context(store):
        pass
    first = types(store)
    assert first == [
        "log.genesis",
        "roster.accepted",
        "policy.published",
        "dataset.registered",
        "data.version",
        "tables.published",
        "dataset.registered",
        "data.version",
        *["key.added"] * 4,
        "node.started",
    ]
    with node.context(store):
        pass
    assert types(store) == [*first, "node.started"]
    with node.context(store) as context:
        record_start(ruled(context, version=context.policy.policy.version + 1))
    assert types(store) == [*first, "node.started", "node.started", "policy.published", "node.started"]
    assert_agrees(store, node.roster, CITY)


def test_what_the_league_does_not_know_is_not_repeated_in_the_log(node: NodeHome, store: Path) -> None:
    """A purpose and a dataset are the asker's own words: only those of the league enter a log that others read."""
    unknown = node.query(purpose="mrs-smith-of-12-mill-lane", plan=UNSERVED)
    with node.context(store) as context:
        ask(node, context, node.signed(unknown))
        stored = b"".join(context.store.log.tree.entries(0, context.store.log.size))
    assert b"smith" not in stored
    assert b"town.trees" not in stored
    assert decisions(store, "code, purpose, dataset") == [("dataset_not_served", None, None)]


def test_a_total_is_answered_from_its_own_cell_though_one_below_it_is_suppressed(node: NodeHome, store: Path) -> None:
    by_mode, by_kind = (replace(plan, totals=((),)) for plan in (BY_MODE, BY_KIND))
    with node.context(store) as context:
        opened, controlled = ask(node, context, node.signed(node.query(by_mode)), node.signed(node.query(by_kind)))
        exact, protected = cells(node, context, opened, by_mode), cells(node, context, controlled, by_kind)
    assert exact == [("bike", 0, 60), ("car", 0, 50), ("walk", 0, 2), (None, 1, 112)]
    assert protected == [("house", 0, 60), ("shed", 0, 50), ("tower", 0, None), (None, 1, 112)]


def test_totals_count_among_the_cells_of_an_answer(
    node: NodeHome, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hansa_node.answering.bound.MAX_CELLS", 3)
    asked = [node.signed(node.query(replace(plan, totals=((),)))) for plan in (BY_MODE, BY_KIND)]
    with node.context(store) as context:
        answers = ask(node, context, *asked)
    assert {refusal(node, answer).code for answer in answers} == {"too_many_cells"}


def test_the_same_bytes_get_the_same_answer_and_no_new_entry(node: NodeHome, store: Path) -> None:
    query = node.signed(node.query())
    with node.context(store) as context:
        first, second = ask(node, context, query, query)
    with node.context(store) as context:
        (after_restart,) = ask(node, context, query)
    assert first == second == after_restart
    assert len(decisions(store)) == 1


def test_the_same_bytes_at_the_same_time_are_answered_once(node: NodeHome, store: Path) -> None:
    query = node.signed(node.query())

    async def at_once(context: NodeContext) -> Sequence[Answered]:
        async with pipeline_over(context) as pipeline:
            return await asyncio.gather(*(pipeline.ask(query, node.credential) for _ in range(8)))

    with node.context(store) as context:
        answers = asyncio.run(at_once(context))
    assert len(set(answers)) == 1
    assert len(decisions(store)) == 1


def test_the_same_question_gets_the_stored_release_bit_for_bit(node: NodeHome, store: Path) -> None:
    # The same question in other words: a double negation, and the aggregate twice.
    yes = Call(Op.EQ, (Column("mode"), literal("bike")))
    said = Plan(TRIPS, yes, (), (COUNT,))
    other = Plan(TRIPS, Call(Op.NOT, (Call(Op.NOT, (yes,)),)), (), (COUNT, COUNT))
    with node.context(store) as context:
        first, second = ask(node, context, node.signed(node.query(said)), node.signed(node.query(other)))
    one, two = node.opened(first), node.opened(second)
    assert one.outcome == two.outcome
    assert (one.query_hash, one.nonce) != (two.query_hash, two.nonce)
    assert decisions(store) == [("permit", None, 0), ("permit", None, 1)]


def test_a_release_of_a_computed_number_from_before_it_was_exact_is_not_recalled(node: NodeHome, store: Path) -> None:
    doubled = Plan(TRIPS, None, (), (Aggregate(AggregateFunction.SUM, Call(Op.MUL, (Column("minutes"), literal(2)))),))
    with node.context(store) as context:
        ask(node, context, node.signed(node.query(doubled)), node.signed(node.query(doubled)))
    with closing(sqlite3.connect(store)) as opened, opened:
        assert opened.execute("UPDATE releases SET parameters = '{}'").rowcount == 1  # where a former node put it
    with node.context(store) as context:
        ask(node, context, node.signed(node.query(doubled)))
    assert decisions(store, "recalled") == [(0,), (1,), (0,)]


def test_equal_questions_at_the_same_time_share_one_release(node: NodeHome, store: Path) -> None:
    async def at_once(context: NodeContext) -> Sequence[Answered]:
        async with pipeline_over(context) as pipeline:
            queries = [node.signed(node.query()) for _ in range(6)]
            return await asyncio.gather(*(pipeline.ask(query, node.credential) for query in queries))

    with node.context(store) as context:
        answers = asyncio.run(at_once(context))
    assert len({node.opened(answer.envelope).outcome for answer in answers}) == 1
    assert sorted(decisions(store, "recalled")) == [(0,)] + [(1,)] * 5


@pytest.mark.produces("replay")
def test_the_same_nonce_with_other_bytes_is_refused_signed_and_recorded(node: NodeHome, store: Path) -> None:
    first = node.query()
    second = replace(first, plan=BY_KIND)
    with node.context(store) as context:
        _, answer = ask(node, context, node.signed(first), node.signed(second))
    assert refusal(node, answer).code == "replay"
    assert decisions(store) == [("permit", None, 0), ("refuse", "replay", 0)]


def test_one_nonce_for_two_queries_at_the_same_time_is_answered_once(node: NodeHome, store: Path) -> None:
    first = node.query()
    pair = [node.signed(first), node.signed(replace(first, plan=BY_KIND))]

    async def at_once(context: NodeContext) -> Sequence[Answered]:
        async with pipeline_over(context) as pipeline:
            return await asyncio.gather(*(pipeline.ask(query, node.credential) for query in pair))

    with node.context(store) as context:
        asyncio.run(at_once(context))
    assert sorted(decisions(store, "coalesce(code, '')")) == [("",), ("replay",)]


def test_an_answered_query_that_has_expired_is_refused_once_and_for_all(node: NodeHome, store: Path) -> None:
    query = node.signed(node.query())
    with node.context(store) as context:
        (fresh,) = ask(node, context, query)
        later = replace(context, clock=lambda: utc_now() + timedelta(hours=1))
        expired, again = ask(node, later, query, query)
        (early,) = ask(node, context, query)
    assert refusal(node, expired).code == "expired"
    assert expired == again
    assert early == fresh
    assert decisions(store) == [("permit", None, 0), ("refuse", "expired", 0)]


Change = Callable[[NodeHome], dict[str, Any]]
UNSERVED = Plan(ContractId("town.trees", 1), None, (), (COUNT,))
UNKNOWN = Plan(TRIPS, None, (Column("mood"),), (COUNT,))
UNPUBLISHED = Plan(PERMITS, None, (Column("kind"),), (Aggregate(AggregateFunction.SUM, "minutes"),))


@pytest.mark.produces(param="code")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cities": ("luebeck",)}, "not_addressed"),
        ({"league": "other"}, "league_mismatch"),
        ({"expires_at": utc_now() - timedelta(seconds=1)}, "expired"),
        ({"expires_at": utc_now() + timedelta(days=2)}, "expiry_too_far"),
        ({"purpose": "curiosity"}, "purpose_not_allowed"),
        ({"level": Level.CONTROLLED}, "level_not_offered"),
        ({"plan": UNSERVED}, "dataset_not_served"),
        ({"plan": UNKNOWN}, "unknown_column"),
        ({"plan": UNPUBLISHED}, "not_published"),
    ],
)
def test_a_refusal_is_a_signed_answer_and_a_decision(
    node: NodeHome, store: Path, changes: dict[str, Any], code: str
) -> None:
    query = node.signed(node.query(**changes))
    with node.context(store) as context:
        answer, again = ask(node, context, query, query)
    said = refusal(node, answer)
    assert said.code == code
    assert said.rule
    assert said.remedy
    assert answer == again
    assert decisions(store) == [("refuse", code, 0)]


@pytest.mark.produces("denied")
@pytest.mark.parametrize("listed", ["subjects", "organisations", "keys"])
def test_who_is_on_the_deny_list_is_refused(node: NodeHome, store: Path, listed: str) -> None:
    names = {"subjects": "analyst.bremen", "organisations": "bremen", "keys": node.query_signer.keyid}
    with node.context(store) as context:
        deny = DenyList(**{listed: frozenset({names[listed]})})
        denying = ruled(context, deny=deny)
        (answer,) = ask(node, denying, node.signed(node.query()))
    assert refusal(node, answer).code == "denied"


@pytest.mark.produces("too_many_cells")
def test_open_data_with_more_cells_than_an_answer_may_have_end_in_a_signed_refusal(
    node: NodeHome, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hansa_node.answering.bound.MAX_CELLS", 10)
    by_note = Plan(TRIPS, None, (Column("note"),), (COUNT,))
    with node.context(store) as context:
        (answer,) = ask(node, context, node.signed(node.query(by_note)))
    assert refusal(node, answer).code == "too_many_cells"
    assert decisions(store) == [("refuse", "too_many_cells", 0)]


def test_open_data_with_keys_too_long_for_an_answer_end_in_a_signed_refusal(
    node: NodeHome, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hansa_node.pipeline.protect.MAX_ANSWER_BYTES", 65_000)
    with node.context(store) as context:
        (answer,) = ask(node, context, node.signed(node.query()))
    said = refusal(node, answer)
    assert said.code == "too_large"
    assert "coarser or shorter keys" in said.remedy
    assert decisions(store) == [("refuse", "too_large", 0)]


def test_an_answer_that_only_unpacks_to_too_much_is_refused_too(
    node: NodeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hansa_core.partial.partial._WORTH_PACKING_BYTES", 0)
    by_note = Plan(TRIPS, None, (Column("note"),), (COUNT,))
    with node.context(tmp_path / "wide.sqlite") as context:
        (answer,) = ask(node, context, node.signed(node.query(by_note)))
    released = node.opened(answer).outcome
    assert isinstance(released, Release)
    carried, unpacked = len(released.partial_ipc), unpacked_size(released.partial_ipc)
    assert carried < unpacked
    monkeypatch.setattr("hansa_node.pipeline.protect.MAX_ANSWER_BYTES", 64 * 1024 + (carried + unpacked) // 2)
    with node.context(tmp_path / "narrow.sqlite") as context:
        (answer,) = ask(node, context, node.signed(node.query(by_note)))
    assert refusal(node, answer).code == "too_large"


def test_a_long_text_as_a_key_leaves_room_for_fewer_cells(node: NodeHome, store: Path) -> None:
    with node.context(store) as context:
        dataset = context.datasets.current(TRIPS)
        assert dataset is not None
        bound = [
            bind(Plan(TRIPS, None, (Column("note"), literal(text * 1000)), (COUNT,)), dataset) for text in ("", "ß")
        ]
    assert [one.plan.max_cells for one in bound if isinstance(one, BoundQuestion)] == [100_000, 30_797]


def test_a_controlled_question_that_is_too_large_is_refused_before_any_charge(
    node: NodeHome, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hansa_node.answering.bound.MAX_CELLS", 2)
    with node.context(store) as context:
        (answer,) = ask(node, context, node.signed(node.query(BY_KIND)))
        assert open_reservations(store) == 0
    assert refusal(node, answer).code == "too_many_cells"


def test_a_query_that_nests_too_deeply_is_refused_signed(
    node: NodeHome, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_deep(_: bytes) -> None:
        raise RefusedError("too_deep", "at most 32 levels", "ask for less")

    monkeypatch.setattr("hansa_node.pipeline.verify.decode_query", too_deep)
    with node.context(store) as context:
        (answer,) = ask(node, context, node.signed(node.query()))
    assert refusal(node, answer).code == "too_deep"
    assert decisions(store, "decision, code, dataset") == [("refuse", "too_deep", None)]


def unsigned_endings(node: NodeHome) -> list[tuple[str, Envelope, Envelope]]:
    query = node.signed(node.query())
    changed = replace(query, payload=query.payload[:-1] + bytes([query.payload[-1] ^ 1]))
    stranger = Ed25519Signer(bytes(32))
    foreign = sign(payload_types.QUERY, query.payload, stranger)
    dry = node.signed(node.query(), payload_types.DRY_RUN)
    vouched = sign(payload_types.CREDENTIAL, node.credential.payload, stranger)
    forged = replace(node.credential, payload=node.credential.payload + b" ")
    return [
        ("signature_invalid", changed, node.credential),
        ("signature_invalid", foreign, node.credential),
        ("signature_invalid", dry, node.credential),
        ("not_a_member", query, vouched),
        ("credential_invalid", query, forged),
    ]


@pytest.mark.parametrize("case", [0, 1, 2, 3, pytest.param(4, marks=pytest.mark.produces("credential_invalid"))])
def test_who_did_not_sign_gets_no_signed_answer_and_leaves_no_entry(node: NodeHome, store: Path, case: int) -> None:
    code, query, credential = unsigned_endings(node)[case]
    with node.context(store) as context:
        with pytest.raises(RefusedError) as ended:
            ask_as(context, query, credential)
        assert ended.value.code == code
    assert decisions(store) == []


@pytest.mark.produces("not_a_member")
def test_a_city_that_the_roster_misses_vouches_for_nobody(node: NodeHome, store: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    contracts = [node.league / "contracts" / f"{name}.1.yaml" for name in ("town.trips", "town.permits")]
    create_league(other, name="hanse", cities=["atlantis"], contracts=contracts)
    credential = envelope_from_json((other / "analysts" / "atlantis" / "credential.json").read_bytes())
    signer = read_signer(other / "analysts" / "atlantis" / "query.key")
    query = sign(payload_types.QUERY, encode_query(node.query()), signer)
    with node.context(store) as context, pytest.raises(RefusedError) as ended:
        ask_as(context, query, credential)
    assert ended.value.code == "not_a_member"
    assert decisions(store) == []


@pytest.mark.produces("credential_expired")
def test_an_expired_credential_opens_nothing(node: NodeHome, store: Path) -> None:
    with node.context(store) as context:
        later = replace(context, clock=lambda: utc_now() + timedelta(days=4000))
        with pytest.raises(RefusedError, match="credential_expired"):
            ask(node, later, node.signed(node.query()))


def test_signed_bytes_that_are_no_query_are_the_peers_fault(node: NodeHome, store: Path) -> None:
    with node.context(store) as context, pytest.raises(PeerError):
        ask(node, context, sign(payload_types.QUERY, b"\xff\xff", node.query_signer))


def test_who_signs_anothers_query_anew_is_judged_on_their_own(node: NodeHome, store: Path) -> None:
    """A coordinator that learns a denied analyst's query bytes, or the other way round, gains nobody's answer."""
    other = node.league / "analysts" / "luebeck"
    credential = envelope_from_json((other / "credential.json").read_bytes())
    query = node.query()
    again = sign(payload_types.QUERY, encode_query(query), read_signer(other / "query.key"))
    with node.context(store) as context:
        ask(node, context, node.signed(query))
        denying = ruled(context, deny=DenyList(organisations=frozenset({"luebeck"})))
        answer = ask_as(denying, again, credential).envelope
    assert refusal(node, answer).code == "denied"


def test_one_line_is_logged_per_query_with_ids_and_sizes_and_no_values(
    node: NodeHome, store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    filtered = Plan(TRIPS, Call(Op.EQ, (Column("note"), literal("note 77"))), (), (COUNT,))
    query = node.signed(node.query(filtered))
    denied = node.signed(node.query(purpose="curiosity"))
    with node.context(store) as context:
        ask(node, context, query, query, denied)
    lines = [record for record in caplog.records if record.name == "hansa_node.pipeline.query_line"]
    assert [line.getMessage() for line in lines] == ["query answered", "query answered again", "query refused"]
    assert all(hasattr(line, "query_id") and hasattr(line, "ms") for line in lines)
    assert not any("note 77" in str(vars(line)) for line in lines)


def test_a_question_is_decided_and_recorded_under_the_league_that_it_was_verified_under(
    node: NodeHome, store: Path
) -> None:
    with node.context(store) as context:
        now, league = context.clock(), context.league.now
        newer = replace(league, roster=replace(node.roster, version=2, purposes=("planning",)))
        query = node.signed(node.query())
        verified = verify(query, node.credential, payload_types.QUERY, league, context)
        after = replace(context, league=CurrentLeague(newer))
        decided = bind_and_decide(verified, replayed=False, context=after, now=now)
        assert isinstance(decided, Permitted)
        asked = asked_of(verified, decided.dataset, after)
        assert (asked.roster, asked.purpose) == (league.roster_ref, "statistics")
        context.store.accept_roster(newer.roster_ref, keys_of(node.roster.member(CITY)), now=now)
        (answer,) = ask(node, after, node.signed(node.query()))
        assert refusal(node, answer).code == "purpose_not_allowed"


def test_a_credential_that_ends_soon_is_told_of_once_and_one_that_has_ended_too(
    node: NodeHome, store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    holder = signed_credential(node.credential, node.roster)
    now = holder.not_after - timedelta(days=1)
    with node.context(store, clock=lambda: now) as context:
        for _ in range(2):
            ask(node, context, node.signed(node.query(expires_at=now + timedelta(minutes=1))))
        now = holder.not_after
        for _ in range(2):
            with pytest.raises(RefusedError, match="credential holds from"):
                ask(node, context, node.signed(node.query(expires_at=now + timedelta(minutes=1))))
    told = [record.__dict__ for record in caplog.records if "credential" in record.__dict__.get("what", "")]
    what = f"the credential of an analyst of {holder.city}, key {holder.key_id[:16]}"
    assert [(line["message"], line["what"]) for line in told] == [("expires soon", what), ("has expired", what)]


def test_data_that_were_accepted_beyond_their_limits_stand_in_the_log(node: NodeHome, store: Path) -> None:
    """Everybody reads that limits were exceeded; why and which is for those whom the city shows it."""
    with node.context(store) as context:
        dataset = context.datasets.all_current()[0]
        accepted = replace(dataset, accepted=Acceptance(reason="a new mine", limits={"min_rows": 5}))
        roster = context.league.now.roster_ref
        started = NodeStarted(policy=context.policy.reference, roster=roster, register=False)
        context.store.begin(of_dataset(accepted), started, now=context.clock())
        index = types(store).index("data.accepted")
        opening = context.store.log.opening(index)
    assert opening is not None
    assert {each.field: each.value for each in opening.disclosures} == {
        "reason": "a new mine",
        "limits": {"min_rows": 5},
    }
