"""Parameters from Python and from the command line: each value as it was meant, in every way to ask, and replayed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import hansa
from hansa.cli import app
from hansa.evidence.account import Account, AskedAccount, read_account, sign_account
from hansa.named_values import named_values
from hansa.question.options import AskOptions
from hansa.question.parameters import read_parameters
from hansa_core.errors import PeerError, RefusedError
from hansa_core.plan.expression import literal
from hansa_core.signing.dsse import Ed25519Signer
from hansa_simulated_city import SimulatedLeague

KINDS = "SELECT kind, COUNT(*) AS n FROM harbour.ships WHERE kind IN ($kinds) AND tons > $least GROUP BY 1 ORDER BY 1"


@pytest.fixture(scope="module")
def league(served: SimulatedLeague) -> Iterator[hansa.League]:
    with hansa.connect(served.profile) as connected:
        yield connected


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (True, True),
        (7, 7),
        (np.int64(7), 7),
        (np.bool_(False), False),
        (np.float32(0.5), 0.5),
        (np.array(3), 3),
        (Decimal("0.1"), 0.1),
        (Decimal("12"), 12),
        (Decimal("1E+3"), 1000),
        ("007", "007"),
        (np.str_("a"), "a"),
        (date(2024, 2, 29), date(2024, 2, 29)),
        (pd.Timestamp("2024-02-29 12:00"), datetime(2024, 2, 29, 12)),
        (np.datetime64("2024-02-29T12:00:00", "ns"), datetime(2024, 2, 29, 12)),
        (np.datetime64("2024-02-29"), date(2024, 2, 29)),
    ],
)
def test_a_value_of_python_numpy_or_pandas_is_a_literal(value: object, meant: Any) -> None:
    (parameter,) = read_parameters({"x": value})
    assert (parameter.values, parameter.is_list) == ((literal(meant),), False)


@pytest.mark.parametrize("missing", [None, pd.NaT, pd.NA])
def test_a_missing_value_is_null(missing: object) -> None:
    assert [one.is_null for one in read_parameters([missing, [missing]])] == [True, False]


@pytest.mark.parametrize(
    "listed",
    [["a", "b"], ("a", "b"), np.array(["a", "b"]), pd.Series(["a", "b"]), iter(["a", "b"]), {"a": 1, "b": 2}.keys()],
)
def test_whatever_holds_several_values_is_a_list(listed: object) -> None:
    (parameter,) = read_parameters([listed])
    assert (parameter.values, parameter.is_list) == ((literal("a"), literal("b")), True)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ("bremen", "give a dict for"),
        (7, "give a dict for"),
        ({"a b": 1}, "'a b' is no name of a parameter"),
        ({"Kind": 1, "kind": 2}, "two values are called $kind"),
        ({"x": 2**63}, "$x: an integer fits in 64 bits"),
        ({"x": float("nan")}, "write None for NULL"),
        ({"x": Decimal("0.1234567890123456789")}, "about 16 digits"),
        ({"x": datetime(2024, 1, 1, tzinfo=UTC)}, "$x: times are UTC and name no zone"),
        ({"x": b"a"}, "bytes is no value"),
        ({"x": {"a": 1}}, "dict is no value"),
        ({"x": [[1]]}, "list is no value"),
        ({"x": range(1001)}, "at most 1,000 values"),
        ([0] * 1001, "at most 1000 parameters"),
    ],
)
def test_what_is_no_value_is_told_with_its_name(params: Any, told: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read_parameters(params)
    assert told in str(refused.value)


def test_a_question_is_asked_with_its_values(league: hansa.League) -> None:
    answer = league.sql(KINDS, params={"kinds": ["cog", "hulk"], "least": 50})
    same = league.sql(KINDS.replace("$kinds", "'cog', 'hulk'").replace("$least", "50"))
    assert len(answer) == 2
    assert answer.table.equals(same.table)
    assert answer.plan_hash == same.plan_hash
    assert league.sql(KINDS, params={"kinds": ["cog"], "least": 50}).table_rows == answer.table_rows[:1]


def test_none_asks_for_rows_without_a_value(league: hansa.League) -> None:
    count = "SELECT COUNT(*) AS n FROM harbour.ships WHERE kind = ?"
    assert league.sql(count, params=[None]).plan_sql.endswith('"kind" IS NULL')


def test_every_way_to_ask_takes_params(cities: SimulatedLeague, league: hansa.League) -> None:
    values = {"kinds": ["cog"], "least": 0}
    assert [word.report.state.value for word in league.dry_run(KINDS, params=values)] == ["answered"] * 3
    assert "'cog'" in str(league.explain(KINDS, params=values))

    async def asked() -> hansa.Answer:
        async with await hansa.connect_async(cities.profile) as connected:
            return await connected.sql(KINDS, params=values)

    assert asyncio.run(asked()).table_rows == league.sql(KINDS, params=values).table_rows


def test_a_built_question_has_no_parameters(league: hansa.League) -> None:
    built = league.table("harbour.ships").agg(n=hansa.count())
    with pytest.raises(RefusedError, match="the statement has no"):
        built.ask(params={"x": 1})


def test_another_word_for_params_is_told() -> None:
    with pytest.raises(TypeError, match="did you mean params"):
        AskOptions.from_keywords({"parameters": {}})  # type: ignore[typeddict-unknown-key]


def test_an_answer_with_parameters_is_derived_again(league: hansa.League, tmp_path: Path) -> None:
    answer = league.sql(KINDS, params={"kinds": ["cog", None], "least": Decimal("0.5")})
    answer.save_evidence(tmp_path / "kept")
    account = json.loads((tmp_path / "kept" / "question.json").read_text())
    assert account["parameters"][1] == {
        "name": "least",
        "list": False,
        "values": [{"type": "number", "value": "0.5"}],
    }
    assert hansa.Answer.from_evidence(tmp_path / "kept").table.equals(answer.table)


def test_the_command_line_keeps_text_as_it_came(cities: SimulatedLeague) -> None:
    sql = "SELECT kind, COUNT(*) AS n FROM harbour.ships WHERE kind IN ($kinds) AND tons > $least GROUP BY kind"
    arguments = ["--param", "kinds=cog", "--param", "least:=0", "--format", "csv", "--profile", str(cities.profile)]
    done = CliRunner().invoke(app, ["query", sql, *arguments])
    assert done.stdout.splitlines() == ['"kind","n"', '"cog",3']


@pytest.mark.parametrize(
    ("given", "values"),
    [
        (["zip=01067"], {"zip": "01067"}),
        (["$zip=a=b"], {"zip": "a=b"}),
        (["1=x", "2:=2.50"], {"1": "x", "2": Decimal("2.50")}),
        (['l:=["a", null]', "n:=null", "t:=true"], {"l": ["a", None], "n": None, "t": True}),
        (["empty="], {"empty": ""}),
    ],
)
def test_a_text_is_a_text_and_json_is_what_it_says(given: list[str], values: dict[str, object]) -> None:
    assert named_values(given) == values


@pytest.mark.parametrize("given", [["zip"], ["=3"], ["a=1", "A=2"], ["0=1"], ["a:=x"], ["a:={}"], ["a:=[[1]]"]])
def test_what_is_no_parameter_stops_the_command(given: list[str]) -> None:
    with pytest.raises(typer.BadParameter):
        named_values(given)


texts = st.text(st.characters(codec="utf-8"), max_size=20)
values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)
) | st.one_of(texts, st.dates(), st.datetimes())


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True), values | st.lists(values), max_size=4))
def test_an_account_keeps_each_value_to_the_bit(params: dict[str, object]) -> None:
    parameters = read_parameters(params)
    account = hansa_account(parameters)
    assert read_account(account).parameters == parameters


def hansa_account(parameters: Any) -> bytes:
    account = Account(
        asked_at=datetime(2026, 5, 1, 12),
        statement="SELECT COUNT(*) FROM harbour.ships",
        tables={},
        partial=False,
        asked=(AskedAccount(min_cities=1, cities=()),),
        parameters=parameters,
    )
    return sign_account(account, Ed25519Signer(bytes(32))).payload


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "integer", "value": "01"},
        {"type": "number", "value": "inf"},
        {"type": "date", "value": "2024-02-30"},
        {"type": "boolean", "value": "yes"},
        {"type": "row", "value": "1"},
        {"type": "text", "value": 1},
        {"type": "text", "value": "a", "more": ""},
    ],
)
def test_a_value_in_another_spelling_is_not_read(changes: dict[str, Any]) -> None:
    document = json.loads(hansa_account(read_parameters([1])))
    document["parameters"][0]["values"] = [changes]
    with pytest.raises(PeerError):
        read_account(json.dumps(document).encode())
