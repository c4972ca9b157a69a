"""Readings of dates and times: the formats that fit, and where two do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import duckdb
from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_tables.drafting.column_look import ColumnLook
from hansa_tables.drafting.reading import ColumnReading

_DAYS = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d %B %Y",
    "%d %b %Y",
    "%B %d, %Y",
    "%b %d, %Y",
    "%d-%b-%Y",
)
_SHORT_DAYS = ("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y")
_CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H:%M:%S.%f")
_BETWEEN = (" ", ", ", "T")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BASIC_DAY = re.compile(r"(?:1[89]|20|21)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_MIDNIGHT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]00:00:00(?:[.]0+)?")
_ISO_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,9})?)?"
    r"(?P<offset> ?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?))?"
)
_EPOCHS = {"epoch_s": re.compile(r"[0-9]{9,10}"), "epoch_ms": re.compile(r"[0-9]{12,13}")}
_SERIAL = re.compile(r"[2-6][0-9]{4}(?:[.][0-9]+)?")
_Texts = Sequence[tuple[str, int]]

_NO_ZONE = (
    "these times say no zone: as they stand they are taken for UTC; declare from_zone (Europe/Berlin) if they are of a"
    " clock on a wall"
)


def moment_readings(connection: duckdb.DuckDBPyConnection, look: ColumnLook, kind: DataType) -> Iterator[ColumnReading]:
    """Each way in which some texts are dates or times."""
    yield from _iso_days(look, kind) if kind is DataType.DATE else _iso_times(look)
    yield from _by_format(connection, look, kind)
    yield from _numbers(look, kind)


def _share(texts: _Texts, read: _Texts) -> float:
    return sum(rows for _, rows in read) / sum(rows for _, rows in texts)


def _examples(read: _Texts) -> tuple[str, ...]:
    return tuple(text for text, _ in read[:3])


def _matching(look: ColumnLook, *patterns: re.Pattern[str]) -> _Texts:
    return [(text, rows) for text, rows in look.said if any(each.fullmatch(text.strip()) for each in patterns)]


def _iso_days(look: ColumnLook, kind: DataType) -> Iterator[ColumnReading]:
    if days := _matching(look, _ISO_DAY, _MIDNIGHT, _BASIC_DAY):
        basic = all(_BASIC_DAY.fullmatch(text.strip()) for text, _ in days)
        yield ColumnReading(type=kind, examples=_examples(days), share=_share(look.said, days), is_a_number=basic)
    if times := _matching(look, _ISO_TIME, _ISO_DAY):
        doubt = "these are times: local_day keeps the day that each writes, whatever its offset"
        yield ColumnReading(
            type=kind,
            keys={"local_day": True},
            examples=_examples(times),
            share=_share(look.said, times) - 1e-9,  # days alone need no key
            doubts=(doubt,),
        )


def _iso_times(look: ColumnLook) -> Iterator[ColumnReading]:
    times = _matching(look, _ISO_TIME)
    if not times:
        return
    zoned = [text for text, _ in times if (match := _ISO_TIME.fullmatch(text.strip())) is not None and match["offset"]]
    doubts: tuple[str, ...] = ()
    if not zoned:
        doubts = (_NO_ZONE,)
    elif len(zoned) < len(times):
        doubts = ("some of these times say their offset, and others do not: those are taken for UTC",)
    yield ColumnReading(
        type=DataType.TIMESTAMP, examples=_examples(times), share=_share(look.said, times), doubts=doubts
    )


_MOST_TRIED = 300
_PART = re.compile(r"%.")


def _by_format(connection: duckdb.DuckDBPyConnection, look: ColumnLook, kind: DataType) -> Iterator[ColumnReading]:
    days = (*_DAYS, *_SHORT_DAYS)
    forms = (
        days
        if kind is DataType.DATE
        else [f"{day}{sign}{clock}" for day in days for sign in _BETWEEN for clock in _CLOCKS]
    )
    tried = look.said[:_MOST_TRIED]
    likely = [form for form in forms if any(_has_signs_of(form, text) for text, _ in tried)]
    read = _read_by(connection, tried, likely) if likely else {}
    for form, texts_read in read.items():
        share = _share(tried, texts_read)
        rivals = [each for each, other in read.items() if each != form and _share(tried, other) >= share]
        yield ColumnReading(
            type=kind,
            keys={"format": form},
            examples=_examples(texts_read),
            share=share - 1e-6 * form.count("%y"),
            doubts=tuple(_format_doubts(form, rivals, kind)),
        )


def _has_signs_of(form: str, text: str) -> bool:
    """Whether what a format writes between its parts stands in a text, which rules out most formats of most columns."""
    return any(each.isdigit() for each in text) and all(sign in text for sign in _PART.sub("", form))


def _read_by(connection: duckdb.DuckDBPyConnection, tried: _Texts, forms: Sequence[str]) -> Mapping[str, _Texts]:
    """By format, the texts that are dates of it."""
    moments = [
        fragment.as_(f"f{number}")
        for number, form in enumerate(forms)
        for fragment in (exp.func("try_strptime", exp.column("v"), exp.Literal.string(form)),)
    ]
    values = exp.select(exp.func("unnest", exp.Parameter(this=exp.Literal.number(1))).as_("v"))
    query = exp.select(*moments).from_(values.subquery("tried")).sql(dialect="duckdb")
    rows = connection.execute(query, [[text.strip() for text, _ in tried]]).fetchall()
    read = {
        form: [each for each, row in zip(tried, rows, strict=True) if row[number] and 1000 <= row[number].year <= 2999]
        for number, form in enumerate(forms)
    }
    return {form: texts for form, texts in read.items() if texts}


def _format_doubts(form: str, rivals: list[str], kind: DataType) -> Iterator[str]:
    fitting = [each for each in rivals if each.count("%y") <= form.count("%y")]
    if fitting:
        yield f"{fitting[0]} fits all of them as well: which comes first, the day or the month?"
    if "%y" in form:
        yield "the years have two digits: 69 to 99 are read as 1969 to 1999, 00 to 68 as 2000 to 2068"
    if kind is DataType.TIMESTAMP:
        yield _NO_ZONE


def _numbers(look: ColumnLook, kind: DataType) -> Iterator[ColumnReading]:
    for form, pattern in (*_EPOCHS.items(), ("excel", _SERIAL)):
        read = _matching(look, pattern)
        if read and (kind is DataType.TIMESTAMP or form == "excel"):
            yield ColumnReading(
                type=kind,
                keys={"format": form},
                examples=_examples(read),
                share=_share(look.said, read),
                doubts=(f"these are numbers, read as {form}",),
                is_a_number=True,
            )
