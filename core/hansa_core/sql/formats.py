"""Rewrites formatted dates: the cities group by the start of the part, and the analyst's side writes it as text."""

from __future__ import annotations

import re

from sqlglot import exp

from hansa_core.contract.types import DatePart
from hansa_core.sql.clause import refused, text_of
from hansa_core.sql.written import written

_FORMATTED = (exp.TimeToStr, exp.ToChar)
_CLAUSES = ("having", "qualify", "order")
_PARTS = {
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
_TO_STRFTIME = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH24": "%H", "MI": "%M", "SS": "%S", "IYYY": "%G", "IW": "%V"}


def with_formats_outside(select: exp.Select) -> exp.Select:
    """The same question where what it groups by is no `strftime` or `to_char`, under the same names."""
    keys = [key for key in _keys(select) if isinstance(key, _FORMATTED)]
    if not keys:
        return select
    plain = select.copy()
    formatted = {text_of(key) for key in keys}

    def outside(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, _FORMATTED) or text_of(node) not in formatted:
            return node
        return exp.TimeToStr(this=_start(node), format=exp.Literal.string(_strftime(node)))

    starts = [_start(key) if isinstance(key, _FORMATTED) else key.copy() for key in _keys(select)]
    plain.set("group", exp.Group(expressions=starts))
    plain.set("expressions", [_named(item, item.transform(outside)) for item in plain.expressions])
    for name in _CLAUSES:
        if plain.args.get(name):
            plain.set(name, plain.args[name].transform(outside))
    return plain


def _keys(select: exp.Select) -> list[exp.Expr]:
    """What a plain GROUP BY names, behind aliases and ordinals; none of ROLLUP and the like."""
    group, items = select.args.get("group"), select.expressions
    if group is None:
        return []
    if group.args.get("all"):
        return [item.unalias() for item in items if item.find(exp.Column) and not item.find(exp.AggFunc)]
    if any(isinstance(key, exp.Rollup | exp.Cube | exp.GroupingSets) for key in group.expressions):
        return []
    named = {item.alias.lower(): item.this for item in items if isinstance(item, exp.Alias)}

    def meant(key: exp.Expr) -> exp.Expr:
        alias: exp.Expr | None = named.get(key.name.lower()) if isinstance(key, exp.Column) and not key.table else None
        if isinstance(alias, _FORMATTED):
            return alias
        if isinstance(key, exp.Literal) and not key.is_string and str(key.this).isdigit():
            place = int(key.this) - 1
            item: exp.Expr = items[place].unalias() if 0 <= place < len(items) else key
            return item if isinstance(item, _FORMATTED) else key
        return key

    return [meant(key) for key in group.expressions]


def _named(item: exp.Expr, outside: exp.Expr) -> exp.Expr:
    if isinstance(item, exp.Alias) or outside == item:
        return outside
    return exp.alias_(outside, written(item) or text_of(item), quoted=True)


def _start(node: exp.Expr) -> exp.Expr:
    """The start of the part that the format tells."""
    inner = node.this.unnest()
    used = {_SYNONYMS.get(one, one) for one in re.findall(r"%-?(.)", _strftime(node))}
    if "d" in used:
        used -= _TOLD_BY_DAY
    part = _PARTS.get("".join(sorted(used, key=_SIZES.find)))
    if part is None:
        raise refused(
            "unknown_function",
            node,
            "a format keeps dates apart from the year down: year, month, day, hour and so on",
            "write extract(month FROM x), extract(isodow FROM x) or the like, and format it over the answer",
        )
    return exp.TimestampTrunc(this=inner.copy(), unit=exp.Var(this=part.value.upper()))


def _strftime(node: exp.Expr) -> str:
    """The format in strftime's letters."""
    given = node.args.get("format")
    if not isinstance(given, exp.Literal) or not given.is_string:
        raise refused("wrong_type", node, "a format is a text in quotes", "write strftime(day, '%Y-%m')")
    if isinstance(node, exp.TimeToStr):
        return str(given.this)
    words = "|".join(sorted(_TO_STRFTIME, key=len, reverse=True))
    spelt = re.sub(words, lambda found: _TO_STRFTIME[found[0]], str(given.this))
    if re.search(r"[A-Za-z]", re.sub(r"%[A-Za-z]|\"[^\"]*\"|T", "", spelt)):
        raise refused("unknown_function", node, "to_char knows YYYY, MM, DD, HH24, MI and SS", "write strftime(…)")
    return spelt.replace('"', "")
