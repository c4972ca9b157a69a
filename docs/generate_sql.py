"""`docs/sql.md`, the reference of the question language, written from the reader's own tables: `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml
from generated import write_or_check

from hansa.answering.outer import OuterEngine
from hansa_core.contract.contract import Contract
from hansa_core.contract.contract_document import contract_from_document
from hansa_core.contract.level import Level
from hansa_core.contract.types import TRUNCATIONS, DatePart, Value
from hansa_core.errors import RefusedError
from hansa_core.partial.groupings import plain_plans, stack
from hansa_core.partial.merge import CityAnswer, merge
from hansa_core.plan.check import check_plan
from hansa_core.plan.expression import Op
from hansa_core.sql.aggregates import AGGREGATE_NAMES
from hansa_core.sql.asking_time import DATES, TIMESTAMPS
from hansa_core.sql.format_parts import LETTERS
from hansa_core.sql.functions import OFFERED, TYPE_NAMES
from hansa_core.sql.operators import BINARY
from hansa_core.sql.outer_scalar import OFFERED_OVER_ANSWERS
from hansa_core.sql.split import parse_statement
from hansa_core.sql.statement import Statement
from hansa_core.sql.strftime import STRFTIME_OF
from hansa_core.sql.windows import OFFERED_WINDOWS
from hansa_node.engines.engine import Engine
from hansa_node.engines.reference import ReferenceEngine

EXAMPLES: Mapping[str, Any] = yaml.safe_load((Path(__file__).parent / "sql_examples.yaml").read_text(encoding="utf-8"))
CONTRACT: Contract = contract_from_document(EXAMPLES["contract"])
_MOST_CELLS = 1000

ENTRIES: Mapping[str, tuple[str, ...]] = {
    "aggregates": AGGREGATE_NAMES,
    "functions": tuple(dict.fromkeys((*OFFERED, *DATES, *TIMESTAMPS, "strftime", "to_char"))),
    "outside": OFFERED_OVER_ANSWERS,
    "operators": (*(op.value for op in BINARY), *map(str, (Op.AND, Op.OR, Op.NOT, Op.IN, Op.IS_NULL))),
}
"""What the reader's tables offer, by section; each has an example, and sections may have more."""

_STATEMENTS = {
    "aggregates": "SELECT {} AS x FROM town.rides",
    "functions": "SELECT {} AS x, COUNT(*) AS n FROM town.rides GROUP BY {} ORDER BY x",
    "operators": "SELECT {} AS x, COUNT(*) AS n FROM town.rides GROUP BY {} ORDER BY x",
    "clauses": "{}",
    "outside": "SELECT {} AS x FROM town.rides",
    "windows": "SELECT line, COUNT(*) AS n, {} AS x FROM town.rides GROUP BY line ORDER BY line",
    "refused": "{}",
}


ANSWERED = ("aggregates", "functions", "operators", "clauses", "outside", "windows")
"""The sections whose examples have results."""


def stored_rows() -> list[dict[str, Value | None]]:
    """The example's rows as a dataset stores them: numbers in whole quanta."""
    return [
        {name: _stored(name, value) for name, value in zip(CONTRACT.columns, row, strict=True)}
        for row in EXAMPLES["rows"]
    ]


def _stored(name: str, value: Any) -> Value | None:
    quantum = CONTRACT.columns[name].quantum
    if quantum is None or value is None:
        return value  # type: ignore[no-any-return]
    return int(Fraction(str(value)) / quantum)


def statement_of(section: str, example: str) -> str:
    """The whole statement of an example."""
    return _STATEMENTS[section].replace("{}", example)


def read(sql: str) -> Statement:
    """The statement, asked at the time of the examples. Raises RefusedError."""
    asked = parse_statement(sql, {CONTRACT.id: CONTRACT}, ["town"], asked_at=EXAMPLES["asked_at"])
    check_plan(asked.plan, CONTRACT, Level.OPEN)
    return asked


