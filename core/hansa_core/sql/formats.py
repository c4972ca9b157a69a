"""Rewrites formatted dates: cities group by the parts that a format tells, the text is written over the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from hansa_core.contract.types import DatePart
from hansa_core.sql.clause import text_of
from hansa_core.sql.format_parts import Directive, format_text, part_key, tells_apart
from hansa_core.sql.keys import SelectItem, all_keys, referred, select_items
from hansa_core.sql.replaced_nodes import with_nodes_replaced
from hansa_core.sql.source import StatementSource
from hansa_core.sql.strftime import FORMATTED, moment_of, read_pieces, strftime_of

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
    inner, spelt = moment_of(node).unnest(), strftime_of(node)
    used = {_SYNONYMS.get(one, one) for one in re.findall(r"%-?(.)", spelt)}
    if "d" in used:
        used -= _TOLD_BY_DAY
    part = _STARTS.get("".join(sorted(used, key=_SIZES.find)))
    if part is not None:
        start = exp.TimestampTrunc(this=inner.copy(), unit=exp.Var(this=part.value.upper()))
        return DateFormat((start,), exp.TimeToStr(this=start.copy(), format=exp.Literal.string(spelt)))
    pieces = read_pieces(node, spelt)
    told = [piece for piece in pieces if isinstance(piece, Directive)]
    if not tells_apart(pieces):  # equal texts of unequal parts: the cities group by the text itself
        return DateFormat((node.copy(),), node.copy())
    keys = {text_of(key): key for key in (part_key(one, inner) for one in told)}
    return DateFormat(tuple(keys.values()), format_text(pieces, inner))
