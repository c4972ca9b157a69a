"""The HTML page of the report: the verdict, what was asked, refused and spent, and how to check it."""

from __future__ import annotations

from collections.abc import Sequence

from hansa_audit.entries.times import TimeSpan
from hansa_audit.languages.language import Language
from hansa_audit.report.figures import LogFigures
from hansa_audit.report.page_templates import page_templates
from hansa_audit.report.periods import periods_of
from hansa_audit.report.question_words import field_words, question_words
from hansa_audit.report.reported_log import ReportedLog
from hansa_audit.report.shown_figures import budgets, most_used, period_name, ranking, refusals, steps_told


def page(logs: Sequence[ReportedLog], *, span: TimeSpan, now_unix_s: int, language: Language) -> str:
    """The whole document. `span`: what is counted; each verdict is about all of its log."""
    pages = page_templates(language)
    pages.globals |= {
        "span": span,
        "now_unix_s": now_unix_s,
        "budgets": budgets,
        "field_words": field_words,
        "most_used": most_used,
        "organisations": _organisations,
        "period_name": period_name,
        "periods_of": periods_of,
        "question_words": question_words,
        "ranking": ranking,
        "refusals": refusals,
        "steps_told": steps_told,
    }
    if len(logs) == 1:
        title = language.gettext("What %(city)s was asked", city=logs[0].city)
    else:
        title = language.ngettext("What %(number)s city was asked", "What %(number)s cities were asked", len(logs))
    return pages.get_template("report.html").render(logs=logs, title=title) + "\n"


def _organisations(figures: LogFigures) -> int:
    return len({name for name, _ in figures.organisations})
