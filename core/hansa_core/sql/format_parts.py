"""Directives of date formats: the number that each tells of a moment, and the text that it writes for the number."""

from __future__ import annotations

import re
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


def tells_apart(pieces: list[Directive | str]) -> bool:
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
            return _name(directive, "2024-01-0", key, "")
        case "b" | "B":
            return _name(directive, "2024-", key, "-01")
        case letter:
            digits: exp.Expr = exp.Cast(this=_bracketed(key), to=exp.DataType.build("text"))
            zeros = "0" * (_DIGITS[letter] - 1)
            if directive.is_bare or not zeros:
                return digits
            padded = exp.DPipe(this=exp.Literal.string(zeros), expression=digits)
            return exp.Right(this=padded, expression=exp.Literal.number(_DIGITS[letter]))


def _pm(key: exp.Expr) -> exp.If:
    return exp.If(this=exp.Not(this=exp.Paren(this=key.copy())), true=exp.Literal.string("PM"))


def _name(directive: Directive, before: str, key: exp.Expr, behind: str) -> exp.Expr:
    """The name of a month or weekday: that of a day of 2024, which began on a Monday."""
    number = exp.Cast(this=key, to=exp.DataType.build("text"))
    text = exp.DPipe(
        this=exp.DPipe(this=exp.Literal.string(before), expression=number), expression=exp.Literal.string(behind)
    )
    day = exp.Cast(this=exp.Paren(this=text), to=exp.DataType.build("date"))
    return exp.TimeToStr(this=day, format=exp.Literal.string(f"%{directive.letter}"))


def _bracketed(key: exp.Expr) -> exp.Expr:
    return exp.Paren(this=key) if isinstance(key, exp.Binary) else key


def _extract(part: str, moment: exp.Expr) -> exp.Expr:
    return exp.Extract(this=exp.Var(this=part.upper()), expression=moment.copy())
