"""Cost of a statement before it is signed: parse, split, canonicalise and hash, over the golden statements.

The reference is sqlglot's parser over the same text: the tree that everything else starts from.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import sqlglot
import yaml

from hansa_core.contract.contract_document import contract_from_document
from hansa_core.contract.ids import ContractId
from hansa_core.errors import RefusedError
from hansa_core.plan.canonical import plan_hash
from hansa_core.sql.split import parse_statement
from hansa_demo.demo_league import contract_file
from hansa_demo.leagues.permits import PERMITS
from report import heading, row

RUNS = 7  # of each statement, of which the median counts
_OWN_TABLES = {"population": ("city", "region", "people")}  # what the golden statements join
_GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "statements.yaml"


def measure() -> None:
    """Print the section."""
    document = yaml.safe_load(contract_file(ContractId("housing.permits", 1)).read_text(encoding="utf-8"))
    contract = contract_from_document(document)
    contracts = {contract.id: contract}

    def read(sql: str) -> bytes:
        return plan_hash(parse_statement(sql, contracts, PERMITS.cities, _OWN_TABLES).plan)

    def refuse(sql: str) -> None:
        try:
            read(sql)
        except RefusedError:
            return

    entries = yaml.safe_load(_GOLDEN.read_text(encoding="utf-8"))
    answered = [entry["sql"] for entry in entries if "refused" not in entry]
    refused = [entry["sql"] for entry in entries if "refused" in entry]
    heading(
        f"a statement: parse, split, canonicalise, hash; {len(answered)} golden ones that split, {RUNS} runs of each"
    )
    parsed = [_seconds(_parse, sql) for sql in answered]
    row("reference: sqlglot's parser alone", parsed)
    row("all of it, per statement", [_seconds(read, sql) for sql in answered], reference=parsed)
    row(f"until the refusal, {len(refused)} other statements", [_seconds(refuse, sql) for sql in refused])


def _parse(sql: str) -> None:
    sqlglot.parse_one(sql, dialect="duckdb")


def _seconds(call: Callable[[str], object], sql: str) -> float:
    samples = []
    for _ in range(RUNS):
        started = perf_counter()
        call(sql)
        samples.append(perf_counter() - started)
    return median(samples)
