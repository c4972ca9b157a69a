"""Parameters of a statement: values stay values, whatever they hold, and what does not fit is told by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from hansa_core.contract.types import DataType, Value
from hansa_core.errors import RefusedError
from hansa_core.plan.canonical import plan_json
from hansa_core.plan.expression import Literal, literal
from hansa_core.sql.parameters import Parameter
from hansa_core.sql.split import parse_statement
from hansa_core.sql.statement import Statement
from hansa_strategies import TRIPS

NULL = Literal(None, DataType.TEXT)
Given = Mapping[str, Value | list[Value | None] | None]


def bound(values: Given) -> list[Parameter]:
    found = []
    for name, value in values.items():
        listed = value if isinstance(value, list) else [value]
        literals = tuple(NULL if one is None else literal(one) for one in listed)
        found.append(Parameter(name=name, values=literals, is_list=isinstance(value, list)))
    return found


def read(sql: str, values: Given | None = None) -> Statement:
    statement = sql if "FROM" in sql else f"SELECT COUNT(*) FROM demo.trips WHERE {sql}"
    return parse_statement(statement, {TRIPS.id: TRIPS}, ["aachen", "bonn"], {}, bound(values or {}))


def test_several_lists_stand_in_one_in() -> None:
    both = read("zone IN ($few, 7, $more)", {"few": [1, 2], "more": [3]})
    assert meaning(both) == meaning(read("zone IN (1, 2, 7, 3)"))
    nested = read("(zone IN ($few)) IN ($truths)", {"few": [1, None], "truths": [True]})
    assert meaning(nested) == meaning(read("(zone IN (1) OR zone IS NULL) IN (TRUE)"))


@pytest.mark.parametrize("text", ["\ud800", "a\0b"])
def test_a_text_is_held_to_what_a_statement_is_held_to(text: str) -> None:
    with pytest.raises(RefusedError, match="valid Unicode without NUL") as refused:
        read("mode = $m", {"m": text})
    assert (refused.value.code, refused.value.field) == ("wrong_parameter", "$m")


def meaning(statement: Statement) -> tuple[bytes, object, str]:
    return plan_json(statement.plan), statement.cities, statement.outer.sql


def refusal(sql: str, values: Given) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        read(sql, values)
    return refused.value


@pytest.mark.parametrize(
    ("sql", "values", "same"),
    [
        ("mode = $mode", {"mode": "bus"}, "mode = 'bus'"),
        ("mode = :mode OR remark = :mode", {"mode": "bus"}, "mode = 'bus' OR remark = 'bus'"),
        ("mode = ? AND stops BETWEEN ? AND ?", {"1": "bus", "2": 1, "3": 9}, "mode = 'bus' AND stops BETWEEN 1 AND 9"),
        ("mode = $2 AND stops > $1 AND stops <> $1", {"1": 4, "2": "bus"}, "mode = 'bus' AND stops > 4 AND stops <> 4"),
        ("mode = $Mode", {"mode": None}, "mode IS NULL"),
        ("$mode <> mode", {"mode": None}, "mode IS NOT NULL"),
        ("NOT mode = $mode", {"mode": None}, "NOT mode IS NULL"),
        ("COALESCE(mode, $mode) = 'bus'", {"mode": None}, "COALESCE(mode, NULL) = 'bus'"),
        ("$mode IS NULL OR mode = $mode", {"mode": "bus"}, "'bus' IS NULL OR mode = 'bus'"),
        ("mode IN $modes", {"modes": ["bus", "tram"]}, "mode IN ('bus', 'tram')"),
        ("mode IN ($modes)", {"modes": ["bus", "tram"]}, "mode IN ('bus', 'tram')"),
        ("mode = ANY($modes)", {"modes": ["bus", "tram"]}, "mode IN ('bus', 'tram')"),
        ("mode NOT IN (?)", {"1": ["bus", None]}, "NOT (mode IN ('bus') OR mode IS NULL)"),
        ("mode IN ('rail', $modes)", {"modes": ["bus"]}, "mode IN ('bus', 'rail')"),
        ("mode IN ($a, $b)", {"a": "bus", "b": "tram"}, "mode IN ('bus', 'tram')"),
        ("mode IN ($modes)", {"modes": []}, "FALSE"),
        ("mode NOT IN ($modes)", {"modes": []}, "TRUE"),
        ("mode LIKE ?", {"1": "b%"}, "mode LIKE 'b%'"),
        ("stops > -$n", {"n": -3}, "stops > 3"),
        ("fare > $x", {"x": 1e22}, "fare > 1e22"),
        ("started >= $day", {"day": "2024-02-29"}, "started >= '2024-02-29'"),
        (
            "started > CAST($day AS TIMESTAMP) - INTERVAL $n DAY",
            {"day": "2024-02-29", "n": 7},
            "started > '2024-02-22'",
        ),
        ("started > ?::timestamp - INTERVAL (?) DAY", {"1": "2024-02-29", "2": 7}, "started > '2024-02-22'"),
        ("city = $city AND stops = 1", {"city": "bonn"}, "city = 'bonn' AND stops = 1"),
        ("city IN ($cities)", {"cities": ["bonn", "aachen"]}, "city IN ('aachen', 'bonn')"),
        ("remark = '$x ?' OR mode = ? -- and $y", {"1": "bus"}, "remark = '$x ?' OR mode = 'bus'"),
        (
            "SELECT bin(fare, ?) AS f, COUNT(*) AS n FROM demo.trips GROUP BY f HAVING COUNT(*) > ? LIMIT ? OFFSET ?",
            {"1": 5, "2": 7, "3": 10, "4": 20},
            "SELECT bin(fare, 5) AS f, COUNT(*) AS n FROM demo.trips GROUP BY f HAVING COUNT(*) > 7 LIMIT 10 OFFSET 20",
        ),
        (
            "SELECT date_trunc($part, started) AS d, QUANTILE_CONT(fare, $q) AS q FROM demo.trips GROUP BY d",
            {"part": "month", "q": 0.5},
            "SELECT date_trunc('month', started) AS d, QUANTILE_CONT(fare, 0.5) AS q FROM demo.trips GROUP BY d",
        ),
        (
            "SELECT COUNT(*) FILTER (WHERE mode = $m) * $k AS n, $label FROM demo.trips",
            {"m": "bus", "k": 2, "label": "it's"},
            "SELECT COUNT(*) FILTER (WHERE mode = 'bus') * 2 AS n, 'it''s' AS \"$label\" FROM demo.trips",
        ),
    ],
)
def test_a_parameter_means_its_value_as_a_literal(sql: str, values: Given, same: str) -> None:
    assert meaning(read(sql, values)) == meaning(read(same))


@pytest.mark.parametrize(
    ("sql", "values", "field", "told"),
    [
        ("mode = $mode", {}, "$mode", "params={'mode': …}"),
        ("mode = ?", {}, "?", "the statement has 1 ?, and 0 values are given"),
        ("mode = ? OR zone = ?", {"1": "bus"}, "?", "the statement has 2 ?, and 1 value is given"),
        ("mode = $2", {"1": "bus"}, "$2", "$2 has no value"),
        ("mode = $mode", {"mod": "bus"}, "$mode", "did you mean mod?"),
        ("mode = $mode", {"mode": "bus", "stps": 3}, "$stps", "the statement has no $stps"),
        ("mode = 'bus'", {"mode": "bus"}, "$mode", "leave it out"),
        ("mode = ? AND zone = $zone", {"1": "bus"}, "?", "$name and as ?"),
        ("mode = ?", {"mode": "bus"}, "?", "write $mode in its place"),
        ("mode = $modes", {"modes": ["bus"]}, "$modes", "a list stands only in IN"),
        ("SELECT COUNT(*) FROM $t", {"t": "demo.trips"}, "$t", "no name of a table"),
        ("SELECT mode, COUNT(*) FROM demo.trips GROUP BY ?", {"1": 1}, "?", "no name of a table"),
        ("SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode ORDER BY $c DESC", {"c": 2}, "$c", "no name of a table"),
    ],
)
def test_what_does_not_fit_the_statement_is_told_by_name(sql: str, values: Given, field: str, told: str) -> None:
    found = refusal(sql, values)
    assert (found.code, found.field) == ("wrong_parameter", field)
    assert told in f"{found.rule}; {found.remedy}"


@pytest.mark.parametrize(
    ("sql", "values", "field"),
    [
        ("city = $c", {"c": "bon"}, "city = $c"),
        ("mode in $modes AND stps = $n", {"modes": ["bus"], "n": 1}, "stps"),
        ("Nope( mode, ? )", {"1": 3}, "Nope( mode, ? )"),
        ("ifnull( remark, $x )=3", {"x": "a"}, "ifnull( remark, $x )=3"),
        ("SELECT COUNT(*) FROM demo.trips LIMIT $n", {"n": -1}, "LIMIT $n"),
        ("SELECT SUM(fare) FILTER (WHERE mode = any( $m )) FROM demo.trips GROUP BY stps", {"m": ["a"]}, "stps"),
    ],
)
def test_a_refusal_quotes_the_parameter_and_not_its_value(sql: str, values: Given, field: str) -> None:
    assert refusal(sql, values).field == field


def outcome(sql: str, values: Given) -> object:
    """What the statement means, or the code of its refusal, as that of a pattern that ends in its escape."""
    try:
        return meaning(read(sql, values))
    except RefusedError as refused:
        return refused.code


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
values = st.one_of(
    texts,
    st.sampled_from(["'", "''; DROP TABLE x --", "' OR TRUE OR remark = '", "$x", "?", "\\", "%", "NULL"]),
)


@given(values, st.sampled_from(["remark = $p", "remark IN ($p, $p)", "remark LIKE $p", "COALESCE(remark, $p) = 'a'"]))
def test_no_text_says_more_than_itself(text: str, sql: str) -> None:
    written = sql.replace("$p", exp.Literal.string(text).sql("duckdb"))
    assert outcome(sql, {"p": text}) == outcome(written, {})


@given(
    st.one_of(
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.dates(),
        st.datetimes(),
    )
)
def test_every_value_reaches_the_cities_as_it_was_given(value: Value) -> None:
    column = {int: "stops", float: "fare", date: "day", datetime: "started"}[type(value)]
    where = read(f"{column} = $p OR {column} IS NULL", {"p": value}).plan.where
    assert literal(value) in _literals(where)


def _literals(node: object) -> list[object]:
    return [node] if isinstance(node, Literal) else [one for arg in getattr(node, "args", ()) for one in _literals(arg)]
