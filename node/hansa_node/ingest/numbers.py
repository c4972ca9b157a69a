"""The SQL that reads numbers out of a source's text: exactly, and only as they are declared to be written."""

from __future__ import annotations

import re
from fractions import Fraction

from sqlglot import exp

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.figures import decimals_of, digits
from hansa_core.contract.types import DataType
from hansa_node.ingest.fragments import Sql, fragment, literal
from hansa_node.ingest.mapping import ColumnMapping, NumberFormat
from hansa_tables.source import SPACES

_SHORT = 18  # digits that 64 bits hold
_MOST = 10**38  # 128-bit integers hold a little more
NOT_A_NUMBER = "nan"
_DURATION = r"P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:[.][0-9]{1,6})?)S)?)?"
_GTFS = r"([0-9]{1,3}):([0-5][0-9]):([0-5][0-9])"
_PLAIN = r"[+-]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
OTHER_CONVENTIONS = (
    (
        r"[+-]?(?:[0-9]{1,3}(?:[.][0-9]{3})+,[0-9]+|[0-9]{1,3}(?:[.][0-9]{3}){2,}|[0-9]+,[0-9]+)",
        'decimal: ",", thousands: "."',
    ),
    (r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:[.][0-9]+)?", 'thousands: ","'),
    (rf"[+-]?[0-9]{{1,3}}(?:[{SPACES}][0-9]{{3}})+(?:,[0-9]+)?", 'decimal: ",", thousands: " "'),
    (r"[+-]?[0-9]{1,3}(?:['’][0-9]{3})+(?:[.,][0-9]+)?", 'thousands: "\'"'),
)
"""What cells look like that are numbers with other signs than declared, and the keys that would declare those."""


def number_text_sql(mapping: ColumnMapping, text: Sql) -> Sql:
    """Text as a plain number with a decimal point; NULL where it is not written as declared."""
    if mapping.format == NumberFormat.GTFS:
        return _seconds_sql(text, _GTFS, (3600, 60, 1))
    if mapping.format == NumberFormat.DURATION:
        return _seconds_sql(text, _DURATION, (86_400, 3600, 60, 1))
    text = fragment("trim(:t)", t=text)
    for affix in mapping.strip:
        pattern = literal(f"^{re.escape(affix)}\\s*|\\s*{re.escape(affix)}$")
        text = fragment("trim(regexp_replace(:t, :affix, ''))", t=text, affix=pattern)
    if mapping.writes_plain_signs:
        return _matching(text, _PLAIN)
    point, sign = re.escape(mapping.decimal), mapping.thousands
    whole = "[0-9]+" if sign is None else f"(?:[0-9]{{1,3}}(?:{_class_of(sign)}[0-9]{{3}})+|[0-9]+)"
    declared = _matching(text, rf"[+-]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?")
    if sign is not None:
        declared = fragment("regexp_replace(:t, :sign, '', 'g')", t=declared, sign=literal(_class_of(sign)))
    return fragment("replace(:t, :point, '.')", t=declared, point=literal(mapping.decimal))


def quanta_sql(mapping: ColumnMapping, column: ContractColumn, text: Sql) -> Sql:
    """Whole quanta of a number's text, rounded half away from zero, all in integers: 5.3 weeks are 37.1 days and so 37.

    A whole number is not rounded where nothing is converted: NULL for 2.5. Raises ValueError where the conversion
    does not fit 128 bits.
    """
    assert column.quantum is not None
    number = number_text_sql(mapping, text)
    lower, upper = column.bounds
    scale, offset = (part / column.quantum for part in (mapping.conversion.scale, mapping.conversion.offset))
    shared = Fraction(1, scale.denominator * offset.denominator)
    decimals = decimals_of(column.quantum)
    # Beyond `most`, in the source's unit, a figure is out of bounds whatever it is exactly.
    most = 10 ** digits(int(max(abs(lower - offset), abs(upper - offset)) / abs(scale)) + 1)
    factor, shift, divisor = int(scale / shared), int(offset / shared) * 10**decimals, int(1 / shared) * 10**decimals
    if max(most * 10**decimals * abs(factor) + abs(shift), divisor) * 2 >= _MOST:
        raise ValueError(
            f"mapping.{column.name}.unit: bounds, quantum and conversion need more than 128 bits; convert beforehand"
        )
    is_whole = column.type is DataType.INTEGER and mapping.conversion.is_identity
    exactly = fragment(
        """
        list_extract(list_transform([TRY_CAST(:t AS DOUBLE)], lambda d: CASE
            WHEN d IS NULL OR isnan(d) OR isinf(d) THEN NULL
            WHEN d > :most THEN :above
            WHEN d < -:most THEN :below
            ELSE list_extract(list_transform(
                [CAST(TRY_CAST(:t AS DECIMAL(38, :decimals)) * :power AS HUGEINT)],
                lambda n: CASE WHEN :whole AND n % :power <> 0 THEN NULL ELSE list_extract(list_transform(
                    [n * :factor + :shift],
                    lambda m: sign(m) * ((2 * abs(m) + :divisor) // (2 * :divisor))), 1) END), 1)
        END), 1)
        """,
        t=number,
        most=exp.cast(literal(str(most)), exp.DataType.build("DOUBLE")),
        above=_huge(upper + 1),
        below=_huge(lower - 1),
        decimals=exp.Literal.number(decimals),
        power=_huge(10**decimals),
        whole=exp.true() if is_whole else exp.false(),
        factor=_huge(factor),
        shift=_huge(shift),
        divisor=_huge(divisor),
    )
    greatest = (most * abs(factor) * 10**decimals + abs(shift)) // divisor + 1
    kind = "BIGINT" if _fits_64_bits(greatest) else "HUGEINT"
    exactly = fragment(f"CAST(:exactly AS {kind})", exactly=exactly)
    places = _decimal_places(column.quantum) if mapping.conversion.is_identity else None
    if places is None:
        return exactly
    return _quick(text if mapping.writes_plain_numbers else number, places, exactly, kind, is_whole=is_whole)


