"""Number readings: the signs in a column's numbers, what stands around them, and where two conventions fit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from hansa_core.contract.types import DataType
from hansa_core.units.vocabulary import contract_unit
from hansa_tables.drafting.column_look import ColumnLook
from hansa_tables.drafting.reading import ColumnReading
from hansa_tables.source import SPACES

_CONVENTIONS: tuple[tuple[Mapping[str, str], str], ...] = (
    ({}, r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"),
    ({"decimal": ","}, r"[+-]?[0-9]+(?:,[0-9]*)?"),
    ({"thousands": ","}, r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?"),
    ({"decimal": ",", "thousands": "."}, r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]*)?"),
    ({"thousands": "'"}, r"[+-]?(?:[0-9]{1,3}(?:'[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?"),
    ({"thousands": "’"}, r"[+-]?(?:[0-9]{1,3}(?:’[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?"),
    ({"thousands": " "}, rf"[+-]?(?:[0-9]{{1,3}}(?:[{SPACES}][0-9]{{3}})+|[0-9]+)(?:\.[0-9]*)?"),
    ({"decimal": ",", "thousands": " "}, rf"[+-]?(?:[0-9]{{1,3}}(?:[{SPACES}][0-9]{{3}})+|[0-9]+)(?:,[0-9]*)?"),
)
_PATTERNS = tuple((keys, re.compile(pattern)) for keys, pattern in _CONVENTIONS)
_AFFIXED = re.compile(
    rf"(?P<before>[^0-9+.,{SPACES}-]{{0,12}})[{SPACES}]*[+-]?[0-9][0-9.,'’{SPACES}]*(?P<after>[^0-9]{{0,12}})"
)
_EITHER = re.compile(r"[+-]?[0-9]{1,3}(?P<sign>[.,])[0-9]{3}")
"""A thousand, or one and three decimals."""
_STAND_INS = re.compile(r"-?9{3,}(?:[.,]0*)?|-9{2,}")
_MOST_AFFIXES = 3
_SIGNS_OF_MONEY = frozenset({"€", "$", "£", "¥", "zł", "kr", "kr.", "Fr.", "Kč", "Ft", "lei", "лв", "Euro", "Eur"})
_NO_UNITS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""UCUM's one-letter codes, which stand before the numbers of things far more often."""
_SECONDS = {
    "gtfs": re.compile(r"[0-9]{1,3}:[0-5][0-9]:[0-5][0-9]"),
    "duration": re.compile(r"P(?=.)(?:[0-9]+D)?(?:T(?=.)(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:[.][0-9]{1,6})?S)?)?"),
}


def number_readings(look: ColumnLook, kind: DataType) -> Iterator[ColumnReading]:
    """Each convention that some texts are written in, with the share of rows that are."""
    yield from _times(look, kind)
    affixes = _affixes(look)
    bare = {text: bared(text, affixes) for text, _ in look.said}
    total = sum(rows for _, rows in look.said)
    for keys, pattern in _PATTERNS:
        read = [(text, rows) for text, rows in look.said if pattern.fullmatch(bare[text])]
        if kind is DataType.INTEGER:
            read = [(text, rows) for text, rows in read if _is_whole(bare[text], keys)]
        if not read:
            continue
        texts = [bare[text] for text, _ in read]
        written: dict[str, object] = {**keys, **({"strip": list(affixes)} if affixes else {})}
        yield ColumnReading(
            type=kind,
            keys=written,
            examples=tuple(text for text, _ in read[:3]),
            doubts=(*_either_way(texts, keys), *_stand_ins(look)),
            share=sum(rows for _, rows in read) / total,
        )


def _times(look: ColumnLook, kind: DataType) -> Iterator[ColumnReading]:
    """Times past midnight and durations, which are read as seconds."""
    total = sum(rows for _, rows in look.said)
    for form, pattern in _SECONDS.items():
        read = [(text, rows) for text, rows in look.said if pattern.fullmatch(text.strip())]
        if read:
            examples, share = tuple(text for text, _ in read[:3]), sum(rows for _, rows in read) / total
            doubts = (f"these are read as seconds, by format: {form}",)
            yield ColumnReading(type=kind, keys={"format": form}, examples=examples, doubts=doubts, share=share)


def plain_number(text: str, keys: Mapping[str, object]) -> str:
    """A text that is read by these keys as a number with a point and nothing else."""
    strip = keys.get("strip")
    bare = bared(text, tuple(map(str, strip)) if isinstance(strip, list) else ())
    thousands = keys.get("thousands")
    if thousands == " ":
        bare = bare.translate({ord(each): None for each in SPACES})
    elif isinstance(thousands, str):
        bare = bare.replace(thousands, "")
    return bare.replace(str(keys.get("decimal", ".")), ".")


def bared(text: str, affixes: tuple[str, ...]) -> str:
    """A text without what stands around its number."""
    text = text.strip()
    for affix in affixes:
        text = text.removeprefix(affix).removesuffix(affix).strip()
    return text


def _is_whole(bare: str, keys: Mapping[str, str]) -> bool:
    point = keys.get("decimal", ".")
    return "e" not in bare.casefold() and not bare.partition(point)[2].strip("0")


def _affixes(look: ColumnLook) -> tuple[str, ...]:
    """Texts around numbers, such as a currency, where there are few of them."""
    found: Counter[str] = Counter()
    numbers = 0
    for text, _ in look.said:
        match = _AFFIXED.fullmatch(text.strip())
        if match is None:
            continue
        numbers += 1
        found.update(each for each in (match["before"].strip(), match["after"].strip()) if _is_unit(each))
    usual = [affix for affix, count in found.most_common(_MOST_AFFIXES) if count * 50 >= numbers]
    return tuple(usual) if found and sum(found[each] for each in usual) * 2 >= numbers else ()


def _is_unit(affix: str) -> bool:
    """Whether a text around numbers says what they count: B in B0012 does not, and the number is a name."""
    return affix in _SIGNS_OF_MONEY or (len(affix) > 0 and contract_unit(affix) is not None and affix not in _NO_UNITS)


def _either_way(texts: list[str], keys: Mapping[str, str]) -> Iterator[str]:
    """Where each sign could be a point as well as one between thousands."""
    signed = [text for text in texts if "." in text or "," in text]
    matches = [match for text in signed if (match := _EITHER.fullmatch(text)) is not None]
    if signed and len(matches) == len(signed) and len({match["sign"] for match in matches}) == 1:
        sign = matches[0]["sign"]
        other = "thousands" if sign == keys.get("decimal", ".") else "decimal"
        whole, part = signed[0].replace(sign, ""), signed[0].replace(sign, ".")
        yield f'{signed[0]} may be {whole}, or {part}: is {other}: "{sign}" meant?'


def _stand_ins(look: ColumnLook) -> Iterator[str]:
    found = [text for text, _ in look.said if _STAND_INS.fullmatch(text.strip())]
    if found and len(look.said) > len(found):
        yield f"{found[0]} may stand for a missing value: list it in null_values if it does"
