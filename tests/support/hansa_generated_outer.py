"""Generated SQL around the questions: city sets, joins, set operations, subqueries, windows and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

CITIES = ("aachen", "bonn", "celle", "dessau")

_LABELS = (
    "city",
    "city <> 'bonn'",
    "CASE WHEN city IN ('aachen', 'bonn') THEN 'west' WHEN city = 'celle' THEN 'north' END",
    "CASE city WHEN 'dessau' THEN 'east' ELSE 'rest' END",
    "upper(left(city, 1))",
    "city || '?'",
)
_KEYS = (
    *("mode", "zone", "paid", "remark", "left(remark, 1)", "odometer", "day", "started"),
    *("extract(year FROM day)", "date_trunc('hour', started)", "dayname(started)", "stops // 7", "fare > 5"),
)
_AGGREGATES = (
    *("COUNT(*)", "COUNT(fare)", "COUNT(DISTINCT mode)", "COUNT(DISTINCT remark)", "SUM(stops)", "SUM(fare)"),
    *("AVG(stops)", "AVG(distance)", "MIN(odometer)", "MAX(odometer)", "MIN(day)", "MAX(started)", "MIN(remark)"),
    *("BOOL_OR(paid)", "SUM(stops * 2 - 1)", "MAX(length(remark))", "SUM(fare) FILTER (WHERE mode = 'bus')"),
    *("COUNT(*) FILTER (WHERE city = 'bonn')", "SUM(stops) FILTER (WHERE city <> 'celle' AND zone = 1)"),
    *("AVG(fare) FILTER (WHERE city LIKE 'a%' OR city = 'dessau')", "VAR_POP(fare)"),
)
_CITY_CONDITIONS = (
    *("city <> 'bonn'", "city NOT IN ('bonn', 'celle')", "city = 'dessau'", "city LIKE '%e%'", "city > 'b'"),
    *("(city = 'celle' OR city < 'b')", "length(city) = 6", "NOT city = 'aachen'"),
)
_ROW_CONDITIONS = (
    *("zone IN (1, 2)", "fare >= 0", "remark IS NOT NULL", "day < DATE '2024-03-01'", "mode LIKE 'b%'", "stops <> 3"),
    *("started >= TIMESTAMP '2024-03-31 01:30:00'", "strftime(day, '%Y') = '2024'", "paid IS NOT FALSE"),
    *("zone <= $zone", "remark <> $word", "day >= $day", "odometer > $far"),
)
_PARAMETERS: Mapping[str, st.SearchStrategy[object]] = {
    "zone": st.integers(1, 4),
    "word": st.sampled_from(["", "ß", "\U0001f6b2", "it's", "%", "\U0010fffd", "$zone"]),
    "day": st.dates(),
    "far": st.sampled_from([-(2**63), 0, 2**63 - 1]),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement and the values of its parameters."""

    sql: str
    params: dict[str, object]


@st.composite
def _question(draw: st.DrawFn, keys: tuple[str, ...] | None = None, aggregates: tuple[str, ...] | None = None) -> str:
    """Keys k0…, the number of rows n, aggregates a0…; without the cells that hold no row, which `city` alone keeps."""
    if keys is None:
        labels = draw(st.lists(st.sampled_from(_LABELS), max_size=1))
        chosen = draw(st.lists(st.sampled_from(_KEYS), max_size=2, unique=True))
        keys = tuple(draw(st.permutations([*labels, *chosen[: 2 - len(labels)]])))
    if aggregates is None:
        aggregates = tuple(draw(st.lists(st.sampled_from(_AGGREGATES), min_size=1, max_size=2)))
    conditions = [
        *draw(st.lists(st.sampled_from(_CITY_CONDITIONS), max_size=1)),
        *draw(st.lists(st.sampled_from(_ROW_CONDITIONS), max_size=1)),
    ]
    items = [f"{key} AS k{place}" for place, key in enumerate(keys)]
    items += ["COUNT(*) AS n", *(f"{one} AS a{place}" for place, one in enumerate(aggregates))]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    group = ""
    if keys:
        listed = ", ".join(keys)
        sets = ", ".join(f"({key})" for key in keys)
        forms = [listed, listed, f"ROLLUP ({listed})", f"CUBE ({listed})", f"GROUPING SETS ({sets}, ())"]
        group = f" GROUP BY {draw(st.sampled_from(forms))} HAVING COUNT(*) > 0"
    return f"SELECT {', '.join(items)} FROM demo.trips{where}{group}"


def _columns(question: str) -> list[str]:
    return [one for one in ("k0", "k1", "n", "a0", "a1") if f" AS {one}" in question.partition(" FROM demo.trips")[0]]


