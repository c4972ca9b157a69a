"""Hypothesis strategies for values that cross the wire: well formed, not necessarily well typed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hypothesis import strategies as st

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType
from hansa_core.partial.answer import DryRun, Refusal, Release, SignedAnswer
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op, literal
from hansa_core.plan.plan import PAIRED, Aggregate, AggregateFunction, Plan
from hansa_core.plan.query import NONCE_BYTES, Query
from hansa_core.signing.dsse import Envelope, Signature
from hansa_wire.codec.description import DatasetDescription, Description
from hansa_wire.codec.progress import CityEvent, CityState

names = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True)
texts = st.text(max_size=20)
sentences = st.text(min_size=1, max_size=40)
levels = st.sampled_from(Level)
hashes = st.binary(min_size=32, max_size=32)
nonces = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)
counters = st.integers(0, 2**64 - 1)
instants = st.datetimes().map(lambda moment: moment.replace(microsecond=0, fold=0))

literals = st.one_of(
    st.booleans().map(literal),
    st.integers(INT64_MIN, INT64_MAX).map(literal),
    st.floats(allow_nan=False, allow_infinity=False).map(literal),
    texts.map(literal),
    st.dates().map(literal),
    st.datetimes().map(lambda moment: literal(moment.replace(fold=0))),
    st.sampled_from(DataType).map(lambda kind: Literal(None, kind)),
)


def _calls(arguments: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.builds(Call, st.sampled_from(Op), st.lists(arguments, max_size=4).map(tuple))


leaves: st.SearchStrategy[Expression] = st.one_of(names.map(Column), literals)
expressions: st.SearchStrategy[Expression] = st.recursive(leaves, _calls, max_leaves=12)

contract_ids = st.builds(
    ContractId,
    st.from_regex(r"[a-z][a-z0-9_]{0,7}\.[a-z][a-z0-9_]{0,7}", fullmatch=True),
    st.integers(1, 10**9 - 1),
)
_arguments = st.one_of(names, st.one_of(literals, _calls(leaves)))
_alone = [
    each
    for each in AggregateFunction
    if each not in PAIRED and each not in (AggregateFunction.COUNT_ROWS, AggregateFunction.QUANTILE_CONT)
]
_wheres = st.none() | expressions
_shares = st.floats(0, 1)
aggregates = st.one_of(
    st.builds(Aggregate, st.just(AggregateFunction.COUNT_ROWS), st.none(), _wheres),
    st.builds(Aggregate, st.sampled_from(_alone), _arguments, _wheres),
    st.builds(Aggregate, st.sampled_from(sorted(PAIRED)), _arguments, _wheres, _arguments),
    st.builds(Aggregate, st.just(AggregateFunction.QUANTILE_CONT), _arguments, _wheres, quantile=_shares),
)
plans = st.builds(
    Plan,
    source=contract_ids,
    where=st.none() | expressions,
    keys=st.lists(expressions, max_size=3).map(tuple),
    aggregates=st.lists(aggregates, min_size=1, max_size=3).map(tuple),
).flatmap(
    lambda plan: st.sets(st.integers(0, max(0, len(plan.keys) - 1)).map(lambda size: tuple(range(size)))).map(
        lambda totals: replace(plan, totals=tuple(sorted(totals)) if plan.keys else ())
    )
)
queries = st.builds(
    Query,
    plan=plans,
    purpose=sentences,
    league=sentences,
    cities=st.sets(names, min_size=1, max_size=4).map(lambda cities: tuple(sorted(cities))),
    expires_at=instants,
    nonce=nonces,
    level=st.none() | levels,
)

refusals = st.builds(Refusal, code=names, rule=sentences, remedy=sentences, field=texts)
releases = st.builds(
    Release,
    plan_hash=hashes,
    contract=contract_ids,
    level=levels,
    data_version=counters,
    protection_version=counters,
    partial_ipc=st.binary(max_size=64),
)
answers = st.builds(
    SignedAnswer,
    city=names,
    query_hash=hashes,
    nonce=nonces,
    answered_at=instants,
    outcome=st.one_of(releases, refusals),
    unwitnessed_since=st.none() | instants,
    coarser_tables=st.lists(sentences, max_size=3).map(tuple),
)
dry_runs = st.builds(
    DryRun,
    city=names,
    query_hash=hashes,
    answered_at=instants,
    level=st.none() | levels,
    refusal=st.none() | refusals,
    table=st.none() | texts,
    cells=st.none() | counters,
    cost_microrho=counters,
    coarser_tables=st.lists(sentences, max_size=3).map(tuple),
)
descriptions = st.builds(
    Description,
    city=names,
    software_version=sentences,
    described_at=instants,
    datasets=st.lists(
        st.builds(
            DatasetDescription,
            contract=contract_ids,
            level=levels,
            data_version=counters,
            tables=st.lists(names, max_size=3).map(tuple),
        ),
        max_size=3,
        unique_by=lambda dataset: dataset.contract,
    ).map(tuple),
)
envelopes = st.builds(
    Envelope,
    payload_type=sentences,
    payload=st.binary(max_size=64),
    signatures=st.lists(
        st.builds(Signature, hashes.map(bytes.hex), st.binary(min_size=64, max_size=64)), min_size=1, max_size=3
    ).map(tuple),
)


@st.composite
def city_events(draw: st.DrawFn) -> CityEvent:
    state = draw(st.sampled_from(CityState))
    answer = draw(envelopes) if state is CityState.ANSWERED else None
    if state is CityState.REFUSED:
        answer = draw(st.none() | envelopes)
    return CityEvent(
        city=draw(names),
        state=state,
        code=draw(texts),
        detail=draw(texts),
        elapsed_ms=draw(counters),
        answer=answer,
        receipt=b"" if answer is None else draw(st.binary(max_size=64)),
    )


def nested(levels_deep: int) -> Expression:
    """An expression of exactly so many levels, built without recursion."""
    expression: Expression = Column("x")
    for _ in range(levels_deep - 1):
        expression = Call(Op.NOT, (expression,))
    return expression


def a_query(where: Expression | None = None, *, expires_at: datetime = datetime(2030, 1, 1)) -> Query:
    """One fixed query, around a filter."""
    plan = Plan(
        ContractId("housing.permits", 1), where, (Column("project"),), (Aggregate(AggregateFunction.COUNT_ROWS),)
    )
    return Query(
        plan=plan, purpose="research", league="demo", cities=("a", "b"), expires_at=expires_at, nonce=bytes(NONCE_BYTES)
    )
