"""Formats of dates in strftime's letters, whichever function of SQL writes them."""

from __future__ import annotations

import re

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.sql.clause import refused
from hansa_core.sql.format_parts import Directive, directives

_NAMES: dict[type[exp.Expr], str] = {exp.Dayname: "%A", exp.Monthname: "%B"}
FORMATTED: tuple[type[exp.Expr], ...] = (exp.TimeToStr, exp.ToChar, *_NAMES)
"""The functions that write a date as a text."""

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


def moment_of(node: exp.Expr) -> exp.Expr:
    """What is written as a text: strftime takes it before its format or behind it."""
    moment: exp.Expr = node.args["format"] if _is_turned(node) else node.this
    return moment


def _is_turned(node: exp.Expr) -> bool:
    return isinstance(node, exp.TimeToStr) and isinstance(node.this, exp.Literal) and node.this.is_string


def strftime_of(node: exp.Expr) -> str:
    """The format in strftime's letters."""
    if type(node) in _NAMES:
        return _NAMES[type(node)]
    given = node.this if _is_turned(node) else node.args.get("format")
    if not isinstance(given, exp.Literal) or not given.is_string:
        raise refused("wrong_type", node, "a format is a text in quotes", "write strftime(day, '%Y-%m')")
    if isinstance(node, exp.TimeToStr):
        if re.search(r"%-?q", str(given.this).replace("%%", "")):
            raise _unknown_letter(node)
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


def read_pieces(node: exp.Expr, strftime: str) -> list[Directive | str]:
    """The directives of the format of `node` and the texts between them. Raises RefusedError."""
    pieces = directives(strftime)
    if not any(isinstance(piece, Directive) for piece in pieces or ()):
        raise _unknown_letter(node)
    return pieces or []


def _unknown_letter(node: exp.Expr) -> RefusedError:
    return refused(
        "unknown_function",
        node,
        "a format has %Y %y %m %d %H %I %p %M %S %j %G %V %u %w %a %A %b and %B",
        "leave other letters out, or format over the answer",
    )
