"""The templates of all pages: one language, every text escaped, nothing in it that steers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from hansa_audit.languages.language import Language, day_of, shown
from hansa_audit.languages.message import Message
from hansa_audit.report.age import as_of
from hansa_audit.report.charts import budget_chart, outcome_class, period_chart
from hansa_audit.report.figures import OUTCOMES
from hansa_audit.report.level_words import level_words
from hansa_audit.report.outcome_words import MEANINGS, WORDS
from hansa_audit.report.refusal_words import unit_words
from hansa_audit.report.style import STYLE
from hansa_core.printable import printable

_PACKAGES = ("hansa_audit.report", "hansa_audit.register")


def page_templates(language: Language) -> Environment:
    """Templates by their names. Those of the register use parts of the report's."""
    pages = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in _PACKAGES]),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: _final(value, language),
    )
    pages.globals |= {
        "language": language,
        "_": language.gettext,
        "ngettext": language.ngettext,
        "code": _code,
        "STYLE": Markup(STYLE),  # noqa: S704  our own
        "OUTCOMES": OUTCOMES,
        "WORDS": WORDS,
        "MEANINGS": MEANINGS,
        "outcome_class": outcome_class,
        "period_chart": period_chart,
        "budget_chart": budget_chart,
        "as_of": as_of,
        "unit_words": unit_words,
        "level_words": level_words,
    }
    pages.filters |= {
        "number": language.number,
        "day": language.day,
        "short_day": lambda at: language.calendar_day(day_of(at)),
        "time": language.time,
        "age": language.age,
        "listing": language.listing,
        "lines": _lines,
        "sentence": _sentence,
    }
    return pages


def _final(value: Any, language: Language) -> Any:
    """What is put out for a value: a message in the language, and text without characters that steer."""
    if isinstance(value, Message):
        return language.say(value)
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _sentence(text: str) -> str:
    """With a capital, as sentences and headings begin; where a script has none, as it is."""
    return type(text)(text[:1].upper() + text[1:])


def _code(text: str) -> Markup:
    """A command or a hash in a sentence."""
    return Markup("<code>%s</code>") % printable(text)


def _lines(lines: str | Sequence[str]) -> Markup:
    """Several lines, or a text of them, each printable and escaped, and the ends of lines as they are."""
    each_line = lines.split("\n") if isinstance(lines, str) else lines
    return Markup("\n").join(map(printable, each_line))  # which escapes each
