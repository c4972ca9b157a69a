"""A language: says messages, numbers and times as its readers write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from babel.support import NullTranslations
from markupsafe import Markup, escape

from hansa_audit.languages.catalogue import (
    SUFFIX,
    LoadedCatalogue,
    named_catalogue,
    shipped_catalogue,
    shipped_languages,
)
from hansa_audit.languages.message import Message
from hansa_core.errors import ConfigError
from hansa_core.printable import printable

LAST_UNIX_S = 253_402_300_799
"""The end of the year 9999, the last second that a calendar has: a made-up log may claim later times."""

DateForm = Literal["short", "medium", "long"]
_UNITS: tuple[tuple[Literal["year", "day", "hour", "minute"], int], ...] = (
    ("year", 31_557_600),
    ("day", 86_400),
    ("hour", 3600),
    ("minute", 60),
)

Value = str | int | Message


class Said(str):
    """Text in a language: what no terminal prints in it, such as a narrow space or a mark of direction, is meant."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """`tag`: as HTML names it. `locale`: forms of numbers and dates. `missing`: how many texts stay English."""

    tag: str
    locale: Locale
    words: NullTranslations
    missing: int = 0

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, as HTML says it."""
        return str(self.locale.text_direction)

    def say(self, said: Message) -> str:
        """The text of a message: with markup only where a value is markup, and then safe."""
        if said.many is None or said.number is None:
            return self._filled(self.words.gettext(said.text), said.values)
        return self._filled(self.words.ngettext(said.text, said.many, said.number), said.values)

    def gettext(self, text: str, /, **values: Value) -> str:
        """The same, for templates, whose texts are found by this name."""
        return self.say(Message(text, values))

    def ngettext(self, one: str, many: str, number: int, /, **values: Value) -> str:
        """The same of a number, for which `%(number)s` stands."""
        return self.say(Message(one, {**values, "number": number}, many, number))

    def number(self, number: int) -> str:
        return Said(format_decimal(number, locale=self.locale))

    def share(self, part: int, whole: int) -> str:
        """Per cent, at most 100; a share above none is not said to be none."""
        if not whole or part >= whole:
            return self._percent(1.0 if part or not whole else 0.0)
        share = part / whole
        return (
            self._percent(share)
            if share >= 0.01 or not part
            else self.gettext("under %(share)s", share=self._percent(0.01))
        )

    def day(self, time_unix_s: int) -> str:
        """The day in UTC, its month by name."""
        return self.calendar_day(day_of(time_unix_s), "long")

    def calendar_day(self, day: date, form: DateForm = "medium") -> str:
        """A date in one of CLDR's forms: short, medium, long."""
        return Said(format_date(day, form, locale=self.locale))

    def skeleton(self, day: date, fields: str) -> str:
        """A date of only some fields, such as `yMMM` for month and year."""
        return Said(format_skeleton(fields, day, locale=self.locale))

    def time(self, time_unix_s: int) -> str:
        """Date and time in UTC; a number that no calendar has, as it is."""
        if not 0 <= time_unix_s <= LAST_UNIX_S:
            return self.gettext("%(number)s seconds after 1970", number=time_unix_s)
        at = datetime.fromtimestamp(time_unix_s, UTC)
        return Said(f"{format_datetime(at, 'medium', tzinfo=UTC, locale=self.locale)} UTC")

    def age(self, age_s: int, *, ago: bool = False) -> str:
        """A length of time in the largest unit that it fills. `ago`: as what lies so far back."""
        if age_s < 60:
            return self.gettext("less than a minute ago") if ago else self.gettext("less than a minute")
        unit, seconds = next((unit, seconds) for unit, seconds in _UNITS if age_s >= seconds)
        whole = timedelta(seconds=min(age_s - age_s % seconds, LAST_UNIX_S))
        length = -whole if ago else whole
        return Said(format_timedelta(length, unit, threshold=1.0, add_direction=ago, locale=self.locale))

    def listing(self, items: list[str]) -> str:
        """Several names in a sentence."""
        return Said(format_list([shown(item) for item in items], style="standard", locale=self.locale))

    def _percent(self, share: float) -> str:
        return Said(format_percent(share, locale=self.locale))

    def _filled(self, text: str, values: Mapping[str, Value]) -> str:
        said = {name: self._value(value) for name, value in values.items()}
        if any(isinstance(value, Markup) for value in said.values()):
            return escape(text) % said
        return Said(text % said)

    def _value(self, value: Value) -> str:
        match value:
            case Markup() | Said():
                return value
            case Message():
                return self.say(value)
            case int():
                return self.number(value)
            case _:
                return shown(value)


def shown(text: str) -> str:
    """Text from a log without characters that steer; text in a language as it is."""
    return text if isinstance(text, Said) else printable(text)


def day_of(time_unix_s: int) -> date:
    """The day in UTC; the last one that a calendar has for anything beyond."""
    return datetime.fromtimestamp(min(max(time_unix_s, 0), LAST_UNIX_S), UTC).date()


def language_of(name: str) -> Language:
    """By a tag such as `de` or `en-GB`, or by a catalogue, a file ending in `.po`. Raises ConfigError."""
    if name.endswith(SUFFIX):
        return _language(named_catalogue(Path(name)), None)
    locale = _locale(name)
    if locale.language not in shipped_languages():
        known = ", ".join(shipped_languages())
        raise ConfigError(
            f"--language {printable(name)}: no catalogue has its words; there are {known}, or name your own, FILE.po"
        )
    return _language(shipped_catalogue(locale.language), locale)


def _language(catalogue: LoadedCatalogue, locale: Locale | None) -> Language:
    chosen = locale or _locale(catalogue.tag)
    return Language(str(chosen).replace("_", "-"), chosen, catalogue.words, catalogue.missing)


def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name.replace("-", "_"))
    except (ValueError, UnknownLocaleError, TypeError):
        raise ConfigError(f"--language {printable(name)}: is no language; write a tag such as de or en-GB") from None
