"""How values and marks look to a person."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from datetime import date, datetime

import pyarrow as pa
import pytest
from rich.console import Console

from hansa.answer import Answer
from hansa.answering.coverage import CityReport, ExitCode, Outcome, exit_code
from hansa.answering.marked_cells import MarkedCell
from hansa.answering.stage import Stage
from hansa.output import Output
from hansa.view.render.cells import cell_texts
from hansa.view.render.formats import Format, encode_answer, encode_table
from hansa.view.render.progress import ProgressBoard
from hansa.view.render.text import aligned_answer, aligned_text, answer_table, plain_table, plain_text
from hansa_answers import answer_of
from hansa_core.contract.level import Level
from hansa_core.printable import printable
from hansa_simulated_city import SimulatedLeague


@pytest.mark.parametrize(
    ("values", "measured", "texts"),
    [
        ([2018, None], False, ["2018", "null"]),
        ([12345, 7], True, ["12,345", "7"]),
        ([85.0, 86.5], True, ["85.0", "86.5"]),
        ([1234.56789, 2.0], True, ["1,234.57", "2.00"]),
        ([0.123456], True, ["0.1235"]),
        ([1e-9, 1e20, 0.0], True, ["1e-09", "1e+20", "0"]),
        ([True, False], False, ["true", "false"]),
        ([date(2024, 2, 29), datetime(2024, 2, 29, 12)], False, ["2024-02-29", "2024-02-29 12:00:00"]),
        (["a\x1b[31mb\n", "ß"], False, ["a\\x1b[31mb\\n", "ß"]),
    ],
)
def test_a_value_is_written_for_a_reader(values: list[object], measured: bool, texts: list[str]) -> None:
    assert cell_texts(values, measured=measured) == texts


def test_no_control_character_reaches_a_terminal() -> None:
    assert printable("".join(map(chr, range(0x3000)))).isprintable()


def answer(**changes: object) -> Answer:
    given: dict[str, object] = {
        "cities": (
            CityReport(city="bremen", state=Outcome.ANSWERED, level=Level.OPEN, data_version=1, proven=True),
            CityReport(
                city="hamburg", state=Outcome.REFUSED, code="denied", rule="<i>no</i>", remedy="ask", proven=True
            ),
        ),
        "suppressed": (MarkedCell(row=1, column="n", gaps={"bremen": "suppressed"}),),
        "partial": (MarkedCell(row=2, column="n", gaps={"hamburg": "denied"}),),
        "notes": ("Mind <this>.",),
    }
    table = {"<kind>": ["<b>cog</b>", "hulk", "holk"], "n": [1, None, 3]}
    sql = 'SELECT project AS "<kind>", COUNT(*) AS n FROM housing.permits GROUP BY project'
    return answer_of(sql, table, **{**given, **changes})


def test_the_text_shows_marks_in_place_and_explains_them_below() -> None:
    assert repr(answer()).splitlines() == [
        "<kind>         n",
        "────────────────",
        "<b>cog</b>   1",
        "hulk         ·",
        "holk         3 †",
        "",
        "1 of 2 cities answered at level open",
        "  –  hamburg: refused (denied): <i>no</i>; ask",
        "  ·  no value: bremen (withheld by disclosure control)",
        "  †  partial, without hamburg (refused: denied)",
        "  !  Mind <this>.",
    ]


def test_a_column_name_is_no_markup() -> None:
    named = answer(table=pa.table({"[red]kind[/red]": ["cog"], "n": [1]}), suppressed=(), partial=())
    assert "[red]kind[/red]" in repr(named)


def test_every_text_in_html_is_escaped_and_every_mark_has_a_name() -> None:
    html = answer()._repr_html_()
    for raw in ("<b>", "<i>", "<kind>", "<this>"):
        assert raw not in html
    assert '<th scope="col">&lt;kind&gt;</th>' in html
    assert 'aria-label="no value: bremen (withheld by disclosure control)">·</abbr>' in html
    assert 'aria-label="partial, without hamburg (refused: denied)">†</abbr>' in html


def test_html_names_every_city_and_how_it_ended() -> None:
    html = answer()._repr_html_()
    assert '<li class="came"><span aria-hidden="true">✓</span> bremen <small>open, data version 1</small></li>' in html
    assert '<li class="gone"><span aria-hidden="true">–</span> hamburg <small>refused</small></li>' in html


def test_frames_keep_counts_whole_where_one_is_missing() -> None:
    frame = answer().to_pandas()
    assert str(frame["n"].dtype) == "Int64"
    assert answer().to_polars()["n"].to_list() == [1, None, 3]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_library_that_is_not_installed_is_named_with_a_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=f"run `pip install {library}`, or take to_arrow"):
        getattr(answer(), f"to_{library}")()


def test_a_long_table_ends_where_nobody_reads_on_and_says_so() -> None:
    long = answer(table=pa.table({"<kind>": ["cog"] * 501, "n": [1] * 501}), suppressed=(), partial=())
    said = "The first 500 of 501 rows are shown; to_pandas() and to_arrow() have all."
    assert repr(long).count("cog") == 500
    assert repr(long).endswith(said)
    assert long._repr_html_().count("<td>cog</td>") == 500
    assert said in long._repr_html_()
    assert "rows are shown" not in repr(answer()) + answer()._repr_html_()


def test_csv_has_a_histogram_as_one_line_of_json() -> None:
    bins = [{"lower": 0, "upper": 30, "rows": 4}, {"lower": 31, "upper": 60, "rows": 1}]
    kind = pa.list_(pa.struct({"lower": pa.int64(), "upper": pa.int64(), "rows": pa.int64()}))
    table = pa.table({"<kind>": ["cog", "hulk"], "n": pa.array([bins, None], kind)})
    rows = list(csv.reader(encode_answer(answer(table=table), Format.CSV).decode().splitlines()))
    assert [json.loads(rows[1][1]), rows[2][1]] == [bins, ""]


def test_a_format_for_people_has_no_bytes() -> None:
    with pytest.raises(ValueError, match="for people"):
        encode_answer(answer(), Format.TABLE)


@pytest.mark.parametrize(
    ("states", "min_cities", "code"),
    [
        ([Outcome.ANSWERED, Outcome.ANSWERED], 2, ExitCode.ENOUGH),
        ([Outcome.ANSWERED, Outcome.REFUSED], 2, ExitCode.REFUSED),
        ([Outcome.ANSWERED, Outcome.REFUSED], 1, ExitCode.ENOUGH),
        ([Outcome.REFUSED, Outcome.TIMED_OUT], 1, ExitCode.INCOMPLETE),
        ([Outcome.ANSWERED, Outcome.UNTRUSTED], 1, ExitCode.UNTRUSTED),
    ],
)
def test_the_exit_code_follows_from_how_the_cities_ended(
    states: list[Outcome], min_cities: int, code: ExitCode
) -> None:
    reports = [CityReport(city=f"city-{number}", state=state) for number, state in enumerate(states)]
    assert exit_code(reports, min_cities) is code


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("hansa", {"grpc", "pyarrow", "duckdb", "sqlglot", "typer", "rich", "cryptography"}),
        ("hansa.cli", {"grpc", "pyarrow", "duckdb", "sqlglot", "cryptography", "hansa_node", "hansa_coordinator"}),
        ("hansa.asking.connect", {"pyarrow", "duckdb", "sqlglot"}),
    ],
)
def test_an_import_loads_nothing_that_it_does_not_need_yet(module: str, heavy: set[str]) -> None:
    script = f"import sys, {module}; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_attack_a_key_of_20_mb_does_not_hold_the_analysts_terminal() -> None:
    (shown,) = cell_texts(["x" * 20_000_000], measured=False)
    assert len(shown) < 1100
    assert shown.endswith("… (20,000,000 characters)")


EVIL = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    " =1",
    "\t=1",
    "＝1",
    "|calc",
    "plain",
    "a\x1b[2Jb",
    "\u202etxt.exe",
    "a\nb",
    "\x9b31m",
]


def test_csv_texts_neither_compute_in_a_spreadsheet_nor_steer_a_terminal() -> None:
    table = pa.table({"=kind": EVIL, "n": [-1] * len(EVIL), "x": [-0.5] * len(EVIL)})
    rows = list(csv.reader(io.StringIO(encode_table(table, Format.CSV).decode(), newline="")))
    assert rows[0] == ["'=kind", "n", "x"]
    assert all(row[1:] == ["-1", "-0.5"] for row in rows[1:])
    texts = [row[0] for row in rows[1:]]
    assert texts[:8] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "' =1", "'\\t=1", "'＝1", "'|calc"]
    assert texts[8:] == ["plain", "a\\x1b[2Jb", "\\u202etxt.exe", "a\nb", "\\x9b31m"]


def test_raw_csv_has_texts_as_they_came() -> None:
    table = pa.table({"=kind": EVIL})
    rows = list(csv.reader(io.StringIO(encode_table(table, Format.CSV, raw=True).decode(), newline="")))
    assert [row[0] for row in rows] == ["=kind", *EVIL]


def test_json_says_the_same_with_nothing_that_a_terminal_obeys() -> None:
    table = pa.table({"kind": [*EVIL, "Lübeck"]})
    text = encode_table(table, Format.JSON).decode()
    assert [row["kind"] for row in json.loads(text)] == [*EVIL, "Lübeck"]
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "Lübeck" in text


def test_a_terminal_that_lacks_a_character_gets_another_one_and_no_traceback(served: SimulatedLeague) -> None:
    statement = 'SELECT COUNT(*) AS "Größe" FROM harbour.ships'
    command = [sys.executable, "-m", "hansa", "query", statement, "--profile", str(served.profile)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert b"Gr??e" in done.stdout


def test_a_table_of_thousands_of_rows_looks_as_a_short_one_does() -> None:
    table = pa.table(
        {
            "city": pa.array(["Lübeck", "東京", None, "a\x1b[2Jb"]),
            "n": pa.array([1, 20_000, None, 3], pa.int64()),
            "open": pa.array([True, False, None, True]),
        }
    )
    assert aligned_text(table) == plain_text(plain_table(table)) + "\n"


def test_an_answer_of_thousands_of_rows_looks_as_a_short_one_does() -> None:
    assert aligned_answer(answer()) == plain_text(answer_table(answer())) + "\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def long_answer() -> Answer:
    rows = 20_000
    table = pa.table({"<kind>": [f"kind {row}" for row in range(rows)], "n": list(range(rows))})
    return answer(table=table, suppressed=(), partial=())


def test_a_terminal_shows_the_first_rows_and_says_how_many_more_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    Output(None, None).write_answer(long_answer())
    assert "kind 499" in out.getvalue()
    assert "kind 500" not in out.getvalue()
    assert "The first 500 of 20,000 rows are shown, 19,500 more" in err.getvalue()


def test_a_pipe_gets_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    Output(None, None).write_answer(long_answer())
    assert len(out.getvalue().splitlines()) == 2 + 20_000
    assert "are shown" not in err.getvalue()


def test_a_terminal_names_the_stage_of_a_question() -> None:
    out = Terminal()
    with ProgressBoard(Console(file=out, force_terminal=True, width=80)) as board:
        board.reach(Stage.MERGING)
    assert "merging" in out.getvalue()
