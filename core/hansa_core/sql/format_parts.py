"""Directives of date formats: the number that each tells of a moment, and the text that it writes for the number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

_DIGITS = {
    "Y": 4,
    "y": 2,
    "m": 2,
    "d": 2,
    "H": 2,
    "I": 2,
    "M": 2,
    "S": 2,
    "j": 3,
    "G": 4,
    "V": 2,
    "u": 1,
    "w": 1,
    "q": 1,
}
"""How many digits each number has at most; `q` is the quarter, which only to_char writes."""

_PARTS = {
    "Y": "year",
    "m": "month",
    "b": "month",
    "B": "month",
    "d": "day",
    "H": "hour",
    "M": "minute",
    "S": "second",
    "j": "doy",
    "G": "isoyear",
    "V": "week",
    "u": "isodow",
    "a": "isodow",
    "A": "isodow",
    "w": "dow",
    "q": "quarter",
}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_NAMED = ("a", "A", "b", "B", "p")
"""The directives that write no number."""

LETTERS = tuple(letter for letter in (*_DIGITS, *_NAMED) if letter != "q")
"""The directives of strftime that a format may have."""


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive: its letter, and whether its number stands without zeros before it."""

    letter: str
    is_bare: bool = False

    @property
    def is_within_day(self) -> bool:
        return self.letter in "HIMSp"

    @property
    def is_number(self) -> bool:
        return self.letter not in _NAMED


def directives(strftime: str) -> list[Directive | str] | None:
    """The directives of a format and the texts between them; None where one of them is not known here."""
    pieces: list[Directive | str] = []
    for text, percent, bare, letter in re.findall(r"([^%]+)|(%)(-?)(.)", strftime, flags=re.DOTALL):
        if not percent:
            pieces.append(text)
        elif letter == "%":
            pieces.append("%")
        elif letter in _DIGITS or letter in _NAMED:
            pieces.append(Directive(letter, bool(bare)))
        else:
            return None
    return pieces if "".join(re.findall(r"[^%]+|%-?.", strftime, flags=re.DOTALL)) == strftime else None


def tells_apart(pieces: Sequence[Directive | str]) -> bool:
    """Whether two moments with the same text have the same parts: a number of any length needs an end."""
    for piece, behind in zip(pieces, [*pieces[1:], ""], strict=True):
        open_ended = isinstance(piece, Directive) and piece.is_number and piece.is_bare
        goes_on = behind.is_number if isinstance(behind, Directive) else behind[:1].isdigit()
        if open_ended and goes_on:
            return False
    return True


def part_key(directive: Directive, moment: exp.Expr) -> exp.Expr:
    """What the cities group by."""
    hour = _extract("hour", moment)
    match directive.letter:
        case "y":
            return exp.Mod(this=_extract("year", moment), expression=exp.Literal.number(100))
        case "I":
            before = exp.Paren(this=exp.Add(this=hour, expression=exp.Literal.number(11)))
            rest = exp.Mod(this=before, expression=exp.Literal.number(12))
            return exp.Add(this=rest, expression=exp.Literal.number(1))
        case "p":
            return exp.LT(this=hour, expression=exp.Literal.number(12))
        case letter:
            return _extract(_PARTS[letter], moment)


def part_text(directive: Directive, moment: exp.Expr) -> exp.Expr:
    """What stands in the text, written over the answer from the key."""
    key = part_key(directive, moment)
    match directive.letter:
        case "p":
            arms = [exp.If(this=key, true=exp.Literal.string("AM")), _pm(key)]
            return exp.Case(ifs=arms)
        case "a" | "A":
            return _name(directive, _WEEKDAYS, key)
        case "b" | "B":
            return _name(directive, _MONTHS, key)
        case letter:
            digits: exp.Expr = exp.Cast(this=_bracketed(key), to=exp.DataType.build("text"))
            zeros = "0" * (_DIGITS[letter] - 1)
            if directive.is_bare or not zeros:
                return digits
            padded = exp.DPipe(this=exp.Literal.string(zeros), expression=digits)
            return exp.Right(this=padded, expression=exp.Literal.number(_DIGITS[letter]))


def format_text(pieces: Sequence[Directive | str], moment: exp.Expr) -> exp.Expr:
    """The whole text of a format."""
    texts = [part_text(one, moment) if isinstance(one, Directive) else exp.Literal.string(one) for one in pieces]
    text = texts[0]
    for other in texts[1:]:
        text = exp.DPipe(this=text, expression=other)
    return exp.Paren(this=text) if len(texts) > 1 else text


def _pm(key: exp.Expr) -> exp.If:
    return exp.If(this=exp.Not(this=exp.Paren(this=key.copy())), true=exp.Literal.string("PM"))


def _name(directive: Directive, names: Sequence[str], key: exp.Expr) -> exp.Expr:
    """The name of a month or weekday by its number, in full or its first three letters."""
    length = None if directive.letter.isupper() else 3
    arms = [
        exp.If(this=exp.Literal.number(number), true=exp.Literal.string(name[:length]))
        for number, name in enumerate(names, start=1)
    ]
    return exp.Case(this=key, ifs=arms)


def _bracketed(key: exp.Expr) -> exp.Expr:
    return exp.Paren(this=key) if isinstance(key, exp.Binary) else key


def _extract(part: str, moment: exp.Expr) -> exp.Expr:
    return exp.Extract(this=exp.Var(this=part.upper()), expression=moment.copy())