@st.composite
def _over_one(draw: st.DrawFn) -> str:
    """A SELECT over one question: conditions, windows, groups, DISTINCT, order and limit."""
    question = draw(_question())
    columns = _columns(question)
    listed, value = ", ".join(columns), draw(st.sampled_from(columns))
    order = ", ".join(f"{column} {draw(st.sampled_from(('ASC', 'DESC')))}" for column in columns)
    window = f"OVER (PARTITION BY {columns[0]} ORDER BY {order})"
    whole = f"OVER (ORDER BY {order})"
    form = draw(
        st.sampled_from(
            [
                "SELECT {listed}, n * 2 + 1 AS x, n / 3 AS y, n % 4 AS z FROM q WHERE n > 1",
                "SELECT {value}, COUNT(*) AS c, SUM(n) AS s, MAX(n) AS m FROM q GROUP BY {value}",
                "SELECT {value} IS NULL AS u, SUM(n) AS s, COUNT({value}) AS c FROM q GROUP BY 1 HAVING COUNT(*) > 1",
                "SELECT COUNT(*) AS c, SUM(n) AS s, COUNT(DISTINCT {value}) AS d FROM q",
                "SELECT DISTINCT {value} FROM q",
                "SELECT {listed}, ROW_NUMBER() {whole} AS x, SUM(n) {window} AS y FROM q",
                "SELECT {listed}, LAG({value}) {whole} AS x, LEAD(n, 1, 0) {window} AS y FROM q",
                "SELECT {listed}, RANK() {window} AS x, n * 1.0 / SUM(n) OVER () AS y FROM q QUALIFY x <= 2",
                "SELECT {listed}, FIRST_VALUE({value}) {window} AS x, NTILE(3) {whole} AS y FROM q",
                "SELECT {listed}, SUM(n) OVER (w ROWS 1 PRECEDING) AS x FROM q WINDOW w AS (ORDER BY {order})",
                "SELECT {listed} FROM q ORDER BY {order} LIMIT 3 OFFSET 1",
                "SELECT {listed}, CASE WHEN n > 2 THEN 'big' ELSE '' END AS x, COALESCE(NULLIF(n, 1), 9) AS y FROM q",
                "SELECT {listed} FROM q WHERE n >= (SELECT AVG(n) FROM q)",
                "SELECT {listed}, (SELECT MAX(n) FROM q) - n AS x, {value} IN (SELECT {value} FROM q) AS y FROM q",
                "SELECT {listed} FROM q WHERE {value} NOT IN (SELECT {value} FROM q WHERE n > 2)",
                "SELECT {listed}, EXISTS (SELECT 1 FROM q WHERE n > 100) AS x FROM q",
                "SELECT COUNT(*) AS c FROM (SELECT 1 AS x FROM q UNION ALL SELECT 2 FROM q WHERE n > 2) AS r",
            ]
        )
    )
    body = form.format(listed=listed, value=value, order=order, window=window, whole=whole)
    return f"WITH q AS ({question}) {body}"


@st.composite
def _joined(draw: st.DrawFn) -> str:
    """Questions joined to the analyst's own table, or to each other."""
    kind = draw(st.sampled_from(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]))
    if draw(st.booleans()):
        question = draw(_question(keys=("city", *draw(st.lists(st.sampled_from(_KEYS), max_size=1)))))
        form = draw(
            st.sampled_from(
                [
                    "SELECT k0, city, n, people, side FROM q {kind} people ON q.k0 = people.city",
                    "SELECT side, SUM(n) AS n, MAX(people) AS p FROM q {kind} people ON city = k0 GROUP BY side",
                    "SELECT * FROM (SELECT n, k0 AS city, a0 FROM q) AS r {kind} people USING (city)",
                    "SELECT * FROM people {kind} (SELECT n, k0 AS city, a0 FROM q) AS r USING (city)",
                    "SELECT side, n, n * 1e3 / people AS per FROM people {kind} q ON k0 = city AND people > 99",
                ]
            )
        )
        return f"WITH q AS ({question}) {form.format(kind=kind)}"
    keys = (draw(st.sampled_from((*_KEYS, *_LABELS))),)
    left, right = draw(_question(keys=keys)), draw(_question(keys=keys))
    on = draw(st.sampled_from(["USING (k0)", "ON p.k0 = q.k0", "ON p.k0 = q.k0 AND p.n > 1"]))
    shown = "k0" if on.startswith("USING") else "p.k0 AS k, q.k0 AS o"
    return f"WITH p AS ({left}), q AS ({right}) SELECT {shown}, p.n, q.n AS m, p.a0 AS a FROM p {kind} q {on}"


@st.composite
def _united(draw: st.DrawFn) -> str:
    """Rows of two or three questions, or of one and the analyst's own table."""
    keys = (draw(st.sampled_from((*_KEYS, *_LABELS))),)
    aggregates = (draw(st.sampled_from(_AGGREGATES)),)
    count = draw(st.integers(2, 3))
    sides = [draw(_question(keys=keys, aggregates=aggregates)) for _ in range(count)]
    shown = draw(st.sampled_from(("*", "k0", "n", "k0, n", "a0")))
    if shown != "*":
        sides = [f"SELECT {shown} FROM ({side}) AS r{place}" for place, side in enumerate(sides)]
    word = st.sampled_from(["UNION ALL", "UNION", "INTERSECT", "EXCEPT"])
    text = sides[0]
    for side in sides[1:]:
        text = f"{text} {draw(word)} {side}"
    return text


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    """One statement with its parameters."""
    sql = draw(st.one_of(_question(), _over_one(), _over_one(), _joined(), _united()))
    return Asked(sql, {name: draw(values) for name, values in _PARAMETERS.items() if f"${name}" in sql})
