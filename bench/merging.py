"""Cost of a big answer: a node builds its partial, an analyst merges and shapes those of three cities.

The reference is DuckDB adding up the same three tables: no check, no gap, no mark.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter

import duckdb
import pyarrow as pa
import yaml

from hansa.answering.gaps import mask_gaps
from hansa.answering.marks import find_marks
from hansa.answering.outer import OuterEngine
from hansa.answering.statement_cells import StatementCells
from hansa_core.contract.contract import Contract
from hansa_core.contract.contract_document import contract_from_document
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.contract.types import Value
from hansa_core.partial.from_columns import partial_from_columns
from hansa_core.partial.merge import CityAnswer, CityMissing, CityOutcome
from hansa_core.partial.partial import columns_of_partial, partial_from_rows, read_partial, write_partial
from hansa_core.plan.canonical import canonicalise
from hansa_core.plan.expression import Expression
from hansa_core.plan.moments import MomentKind, moments_of
from hansa_core.plan.plan import Plan
from hansa_core.sql.split import parse_statement
from hansa_demo.demo_league import contract_file
from report import heading, row

CELLS = 100_000
RUNS = 5
_CITIES = ("synthetic-harbour", "synthetic-hills", "synthetic-plain")
_SQL = """
    SELECT date_trunc('hour', started_at) AS hour, vehicle_type, COUNT(*) AS n, SUM(distance) AS metres,
           AVG(duration) AS seconds, STDDEV_SAMP(distance) AS spread
    FROM mobility.trips GROUP BY 1, 2 ORDER BY 1, 2"""


def measure() -> None:
    """Print the section."""
    document = yaml.safe_load(contract_file(ContractId("mobility.trips", 1)).read_text(encoding="utf-8"))
    contract = contract_from_document(document)
    statement = parse_statement(_SQL, {contract.id: contract}, _CITIES)
    plan = canonicalise(statement.plan)
    sent = {city: write_partial(_partial(plan, contract, seed)) for seed, city in enumerate(_CITIES)}
    heading(f"a big answer: {CELLS:,} cells of {len(_CITIES)} cities, {sum(map(len, sent.values())) / 1e6:.1f} MB")
    tables = {city: read_partial(ipc, plan, contract) for city, ipc in sent.items()}
    reference = _timed(lambda: _added_by_duckdb(list(tables.values()), plan))
    row("reference: DuckDB adds up the three tables", reference)
    keys, moments = columns_of_partial(tables[_CITIES[0]], plan, moments_of(plan, contract))
    row(
        "node: one city's cells in order, as bytes",
        _timed(lambda: write_partial(partial_from_columns(plan, contract, keys, list(moments.values())))),
        reference=reference,
    )
    row(
        "read and check",
        _timed(lambda: [read_partial(ipc, plan, contract) for ipc in sent.values()]),
        reference=reference,
    )
    whole: dict[str, CityOutcome] = {
        city: CityAnswer(city=city, level=Level.OPEN, table=table) for city, table in tables.items()
    }
    missing = whole | {_CITIES[0]: CityMissing(city=_CITIES[0], reason="timed_out")}
    with OuterEngine() as engine:

        def shaped(outcomes: dict[str, CityOutcome]) -> None:
            cells = StatementCells()
            cells.add(statement.questions[0], contract, outcomes, partial=True)
            masks = mask_gaps(cells)
            table, hidden = engine.run(statement.outer, cells.tables[0], gaps=masks.of_rows)
            find_marks(table, hidden, statement.outer, cells, masks)

        for name, outcomes in (
            ("merge and shape, all cities answered", whole),
            ("the same, one city missing", missing),
        ):
            row(name, _timed(partial(shaped, outcomes)), reference=reference)


def _partial(plan: Plan, contract: Contract, seed: int) -> pa.Table:
    """Made-up moments of cells that are mostly the same in every city."""
    dice = random.Random(seed)
    start, kinds = datetime(2020, 1, 1), contract.columns["vehicle_type"].domain
    assert kinds is not None
    order = moments_of(plan, contract)
    rows: list[tuple[Value, ...]] = []
    for cell in range(seed, CELLS + seed):
        n, each = dice.randrange(1, 500), dice.randrange(10_000)
        figures = {MomentKind.SUM: n * each, MomentKind.SQUARES: n * each * each}
        keys: dict[str, Value] = {
            "started_at": start + timedelta(hours=cell // len(kinds)),
            "vehicle_type": kinds[cell % len(kinds)],
        }
        rows.append((*(_key(key, keys) for key in plan.keys), *(figures.get(moment.kind, n) for moment in order)))
    return partial_from_rows(plan, contract, rows)


def _key(key: Expression, keys: Mapping[str, Value]) -> Value:
    return next(value for name, value in keys.items() if name in repr(key))


def _added_by_duckdb(tables: list[pa.Table], plan: Plan) -> None:
    united = pa.concat_tables(tables)
    keys = [f"k{place}" for place in range(plan.key_width)]
    sums = ", ".join(f"SUM({name}::BIGINT)" for name in united.column_names if name not in keys)
    with duckdb.connect() as connection:
        connection.register("united", united)
        connection.sql(f"SELECT {', '.join(keys)}, {sums} FROM united GROUP BY ALL ORDER BY ALL").to_arrow_table()


def _timed(call: Callable[[], object]) -> list[float]:
    samples = []
    for _ in range(RUNS):
        started = perf_counter()
        call()
        samples.append(perf_counter() - started)
    return samples
