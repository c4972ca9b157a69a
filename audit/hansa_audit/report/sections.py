"""The counted sections of the page: questions, who asked, refusals, budgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from hansa.view.render.cells import printable
from hansa_audit.report.charts import bars, budget_chart, outcome_class, period_chart
from hansa_audit.report.figures import (
    AGAIN,
    ANSWERED,
    NOT_NAMED,
    OTHER,
    OUTCOMES,
    REFUSED,
    Budget,
    LogFigures,
    outcome_of,
)
from hansa_audit.report.opened_questions import OpenedQuestion
from hansa_audit.report.periods import Periods, periods_of
from hansa_audit.report.refusal_words import refusal_words, unit_words
from hansa_audit.report.safe_text import day_text, safe, safe_lines

_MOST_BUDGETS = 8
_MOST_QUESTIONS = 200
_MEANT = {
    ANSWERED: "answered: a protected total was worked out and given out",
    AGAIN: "answered again: the same total as before, at no cost",
    REFUSED: "refused",
    OTHER: "neither: waits for approval, or broke off",
}


def tiles(figures: LogFigures) -> str:
    counts = figures.outcomes
    total = sum(counts.values())
    shown = [
        (f"{total:,}", "questions"),
        (f"{counts[ANSWERED] + counts[AGAIN]:,}", "answered"),
        (f"{counts[REFUSED]:,}", f"refused ({_share(counts[REFUSED], total)})"),
        (f"{len({name for name, _ in figures.organisations}):,}", "organisations asked"),
    ]
    if figures.budgets:
        worst = max(figures.budgets.values(), key=_used)
        shown.append((_share(worst.spent, worst.limit), "of the most used privacy budget"))
    return f'<ul class="tiles">{"".join(f"<li><b>{number}</b><span>{text}</span></li>" for number, text in shown)}</ul>'


def over_time(figures: LogFigures) -> str:
    periods = periods_of(figures.questions)
    left_out = f'<p class="soft">{periods.left_out:,} earlier questions are not drawn.</p>' if periods.left_out else ""
    return (
        f"<section><h2>Questions by {periods.word}</h2>{period_chart(periods)}{_key(figures.outcomes)}{left_out}"
        f"{_period_table(periods)}</section>"
    )


def who(figures: LogFigures) -> str:
    return (
        f'{_ranking("By organisation", "Who asked.", figures.organisations)}<div class="pair">'
        f"{_ranking('By purpose', 'What the answers were wanted for.', figures.purposes)}"
        f"{_ranking('By data', 'What was asked about.', figures.datasets)}</div>"
    )


def _ranking(title: str, text: str, counts: Counter[tuple[str, str]]) -> str:
    caption = f"Questions {title[0].lower()}{title[1:]}"
    return f'<section><h2>{title}</h2><p class="soft">{text}</p>{bars(_by_label(counts), caption)}</section>'


def opened(questions: Sequence[OpenedQuestion], asked: int) -> str:
    """What was asked, in full: those questions whose text the city has shown to this auditor."""
    if not questions:
        return (
            "<section><h2>What was asked, word for word</h2><p>The text of each question is sealed in the city, and "
            "none was opened for this page. <code>hansa audit opening</code> asks the city for one.</p></section>"
        )
    shown = questions[-_MOST_QUESTIONS:]
    more = f" The latest {len(shown):,} are shown." if len(shown) < len(questions) else ""
    return (
        f'<section><h2>What was asked, word for word</h2><p class="soft">{len(questions):,} of {asked:,} questions '
        f"were opened for this page; the text of the others is sealed in the city.{more}</p>"
        f'<ol class="asked">{"".join(map(_question, shown))}</ol></section>'
    )


def _question(question: OpenedQuestion) -> str:
    row = question.row
    outcome = outcome_of(row.decision, recalled=bool(row.recalled))
    said = _MEANT[outcome].partition(":")[0]
    if row.code is not None:
        said = f"{said}: {refusal_words(row.code)}"
    if row.data_version is not None and outcome in (ANSWERED, AGAIN):
        said = f"{said}, from data version {row.data_version}"
    told = (
        f"{day_text(row.time_unix_s)}, entry {row.index:,}. {row.organisation or NOT_NAMED} asked "
        f"{', '.join(question.cities)}, for {row.purpose or NOT_NAMED}. {said.capitalize()}."
    )
    return f"<li><p>{safe(told)}</p><pre>{safe_lines(question.sql)}</pre></li>"


def refusals(figures: LogFigures) -> str:
    if not figures.refusals:
        return "<section><h2>Refusals</h2><p>No question was refused.</p></section>"
    rows: dict[str, dict[str, int]] = {}
    for code, number in figures.refusals.items():
        words = printable(refusal_words(code))
        rows[words] = {REFUSED: rows.get(words, {}).get(REFUSED, 0) + number}
    drawn = bars(rows, "Refusals by rule")
    return (
        '<section><h2>Refusals by rule</h2><p class="soft">A refusal depends on the question and the rules alone, '
        f"never on the data.</p>{drawn}</section>"
    )


def budgets(figures: LogFigures) -> str:
    if not figures.budgets:
        return ""
    ordered = sorted(figures.budgets.items(), key=lambda budget: (-_used(budget[1]), budget[0]))
    more = len(ordered) - _MOST_BUDGETS
    rest = f'<p class="soft">{more} less used budgets are not drawn.</p>' if more > 0 else ""
    return (
        '<section><h2>Privacy budgets</h2><p class="soft">Each answer about personal data gives away a little. '
        "A budget limits how much in all; at 100% nothing more is answered.</p>"
        f"{''.join(_budget(name, budget) for name, budget in ordered[:_MOST_BUDGETS])}{rest}</section>"
    )


def _budget(name: str, budget: Budget) -> str:
    anew = f", begun anew {len(budget.resets)} times" if len(budget.resets) > 1 else ", begun anew once"
    return (
        f"<h3>{safe(name)}: {_share(budget.spent, budget.limit)} used</h3>{budget_chart(printable(name), budget)}"
        f'<p class="soft">{budget.spent:,} of {budget.limit:,} {safe(unit_words(budget.unit))}'
        f"{anew if budget.resets else ''}.</p>"
    )


def _key(outcomes: Mapping[str, int]) -> str:
    items = "".join(
        f'<li><i class="{outcome_class(outcome)}"></i>{_MEANT[outcome]} ({outcomes[outcome]:,})</li>'
        for outcome in OUTCOMES
        if outcomes.get(outcome)
    )
    return f'<ul class="key">{items}</ul>'


def _period_table(periods: Periods) -> str:
    rows = "".join(
        f"<tr><td>{periods.label(start)}</td>"
        + "".join(f'<td class="n">{periods.counts[start, outcome]:,}</td>' for outcome in OUTCOMES)
        + "</tr>"
        for start in periods.starts
    )
    heads = "".join(f'<th class="n" scope="col">{outcome}</th>' for outcome in OUTCOMES)
    table = (
        f'<table class="list"><caption>Questions by {periods.word}</caption><thead><tr>'
        f'<th scope="col">{periods.word}</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )
    # Nobody can click on paper: there it stands open.
    return f'<details><summary>The same as a table</summary>{table}</details><div class="printed">{table}</div>'


def _by_label(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    rows: dict[str, dict[str, int]] = {}
    for (label, outcome), number in counts.items():
        rows.setdefault(printable(label), {})[outcome] = number
    return rows


def _used(budget: Budget) -> float:
    return budget.spent / budget.limit if budget.limit else 1.0


def _share(part: int, whole: int) -> str:
    if not whole or part >= whole:
        return "100%" if part or not whole else "0%"
    share = part / whole
    return f"{share:.0%}" if share >= 0.01 or not part else "under 1%"