def answer(sql: str, engine: Engine, outer: OuterEngine) -> list[dict[str, Any]]:
    """The rows that an analyst gets from one city with the example's rows."""
    asked = read(sql)
    parts = [engine.aggregate(part, max_cells=_MOST_CELLS) for part in plain_plans(asked.plan)]
    table = stack(asked.plan, CONTRACT, parts)
    given = {"town": CityAnswer(city="town", level=Level.OPEN, table=table)}
    merged = merge(asked.plan, CONTRACT, given, by_city=asked.by_city, partial=False)
    shown, _ = outer.run(asked.outer, merged.to_arrow())
    rows: list[dict[str, Any]] = shown.to_pylist()
    return rows


def text() -> str:
    """The whole page."""
    engine = ReferenceEngine(CONTRACT, stored_rows())
    with OuterEngine() as outer:
        tables = {
            section: [
                _row(entry, sql, answer(statement_of(section, sql), engine, outer), section)
                for entry, sql in EXAMPLES[section].items()
            ]
            for section in ANSWERED
        }
    return str(EXAMPLES["page"]).format(
        rows=_table(list(CONTRACT.columns), [[_value(one) for one in row] for row in EXAMPLES["rows"]]),
        asked_at=EXAMPLES["asked_at"],
        aggregates=_table(["aggregate", "example", "result"], tables["aggregates"]),
        functions=_table(["function", "example, as a key", "values and their rows"], tables["functions"]),
        operators=_table(["operator", "example, as a key", "values and their rows"], tables["operators"]),
        clauses=_table(["clause", "example", "result"], tables["clauses"]),
        types=", ".join(TYPE_NAMES),
        starts=", ".join(part.value for part in TRUNCATIONS),
        parts=", ".join([*(part.value for part in DatePart if part is not DatePart.EPOCH_US), "dow", "epoch"]),
        letters=" ".join(f"`%{letter}`" for letter in LETTERS),
        words=", ".join(f"`{word}`" for word in STRFTIME_OF),
        outside=_table(["function", "example", "result"], tables["outside"]),
        window_examples=_table(["window", "example", "one value for each line"], tables["windows"]),
        windows=OFFERED_WINDOWS,
        refused=_table(["asked", "code", "why", "what to do"], [_refusal(sql) for sql in EXAMPLES["refused"].values()]),
    )


def _row(entry: str, sql: str, rows: Sequence[Mapping[str, Any]], section: str) -> list[str]:
    if section == "windows":
        return [f"`{entry}`", _code(sql), "; ".join(_value(row["x"]) for row in rows)]
    if section in ("aggregates", "outside"):
        return [f"`{entry}`", _code(sql), _value(rows[0]["x"])]
    if section == "clauses":
        return [entry, _code(sql), "; ".join(", ".join(map(_value, row.values())) for row in rows)]
    return [_code(entry), _code(sql), "; ".join(f"{_value(row['x'])}: {row['n']}" for row in rows)]


def _refusal(sql: str) -> list[str]:
    try:
        read(sql)
    except RefusedError as refused:
        return [_code(sql), f"`{refused.code}`", _plain(refused.rule), _plain(refused.remedy)]
    raise ValueError(f"{sql} is not refused")


def _value(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case float():
            return f"{value:.12g}"
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case list():
            return ", ".join(f"{one['lower']} to {one['upper']}: {one['rows']}" for one in value)
        case str():
            return f"'{_plain(value)}'"
    return str(value)


def _code(sql: str) -> str:
    return f"`{sql}`".replace("|", "\\|")


def _plain(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)


def page(target: Path) -> dict[Path, bytes]:
    """The page, as the file that it is written to."""
    return {target: text().encode()}


def main(arguments: Sequence[str]) -> int:
    """`--write FILE` the page, or `--check FILE`: 1 if the file is not what would be written."""
    return write_or_check(arguments, page, told="the reader's tables")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