def _quick(number: Sql, places: int, exactly: Sql, kind: str, *, is_whole: bool) -> Sql:
    """The same quanta in 64 bits, where a number is short enough: most are, and 128 bits take ten times as long.

    `places`: the decimal places of the quantum. `kind`: of what comes out. DuckDB reads a decimal and rounds it half
    away from zero in one step.
    """
    plain = f"WHEN CAST(TRY_CAST(:t AS BIGINT) AS VARCHAR) = :t THEN CAST(TRY_CAST(:t AS BIGINT) AS {kind})"
    shape = f"[+-]?[0-9]{{1,{_SHORT - places}}}" + ("" if is_whole else "(?:[.][0-9]*)?")
    quick = f"CAST(TRY_CAST(:t AS DECIMAL({_SHORT}, {places})) * {10**places} AS {kind})"
    return fragment(
        f"""
        CASE WHEN :t IS NULL THEN NULL {plain if places == 0 else ""}
            WHEN regexp_full_match(:t, :shape) THEN {quick} ELSE :exactly END
        """,
        t=number,
        shape=literal(shape),
        exactly=exactly,
    )


def _decimal_places(quantum: Fraction) -> int | None:
    """Of a quantum such as 0.01; None of one that is no power of ten, or too small for 64 bits."""
    places = digits(quantum.denominator) - 1
    return places if quantum == Fraction(1, 10**places) and places <= _SHORT // 2 else None


def whole(value: int) -> Sql:
    """A literal of 64 bits where it fits, and of 128 elsewhere."""
    kind = "BIGINT" if _fits_64_bits(value) else "HUGEINT"
    return exp.cast(literal(str(value)), exp.DataType.build(kind, dialect="duckdb"))


def _huge(value: int) -> Sql:
    """A literal of 128 bits, in which products are computed."""
    return exp.cast(literal(str(value)), exp.DataType.build("HUGEINT", dialect="duckdb"))


def _fits_64_bits(value: int) -> bool:
    return -(2**63) <= value < 2**63


def _class_of(sign: str) -> str:
    return f"[{SPACES}]" if sign == " " else re.escape(sign)


def _matching(text: Sql, pattern: str) -> Sql:
    return fragment("CASE WHEN regexp_full_match(:t, :p) THEN :t END", t=text, p=literal(pattern))


def _seconds_sql(text: Sql, pattern: str, seconds: tuple[int, ...]) -> Sql:
    """The sum of the pattern's groups, each so many seconds, as text."""
    parts = [
        fragment(
            "coalesce(TRY_CAST(regexp_extract(trim(:t), :p, :group) AS DECIMAL(18, 6)), 0) * :s",
            t=text,
            p=literal(f"^{pattern}$"),
            group=exp.Literal.number(group),
            s=exp.Literal.number(each),
        )
        for group, each in enumerate(seconds, start=1)
    ]
    total: Sql = parts[0]
    for part in parts[1:]:
        total = exp.Add(this=total, expression=part)
    read = fragment("CAST(:total AS VARCHAR)", total=exp.Paren(this=total))
    shape = fragment("regexp_full_match(trim(:t), :p) AND trim(:t) NOT IN ('P', 'PT')", t=text, p=literal(pattern))
    return exp.Case(ifs=[exp.If(this=shape, true=read)])
