"""Rewrites formatted dates: cities group by the parts that a format tells, the text is written over the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from hansa_core.contract.types import DatePart
from hansa_core.sql.clause import refused, text_of
from hansa_core.sql.format_parts import Directive, directives, part_key, part_text, tells_apart
from hansa_core.sql.keys import SelectItem, all_keys, referred, select_items
from hansa_core.sql.replaced_nodes import with_nodes_replaced
from hansa_core.sql.source import StatementSource

FORMATTED = (exp.TimeToStr, exp.ToChar)
_LISTS = (exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple)
_STARTS = {
    "Y": DatePart.YEAR,
    "Ym": DatePart.MONTH,
    "Ymd": DatePart.DAY,
    "YmdH": DatePart.HOUR,
    "YmdHM": DatePart.MINUTE,
    "YmdHMS": DatePart.SECOND,
    "GV": DatePart.WEEK,
}
"""The directives of a format, in order of their size, and the part whose start they tell from all others."""

_SIZES = "GYVmdHMS"
_SYNONYMS = {"b": "m", "B": "m"}
_TOLD_BY_DAY = {"a", "A", "j", "u", "w"}
STRFTIME_OF = {
    "YYYY": "%Y",
    "YY": "%y",
    "MM": "%m",
    "FMMM": "%-m",
    "DD": "%d",
    "FMDD": "%-d",
    "DDD": "%j",
    "Q": "%q",
    "HH24": "%H",
    "FMHH24": "%-H",
    "HH12": "%I",
    "HH": "%I",
    "MI": "%M",
    "SS": "%S",
    "AM": "%p",
    "PM": "%p",
    "IYYY": "%G",
    "IW": "%V",
    "ID": "%u",
    "Mon": "%b",
    "FMMonth": "%B",
    "Dy": "%a",
    "FMDay": "%A",
}
"""What to_char writes, and the directive of strftime that writes the same."""


@dataclass(frozen=True, slots=True)
class DateFormat:
    """What a formatted key becomes: the keys of the cities, and the text over the answer."""

    keys: tuple[exp.Expr, ...]
    text: exp.Expr


def with_formats_outside(select: exp.Select, source: StatementSource) -> exp.Select:
    """The same question where what it groups by is no `strftime` or `to_char`, under the same names."""
    group = select.args.get("group")
    if group is None or not any(item.find(*FORMATTED) for item in [*select.expressions, group]):
        return select
    keys = _Keys(select_items(select), source)
    grouped = keys.group(group)
    if not keys.formats:
        return select

    def outside(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, FORMATTED) or text_of(node) not in keys.formats:
            return node
        return keys.formats[text_of(node)].text.copy()

    plain = with_nodes_replaced(select, outside)
    plain.set("group", grouped)
    return plain


class _Keys:
    """GROUP BY with the keys of the cities. `formats`: each format that it names, by its text."""

    def __init__(self, items: Sequence[SelectItem], source: StatementSource) -> None:
        self._items, self._source = items, source
        self.formats: dict[str, DateFormat] = {}

    def group(self, written: exp.Group) -> exp.Group:
        """The whole clause anew."""
        group: exp.Group = written.copy()
        if group.args.get("all"):
            group = exp.Group(expressions=[key.copy() for key in all_keys(self._items, self._source)])
        group.set("expressions", [one for item in group.expressions for one in self._keys_of(item)])
        return group

    def _keys_of(self, item: exp.Expr) -> list[exp.Expr]:
        """What stands in place of one item; several keys of a list stand in brackets."""
        if isinstance(item, exp.Paren):
            return self._keys_of(item.this)
        if isinstance(item, _LISTS):
            keys = [_together(self._keys_of(one), item) for one in item.expressions]
            listed = item.copy()
            listed.set("expressions", [one for some in keys for one in some])
            return [listed]
        meant = referred(item, self._items, self._source)
        if not isinstance(meant, FORMATTED):
            return [item]
        found = self.formats.setdefault(text_of(meant), read_format(meant))
        return [key.copy() for key in found.keys]


def _together(keys: list[exp.Expr], holder: exp.Expr) -> list[exp.Expr]:
    """One item of a list of totals stays one item."""
    if len(keys) > 1 and isinstance(holder, exp.Rollup | exp.Cube | exp.GroupingSets):
        return [exp.Tuple(expressions=keys)]
    return keys


def read_format(node: exp.Expr) -> DateFormat:
    """The start of one part where the format tells it; else each part that it tells."""
    inner, spelt = node.this.unnest(), strftime_of(node)
    used = {_SYNONYMS.get(one, one) for one in re.findall(r"%-?(.)", spelt)}
    if "d" in used:
        used -= _TOLD_BY_DAY
    part = _STARTS.get("".join(sorted(used, key=_SIZES.find)))
    if part is not None:
        start = exp.TimestampTrunc(this=inner.copy(), unit=exp.Var(this=part.value.upper()))
        return DateFormat((start,), exp.TimeToStr(this=start.copy(), format=exp.Literal.string(spelt)))
    pieces = directives(spelt)
    told = [piece for piece in pieces or () if isinstance(piece, Directive)]
    if pieces is None or not told or not tells_apart(pieces):
        raise refused(
            "unknown_function",
            node,
            "a format keeps dates apart by %Y %y %m %d %H %I %p %M %S %j %G %V %u %w %a %A %b and %B",
            "leave other letters out, write %m for %-m before a digit, or format over the answer",
        )
    keys = {text_of(key): key for key in (part_key(one, inner) for one in told)}
    texts = [part_text(one, inner) if isinstance(one, Directive) else exp.Literal.string(one) for one in pieces]
    text = texts[0]
    for other in texts[1:]:
        text = exp.DPipe(this=text, expression=other)
    return DateFormat(tuple(keys.values()), exp.Paren(this=text) if len(texts) > 1 else text)


def strftime_of(node: exp.Expr) -> str:
    """The format in strftime's letters."""
    given = node.args.get("format")
    if not isinstance(given, exp.Literal) or not given.is_string:
        raise refused("wrong_type", node, "a format is a text in quotes", "write strftime(day, '%Y-%m')")
    if isinstance(node, exp.TimeToStr):
        return str(given.this)
    texts = str(given.this).split('"')  # what stands in quotes is written as it is
    return "".join(one.replace("%", "%%") if place % 2 else _spelt(node, one) for place, one in enumerate(texts))


def _spelt(node: exp.Expr, text: str) -> str:
    words = "|".join(sorted(STRFTIME_OF, key=len, reverse=True))
    rest = re.sub(rf"{words}|T", "", text)
    if re.search(r"[A-Za-z]", rest):
        rule = f"to_char knows {', '.join(STRFTIME_OF)}"
        raise refused("unknown_function", node, rule, "write one of them, or strftime(x, '%Y-%m')")
    return re.sub(words, lambda found: STRFTIME_OF[found[0]], text.replace("%", "%%"))
