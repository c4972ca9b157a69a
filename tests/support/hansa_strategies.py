"""Generated questions on generated data: a small rich contract, well-typed expressions, checked plans and rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from itertools import combinations

from hypothesis import strategies as st

from hansa_core.contract.contract import Contract, ContractColumn, Scope
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.contract.quanta import row_values
from hansa_core.contract.types import INT64_MAX, INT64_MIN, TRUNCATIONS, DataType, DatePart, Value
from hansa_core.errors import RefusedError
from hansa_core.plan.expression import ARITHMETIC, COMPARISONS, Call, Column, Expression, Literal, Op, literal
from hansa_core.plan.measure import measure_of
from hansa_core.plan.plan import PAIRED, SPREADS, Aggregate, AggregateFunction, Argument, Plan
from hansa_core.plan.typing import column_types

BOOLEAN, INTEGER, NUMBER = DataType.BOOLEAN, DataType.INTEGER, DataType.NUMBER
TEXT, DATE, TIMESTAMP = DataType.TEXT, DataType.DATE, DataType.TIMESTAMP


def _numeric(
    name: str,
    kind: DataType,
    quantum: Fraction,
    lower: Fraction | int,
    upper: Fraction | int,
    *,
    domain: tuple[Value, ...] | None = None,
    bins: tuple[tuple[Fraction, ...], ...] = (),
    key_width: Fraction | None = None,
    required: bool = False,
) -> ContractColumn:
    return ContractColumn(
        name=name,
        type=kind,
        meaning=f"the {name} of a trip",
        quantum=quantum,
        lower=Fraction(lower),
        upper=Fraction(upper),
        domain=domain,
        bins=bins,
        key_width=key_width,
        required=required,
    )


_CUTS = ((Fraction(30),), (Fraction(10), Fraction(30), Fraction(60)))
_COLUMNS = (
    ContractColumn(name="rider", type=TEXT, meaning="who travelled", identifier=True, required=True),
    ContractColumn(name="ticket", type=TEXT, meaning="the ticket's number", identifier=True),
    _numeric("stops", INTEGER, Fraction(1), -1000, 1000, key_width=Fraction(5)),
    _numeric("odometer", INTEGER, Fraction(1), INT64_MIN, INT64_MAX),
    _numeric("duration", INTEGER, Fraction(5), 0, 600, bins=_CUTS),
    _numeric("zone", INTEGER, Fraction(1), 1, 4, domain=(1, 2, 3, 4), required=True),
    _numeric("fare", NUMBER, Fraction(1, 4), -100, 1000, key_width=Fraction(1, 2)),
    _numeric("distance", NUMBER, Fraction(1, 10), 0, 500, bins=_CUTS),
    _numeric("lat", NUMBER, Fraction(1, 1_000_000), -90, 90),
    _numeric("lon", NUMBER, Fraction(1, 1_000_000), -180, 180),
    ContractColumn(
        name="mode",
        type=TEXT,
        meaning="the vehicle",
        domain=("tram", "bus", "bike", "unknown"),
        required=True,
        constant_per_unit=True,
    ),
    ContractColumn(name="line", type=TEXT, meaning="the city's own line names", per_city=True),
    ContractColumn(name="remark", type=TEXT, meaning="free text"),
    ContractColumn(name="paid", type=BOOLEAN, meaning="whether a fare was paid"),
    ContractColumn(name="day", type=DATE, meaning="the day of the trip", key_part=DatePart.MONTH),
    ContractColumn(name="started", type=TIMESTAMP, meaning="the start in UTC", key_part=DatePart.HOUR),
)

TRIPS = Contract(
    id=ContractId("demo.trips", 1),
    title="Trips, made up",
    columns={column.name: column for column in _COLUMNS},
    unit="rider",
    entity="rider",
    unit_scope=Scope.CITY,
    max_cities_per_unit=1,
    least_level=Level.OPEN,
)
TRIP_TYPES = column_types(TRIPS)

_POOLS: dict[DataType, tuple[Value, ...]] = {
    BOOLEAN: (True, False),
    INTEGER: (0, 1, -1, 2, 3, 5, 30, -7, 1000, 10**9, 2**53 + 1, INT64_MAX, INT64_MIN, INT64_MIN + 1),
    NUMBER: (
        0.0,
        -0.0,
        0.1,
        0.25,
        -0.5,
        1.0,
        2.5,
        -2.5,
        30.0,
        1e-9,
        5e-324,
        2.0**53,
        2.0**63,
        -(2.0**63),
        1e308,
        -1e308,
    ),
    TEXT: (
        *("", "a", "A", "tram", "bus", "ß", "\U0001f6b2", "\uffff", " 1", "1e3", "nan", "true", "TRUE", "false"),
        *("İ ı", "a\nb", "100%", "a_b\\", "\u0301e\u0301", "\u00a0x ", "\U0010fffd", "\U000e0001"),
        *(
            "12",
            "-12",
            "007",
            "2.5",
            "-2.5",
            "2.",
            ".5",
            "0.49999999999999999",
            "9223372036854775807.5",
            "-0.0",
            "9" * 400,
        ),
        *(
            "2024-02-29",
            "2023-02-29",
            "0000-01-01",
            "2024-02-29 23:59:59",
            "2024-02-29T00:00:00.5",
            "2024-01-01 24:00:00",
        ),
    ),
    DATE: (
        date(1, 1, 1),
        date(1969, 12, 31),
        date(2000, 2, 29),
        date(2024, 5, 31),
        date(2024, 7, 1),
        date(9999, 12, 31),
    ),
    TIMESTAMP: (
        datetime(1, 1, 1),
        datetime(1969, 12, 31, 23, 59, 59, 999_999),
        datetime(2024, 5, 31),
        datetime(2024, 5, 31, 13, 45, 0, 1),
        datetime(9999, 12, 31, 23, 59, 59, 999_999),
    ),
}


# A strategy is validated when it is first drawn from: made once, and not for each draw, the generated tests take a
# fraction of the time.


@cache
def literals(kind: DataType) -> st.SearchStrategy[Literal]:
    """Literals of one type: edges mostly, and now and then NULL."""
    fixed = st.sampled_from(_POOLS[kind]).map(literal)
    return st.one_of(*[fixed] * 7, st.just(Literal(None, kind)))


@cache
def columns_of_type(kind: DataType) -> st.SearchStrategy[Expression]:
    """The columns of TRIPS of one type."""
    return st.sampled_from([Column(name) for name, found in TRIP_TYPES.items() if found is kind])


def _name(value: DataType | DatePart) -> Literal:
    return Literal(value.value, TEXT)


@cache
@st.composite
def expressions(draw: st.DrawFn, kind: DataType | None = None, depth: int = 4) -> Expression:
    """A well-typed expression over TRIPS of at most `depth` levels; of any type without `kind`."""
    kind = kind or draw(st.sampled_from(DataType))
    if depth <= 1 or draw(st.integers(0, 4)) == 0:
        return draw(st.one_of(columns_of_type(kind), columns_of_type(kind), literals(kind)))
    return draw(st.one_of(_common_calls(kind, depth - 1), _own_calls(kind, depth - 1)))


def _call(op: Op, *args: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.tuples(*args).map(lambda drawn: Call(op, drawn))


@cache
def _many(op: Op, kind: DataType, depth: int) -> st.SearchStrategy[Expression]:
    return st.lists(expressions(kind, depth), min_size=2, max_size=4).map(lambda drawn: Call(op, tuple(drawn)))


@cache
@st.composite
def _common_calls(draw: st.DrawFn, kind: DataType, depth: int) -> Expression:
    """What every type can be: CASE, COALESCE, NULLIF, with a numeric mix for a number."""

    def arm() -> Expression:
        mixed = kind is NUMBER and draw(st.integers(0, 3)) == 0
        return draw(expressions(INTEGER if mixed else kind, depth))

    first = draw(expressions(kind, depth))  # one arm has the type itself, so a mix is never of integers alone
    if draw(st.booleans()):
        return Call(draw(st.sampled_from([Op.COALESCE, Op.NULLIF, Op.GREATEST, Op.LEAST])), (first, arm()))
    condition = draw(expressions(BOOLEAN, depth))
    more: tuple[Expression, ...] = (draw(expressions(BOOLEAN, depth)), arm()) if draw(st.booleans()) else ()
    last: tuple[Expression, ...] = (arm(),) if draw(st.booleans()) else ()
    return Call(Op.CASE, (condition, first, *more, *last))


@cache
def _own_calls(kind: DataType, depth: int) -> st.SearchStrategy[Expression]:
    match kind:
        case DataType.BOOLEAN:
            return _boolean_calls(depth)
        case DataType.INTEGER:
            return _integer_calls(depth)
        case DataType.NUMBER:
            return _number_calls(depth)
        case DataType.DATE | DataType.TIMESTAMP:
            other = TIMESTAMP if kind is DATE else DATE
            parts = [part for part in TRUNCATIONS if kind is TIMESTAMP or not part.is_within_day]
            part, moment = st.sampled_from(parts).map(_name), expressions(kind, depth)
            counts = st.sampled_from([0, 1, -1, 12, -13, 400, 10**6, -(10**12), INT64_MAX]).map(literal)
            return st.one_of(
                _call(Op.DATE_TRUNC, part, moment),
                _call(Op.DATE_ADD, part, moment, counts),
                _cast(other, kind, depth),
                _cast(TEXT, kind, depth),
            )
        case DataType.TEXT:
            return _text_calls(depth)


@cache
def _cast(source: DataType, target: DataType, depth: int) -> st.SearchStrategy[Expression]:
    return _call(Op.TRY_CAST, expressions(source, depth), st.just(_name(target)))


@cache
def _text_calls(depth: int) -> st.SearchStrategy[Expression]:
    texts = expressions(TEXT, depth)
    count = st.sampled_from([0, 1, 2, 7, INT64_MAX]).map(literal)
    return st.one_of(
        *(_cast(source, TEXT, depth) for source in (TEXT, INTEGER, BOOLEAN, DATE)),
        *(_call(op, texts) for op in (Op.LOWER, Op.UPPER, Op.TRIM, Op.LTRIM, Op.RTRIM)),
        *(_call(op, texts, count) for op in (Op.LEFT, Op.RIGHT)),
        _call(Op.SUBSTRING, texts, st.sampled_from([1, 2, 5]).map(literal)),
        _call(Op.SUBSTRING, texts, st.sampled_from([1, 2, 5]).map(literal), count),
        _many(Op.JOIN, TEXT, depth),
    )


_PATTERNS = ("%", "", "_", "t%m", "%1%", "__", "\\%", "%\\\\%", "%2024-%", "%A", "_b%s", "ß%", "\U0001f6b2")


@cache
@st.composite
def _comparisons(draw: st.DrawFn, depth: int) -> Expression:
    left, right = draw(
        st.one_of(
            st.sampled_from(DataType).map(lambda kind: (kind, kind)),
            st.sampled_from([(INTEGER, NUMBER), (NUMBER, INTEGER), (DATE, TIMESTAMP), (TIMESTAMP, DATE)]),
        )
    )
    subject = draw(expressions(left, depth))
    if draw(st.booleans()):
        return Call(draw(st.sampled_from(sorted(COMPARISONS))), (subject, draw(expressions(right, depth))))
    return Call(Op.IN, (subject, *draw(st.lists(literals(right), min_size=1, max_size=4))))


@cache
@st.composite
def _equalities(draw: st.DrawFn, depth: int) -> Expression:
    """An OR of equalities on one expression, which has a canonical form of its own."""
    kind = draw(st.sampled_from(DataType))
    subject = draw(expressions(kind, max(1, depth - 1)))
    items = draw(st.lists(literals(kind), min_size=2, max_size=4))
    sides = [(subject, item) if draw(st.booleans()) else (item, subject) for item in items]
    return Call(Op.OR, tuple(Call(Op.EQ, pair) for pair in sides))


@cache
def _boolean_calls(depth: int) -> st.SearchStrategy[Expression]:
    return st.one_of(
        _comparisons(depth),
        _comparisons(depth),
        _equalities(depth) if depth > 1 else _comparisons(depth),
        _many(Op.AND, BOOLEAN, depth),
        _many(Op.OR, BOOLEAN, depth),
        _call(Op.NOT, expressions(BOOLEAN, depth)),
        _call(Op.IS_NULL, expressions(None, depth)),
        _cast(TEXT, BOOLEAN, depth),
        *(_call(op, expressions(TEXT, depth), st.sampled_from(_PATTERNS).map(literal)) for op in (Op.LIKE, Op.ILIKE)),
    )


@cache
def _integer_calls(depth: int) -> st.SearchStrategy[Expression]:
    integer = expressions(INTEGER, depth)
    date_part = st.sampled_from([part for part in DatePart if not part.is_within_day]).map(_name)
    moments = st.one_of(expressions(DATE, depth), expressions(TIMESTAMP, depth))
    return st.one_of(
        *(_call(op, integer, integer) for op in (Op.ADD, Op.SUB, Op.MUL)),
        _call(Op.ABS, integer),
        _call(Op.BIN, integer, st.sampled_from([1, 2, 7, 1000, INT64_MAX]).map(literal)),
        _call(Op.EXTRACT, date_part, expressions(DATE, depth)),
        _call(Op.EXTRACT, st.sampled_from(DatePart).map(_name), expressions(TIMESTAMP, depth)),
        _call(
            Op.GRID,
            st.one_of(st.just(Column("lat")), expressions(NUMBER, depth)),
            st.one_of(st.just(Column("lon")), expressions(INTEGER, depth)),
            st.sampled_from([1, 250, 1000, 1_000_000]).map(literal),
        ),
        *(_cast(source, INTEGER, depth) for source in (TEXT, NUMBER, BOOLEAN)),
        _call(Op.MOD, integer, integer),
        _call(Op.LENGTH, expressions(TEXT, depth)),
        _call(Op.DATE_DIFF, st.sampled_from(TRUNCATIONS).map(_name), moments, moments),
        _call(Op.FLOOR, integer),
    )


@cache
@st.composite
def _mixed_arithmetic(draw: st.DrawFn, depth: int) -> Expression:
    op = draw(st.sampled_from(sorted(ARITHMETIC)))
    left, right = draw(st.sampled_from([(NUMBER, NUMBER), (NUMBER, INTEGER), (INTEGER, NUMBER)]))
    return Call(op, (draw(expressions(left, depth)), draw(expressions(right, depth))))


@cache
def _number_calls(depth: int) -> st.SearchStrategy[Expression]:
    number, integer = expressions(NUMBER, depth), expressions(INTEGER, depth)
    width = st.sampled_from([0.1, 0.25, 5e-324, 1e300]).map(literal)
    return st.one_of(
        _mixed_arithmetic(depth),
        _mixed_arithmetic(depth),
        _call(Op.DIV, integer, integer),
        _call(Op.ABS, number),
        _call(Op.BIN, number, st.one_of(width, st.just(literal(3)))),
        _call(Op.BIN, integer, width),
        *(_cast(source, NUMBER, depth) for source in (TEXT, INTEGER)),
        *(_call(op, number) for op in (Op.FLOOR, Op.CEIL, Op.TRUNC, Op.ROUND, Op.SQRT)),
        _call(Op.SQRT, integer),
    )


_BINNED = [column.name for column in _COLUMNS if column.bins]
_MEASURES = [column.name for column in _COLUMNS if column.quantum is not None]
_DATES = [column.name for column in _COLUMNS if column.type.is_temporal]
_SHARES = (0.0, 0.1, 0.25, 0.5, 0.9, 1.0)


@cache
@st.composite
def _aggregates(draw: st.DrawFn) -> Aggregate:
    where = draw(st.one_of(st.none(), expressions(BOOLEAN, 3)))
    function = draw(st.sampled_from(AggregateFunction))

    def one_of(names: list[str]) -> str:
        return draw(st.sampled_from(names))

    match function:
        case AggregateFunction.COUNT_ROWS:
            return Aggregate(function, None, where)
        case AggregateFunction.COUNT_DISTINCT:
            return Aggregate(function, TRIPS.unit, where)
        case AggregateFunction.COUNT:
            return Aggregate(function, draw(_countable()), where)
        case spread if spread in SPREADS:
            return Aggregate(function, draw(_measures()), where)
        case AggregateFunction.QUANTILE_CONT:
            return Aggregate(function, one_of(_BINNED), where, quantile=draw(st.sampled_from(_SHARES)))
        case AggregateFunction.HISTOGRAM:
            return Aggregate(function, one_of(_BINNED), where)
        case paired if paired in PAIRED:
            return Aggregate(function, draw(_measures()), where, draw(_measures()))
        case _:
            is_extreme = function in (AggregateFunction.MIN, AggregateFunction.MAX)
            return Aggregate(function, draw(_extremes() if is_extreme else _measures()), where)


@cache
def _countable() -> st.SearchStrategy[Argument]:
    return st.one_of(st.sampled_from(list(TRIP_TYPES)), computed(None))


@cache
def _measures() -> st.SearchStrategy[Argument]:
    summable = st.one_of(computed(INTEGER), computed(NUMBER)).filter(_is_summable)
    return st.one_of(st.sampled_from(_MEASURES), summable)


@cache
def _extremes() -> st.SearchStrategy[Argument]:
    numbers = st.one_of(computed(INTEGER), computed(NUMBER))
    return st.one_of(_measures(), numbers, st.sampled_from(_DATES), computed(DATE), computed(TIMESTAMP))


def _is_summable(argument: Argument) -> bool:
    try:
        measure_of(argument, TRIPS).check_summable("")
    except RefusedError:
        return False
    return True


@cache
def computed(kind: DataType | None) -> st.SearchStrategy[Argument]:
    """What an aggregate may be taken over at open, beside bare columns."""
    return (
        expressions(kind, 3)
        .map(lambda drawn: drawn.name if isinstance(drawn, Column) else drawn)
        .filter(lambda drawn: not isinstance(drawn, str) or drawn in (*_MEASURES, *_DATES) or kind is None)
    )


@cache
@st.composite
def plans(draw: st.DrawFn, *, totals: bool = False) -> Plan:
    """A plan over TRIPS that `check_plan` accepts at `open`; without totals unless they are wanted."""
    plan = Plan(
        source=TRIPS.id,
        where=draw(st.one_of(st.none(), expressions(BOOLEAN, 4))),
        keys=tuple(draw(st.lists(st.one_of(expressions(None, 1), expressions(None, 3)), max_size=3))),
        aggregates=tuple(draw(st.lists(_aggregates(), min_size=1, max_size=4))),
    )
    some = [kept for size in range(len(plan.keys)) for kept in combinations(range(len(plan.keys)), size)]
    wanted = draw(st.lists(st.sampled_from(some), unique=True)) if totals and some else []
    return replace(plan, totals=tuple(wanted))


@cache
def stored_rows() -> st.SearchStrategy[dict[str, Value | None]]:
    """A row of TRIPS as a dataset stores it: numeric columns in quanta, from few values, so that rows share cells."""
    return st.fixed_dictionaries({column.name: _stored(column) for column in TRIPS.columns.values()})


def rows() -> st.SearchStrategy[dict[str, Value | None]]:
    """A row of TRIPS as expressions see it."""
    return stored_rows().map(lambda stored: row_values(TRIPS, stored))


def _stored(column: ContractColumn) -> st.SearchStrategy[Value | None]:
    present: st.SearchStrategy[Value]
    if column.domain is not None:
        present = st.sampled_from(column.domain)
    elif column.quantum is not None and column.lower is not None and column.upper is not None:
        least, most = int(column.lower / column.quantum), int(column.upper / column.quantum)
        edges = st.sampled_from(sorted({least, least + 1, 0, 1, 3, 120, most - 1, most}))
        present = st.one_of(edges, st.integers(least, most))
    elif column.identifier or column.per_city:
        present = st.sampled_from([f"{column.name} {number}" for number in range(4)])
    else:
        present = st.sampled_from(_POOLS[column.type])
    return present if column.required else st.one_of(*[present] * 7, st.none())
