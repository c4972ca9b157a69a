"""Generated SQL over the made-up trips: statements that plain DuckDB reads with the same meaning."""

from __future__ import annotations

from hypothesis import strategies as st

_ASCII = ("mode", "line", "ticket")
_TEXTS = (*_ASCII, "remark")
_WHOLE = ("stops", "zone", "duration")
_NUMBERS = ("fare", "distance", "lat", "lon")
_PARTS = ("year", "quarter", "month", "week", "day")
_EXTRACTED = (*_PARTS, "isodow", "dow", "doy", "isoyear")
_PATTERNS = ("'%'", "'b%'", "'_ike'", "'%m'", "'t__m'", "'%0'", "''")
_WORDS = ("'bus'", "'tram'", "''", "'line 1'", "'😀'", "'ß'")


def _one(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


def _form(form: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda drawn: form.format(*drawn))


def texts(depth: int) -> st.SearchStrategy[str]:
    """A text; case is folded where all letters are A to Z, since DuckDB folds others too."""
    if depth == 0:
        return _one(*_TEXTS)
    inner = texts(depth - 1)
    return st.one_of(
        _form("{}({})", _one("lower", "upper", "LOWER"), _one(*_ASCII)),
        _form("{}({})", _one("trim", "ltrim", "rtrim"), inner),
        _form("trim({} FROM {})", _one("LEADING", "TRAILING", "BOTH"), inner),
        _form("left({}, {})", inner, _one("0", "1", "3")),
        _form("right({}, {})", inner, _one("1", "2", "99")),
        _form("substring({}, {}, {})", inner, _one("1", "2"), _one("0", "1", "4")),
        _form("({} || '-' || {})", inner, inner),
        _form("({} || '/' || {})", inner, wholes(0)),
        _form("{}::TEXT", st.one_of(_one("zone", "odometer", "paid"), days(0))),
        _form("{}({})", _one("dayname", "monthname"), days(0)),
        _formatted(),
        _form("concat({}, ' ', {})", inner, inner),
        _form("{}({}, {})", _one("greatest", "least", "coalesce", "ifnull", "nullif"), inner, _one(*_WORDS)),
        _form("CASE WHEN {} THEN {} ELSE 'other' END", conditions(depth - 1), inner),
    )


def wholes(depth: int) -> st.SearchStrategy[str]:
    """An integer that stays far from the ends of 64 bits."""
    if depth == 0:
        return _one(*_WHOLE)
    inner = wholes(depth - 1)
    return st.one_of(
        _form("({} {} {})", inner, _one("+", "-", "*"), _one(*_WHOLE, "3")),
        _form("({} // {})", inner, _one("7", "-4", "zone", "stops")),
        _form("({} % {})", st.one_of(inner, _one("odometer")), _one("7", "-4", "zone")),
        _form("abs({})", inner),
        _form("{}({}, {})", _one("greatest", "least", "coalesce", "nullif"), inner, _one("0", "5", "zone")),
        _form("length({})", texts(depth - 1)),
        _form("extract({} FROM {})", _one(*_EXTRACTED), days(depth - 1)),
        _form("{}(started)", _one("hour", "minute", "second", "dayofweek", "dayofyear", "weekofyear")),
        _form("date_diff('{}', {}, {})", _one("day", "month", "quarter", "year"), days(0), days(0)),
        _form("date_diff('{}', started, TIMESTAMP '2024-03-31 01:30:00')", _one("hour", "minute", "second", "day")),
        _form("({} - DATE '2024-02-29')", _one("day")),
        _form("CASE WHEN {} THEN {} ELSE zone END", conditions(depth - 1), inner),
        _form("CAST(round({}) AS BIGINT)", _one("fare", "distance")),
    )


def numbers(depth: int) -> st.SearchStrategy[str]:
    """A number of moderate size."""
    if depth == 0:
        return _one(*_NUMBERS)
    inner = numbers(depth - 1)
    return st.one_of(
        _form("({} {} {})", inner, _one("+", "-", "*"), _one(*_NUMBERS, "zone", "0.5", "1e-7")),
        _form("({} / {})", inner, _one("4", "zone", "1000")),
        _form("{}({})", _one("floor", "ceil", "round", "trunc", "abs"), inner),
        _form("sqrt(abs({}))", inner),
        _form("{}({}, {})", _one("greatest", "least", "coalesce", "nullif"), inner, _one("0.25", "fare")),
        _form("CASE WHEN {} THEN {} END", conditions(depth - 1), inner),
        _form("({}::DOUBLE / 100)", wholes(depth - 1)),
        _form("(extract(epoch FROM started) / {})", _one("3600", "86400.0")),
    )


def days(depth: int) -> st.SearchStrategy[str]:
    """A date; an interval is added only where the years stay within 1 to 9999."""
    if depth == 0:
        return _one("day", "CAST(started AS DATE)")
    shifted = "CASE WHEN year(day) BETWEEN 50 AND 9950 THEN CAST(day {} INTERVAL {} {} AS DATE) END"
    return st.one_of(
        _form("CAST(date_trunc('{}', {}) AS DATE)", _one(*_PARTS), days(depth - 1)),
        _form(shifted, _one("+", "-"), _one("1", "13", "'400'"), _one("DAY", "MONTH", "WEEK")),
        _form("greatest({}, DATE '2000-02-29')", days(depth - 1)),
    )


def conditions(depth: int) -> st.SearchStrategy[str]:
    """True, false or NULL."""
    if depth == 0:
        return st.one_of(_one("paid", "remark IS NULL", "zone IN (1, 3)"), _form("mode LIKE {}", _one(*_PATTERNS)))
    inner = conditions(depth - 1)
    rows = _one("(('bus', 1), ('tram', 2))", "(('bike', 2), (lower('BUS'), 3))")
    compared = _one("=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM")
    return st.one_of(
        _form("({} {} {})", wholes(depth - 1), compared, wholes(0)),
        _form("({} {} {})", numbers(depth - 1), compared, numbers(0)),
        _form("({} {} {})", texts(depth - 1), compared, st.one_of(texts(0), _one(*_WORDS))),
        _form("({} {} DATE '2024-03-31')", days(depth - 1), compared),
        _form("({} {} {})", texts(depth - 1), _one("LIKE", "NOT LIKE"), _one(*_PATTERNS)),
        _form("({} {} 'B%')", _one(*_ASCII), _one("ILIKE", "NOT ILIKE")),
        _form("({} LIKE '%!_%' ESCAPE '!')", texts(depth - 1)),
        _form("{}({}, {})", _one("starts_with", "contains", "ends_with"), texts(depth - 1), _one(*_WORDS)),
        _form("((mode, zone) {} {})", _one("IN", "NOT IN"), rows),
        _form("({} BETWEEN -3 AND 30)", wholes(depth - 1)),
        _form("({} IS {})", inner, _one("NULL", "NOT NULL", "TRUE", "NOT TRUE", "FALSE", "NOT FALSE")),
        _form("({} {} {})", inner, _one("AND", "OR"), inner),
        _form("(NOT {})", inner),
    )


_FORMATS = ("%Y", "%Y-%m", "%d.%m.%Y", "%m", "%A", "%b %y", "%j", "w%V", "%G-%V", "%u/%w", "%Y %B", "%-m%-d")
_HOURS = ("%Y-%m-%d %H", "%H:%M", "%I %p", "%a %H:00", "%S")


def _formatted() -> st.SearchStrategy[str]:
    return st.one_of(
        _form("strftime(day, '{}')", _one(*_FORMATS)), _form("strftime(started, '{}')", _one(*_FORMATS, *_HOURS))
    )


def _keys() -> st.SearchStrategy[str]:
    return st.one_of(
        _form("{}(started)", _one("dayname", "monthname")),
        *(_formatted(), texts(1), wholes(1), days(1), conditions(1)),
        _one("mode", "odometer", "started", "remark"),
    )


@st.composite
def _aggregates(draw: st.DrawFn) -> str:
    function = draw(
        st.one_of(
            _one("COUNT(*)"),
            _form("COUNT({})", st.one_of(texts(1), numbers(1), days(1), conditions(1))),
            _form("{}({})", _one("SUM", "AVG", "MIN", "MAX"), st.one_of(wholes(2), numbers(2))),
            _form("{}(odometer)", _one("SUM", "MIN", "MAX")),
            _form("{}({})", _one("MIN", "MAX"), st.one_of(days(1), _one("started"))),
            _form("{}({})", _one("VAR_POP", "STDDEV_POP", "VAR_SAMP"), _one("fare", "distance", "stops * 2")),
            _form("{}({})", _one("BOOL_AND", "BOOL_OR"), conditions(1)),
            _form(
                "COUNT(DISTINCT {})",
                st.one_of(texts(1), wholes(1), days(1), conditions(1), _one("odometer", "strftime(day, '%Y-%m')")),
            ),
            _form("{}({})", _one("MIN", "MAX"), texts(1)),
            _form(
                "{}(fare, stops)",
                _one("REGR_COUNT", "REGR_AVGX", "REGR_AVGY", "REGR_SXX", "REGR_SYY", "REGR_SXY", "COVAR_POP"),
            ),
        )
    )
    return f"{function} FILTER (WHERE {draw(conditions(1))})" if draw(st.integers(0, 3)) == 0 else function


@st.composite
def statements(draw: st.DrawFn) -> str:
    """One SELECT over demo.trips, with aliases k0… for keys and a0… for aggregates."""
    keys = draw(st.lists(_keys(), max_size=2, unique=True))
    asked = draw(st.lists(_aggregates(), min_size=1, max_size=3))
    where = f" WHERE {draw(conditions(2))}" if draw(st.booleans()) else ""
    named = [*(f"{key} AS k{place}" for place, key in enumerate(keys))]
    if keys and draw(st.integers(0, 4)) == 0:
        return f"SELECT DISTINCT {', '.join(named)} FROM demo.trips{where}"
    named += [f"{one} AS a{place}" for place, one in enumerate(asked)]
    listed, sets = ", ".join(keys), ", ".join(f"({key})" for key in keys)
    group = f" GROUP BY {draw(_one(listed, f'ROLLUP ({listed})', f'GROUPING SETS ({sets})'))}" if keys else ""
    return f"SELECT {', '.join(named)} FROM demo.trips{where}{group}"
