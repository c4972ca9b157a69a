"""Charts as static SVG: no script, colours from the page, and every number also in words or a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import ceil, log10

from markupsafe import Markup, escape

from hansa_audit.languages.language import Language, day_of
from hansa_audit.report.figures import OUTCOMES, Budget
from hansa_audit.report.periods import Periods

_WIDTH, _HEIGHT = 720, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 12, 16, 32
_PLOT_WIDTH, _PLOT_HEIGHT = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
_MOST_STEPS = 400
_BUDGET_HEIGHT = 150


def outcome_class(outcome: str) -> str:
    """The style of an outcome."""
    return f"o{OUTCOMES.index(outcome)}"


def period_chart(periods: Periods, language: Language) -> Markup:
    """Stacked columns, one for each period."""
    totals = [sum(periods.counts[start, outcome] for outcome in OUTCOMES) for start in periods.starts]
    top = nice_top(max(totals))
    step = _PLOT_WIDTH / len(periods.starts)
    width = min(step * 0.72, 56)
    marks: list[str] = []
    for number, start in enumerate(periods.starts):
        x, base = _LEFT + step * number + (step - width) / 2, float(_TOP + _PLOT_HEIGHT)
        for outcome in OUTCOMES:
            height = periods.counts[start, outcome] / top * _PLOT_HEIGHT
            if height:
                base -= height
                marks.append(
                    f'<rect class="{outcome_class(outcome)}" x="{x:.1f}" y="{base:.1f}" '
                    f'width="{width:.1f}" height="{max(height - 2, 0.6):.1f}"/>'
                )
    labels = _period_labels(periods, step, language)
    said = language.gettext(
        "Questions over time: %(number)s in all, at most %(most)s at a time", number=sum(totals), most=max(totals)
    )
    return _svg(_HEIGHT, said, [*_grid(top, _TOP, _PLOT_HEIGHT, language), *marks, *labels])


def budget_chart(name: str, budget: Budget, language: Language) -> Markup:
    """What was spent, as a share of the limit, step by step."""
    steps = _thinned(budget.steps)
    first, last = steps[0][0], max(steps[-1][0], steps[0][0] + 1)
    plot = _BUDGET_HEIGHT - _TOP - _BOTTOM
    base = _TOP + plot

    def x(time_unix_s: int) -> float:
        return _LEFT + (time_unix_s - first) / (last - first) * _PLOT_WIDTH

    def y(spent: int, limit: int) -> float:
        return base - min(spent / limit if limit else 1.0, 1.15) * plot

    path = [f"M{_LEFT} {y(steps[0][1], steps[0][2]):.1f}"]
    for time_unix_s, spent, limit in steps[1:]:
        path.append(f"H{x(time_unix_s):.1f}V{y(spent, limit):.1f}")
    path.append(f"H{_WIDTH - _RIGHT}")
    line = "".join(path)
    begin, end = language.calendar_day(day_of(first)), language.calendar_day(day_of(last))
    marks = [
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>',
        f'<line class="limit" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{_TOP}" y2="{_TOP}"/>',
        f'<text class="tick" x="{_LEFT - 8}" y="{_TOP + 4}" text-anchor="end">{escape(language.share(1, 1))}</text>',
        f'<text class="tick" x="{_LEFT - 8}" y="{base + 4}" text-anchor="end">{escape(language.share(0, 1))}</text>',
        f'<path class="area" d="{line}V{base}H{_LEFT}Z"/>',
        f'<path class="line" d="{line}"/>',
        *(f'<line class="reset" x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{_TOP}" y2="{base}"/>' for at in budget.resets),
        f'<text class="tick" x="{_LEFT}" y="{base + 18}">{escape(begin)}</text>',
        f'<text class="tick" x="{_WIDTH - _RIGHT}" y="{base + 18}" text-anchor="end">{escape(end)}</text>',
    ]
    return _svg(
        _BUDGET_HEIGHT,
        language.gettext(
            "Budget %(budget)s: %(spent)s of %(limit)s spent at the end",
            budget=name,
            spent=budget.spent,
            limit=budget.limit,
        ),
        marks,
    )


def nice_top(most: int) -> int:
    """The end of an axis of counts: 1, 2, 4, 5 or 8 times a power of ten, not below `most`."""
    power = int(10 ** int(log10(max(most, 1))))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= most)


def _grid(top: int, offset: int, height: int, language: Language) -> list[str]:
    marks = []
    parts = 4 if top % 4 == 0 else 5 if top % 5 == 0 else 2 if top % 2 == 0 else 1
    for part in range(parts + 1):
        y = offset + height - height * part / parts
        marks.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        value = escape(language.number(top * part // parts))
        marks.append(f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value}</text>')
    return marks


def _period_labels(periods: Periods, step: float, language: Language) -> list[str]:
    every = max(1, ceil(110 / step))  # units of room that a label needs on a telephone, where its type is larger
    return [
        f'<text class="tick" x="{_LEFT + step * (number + 0.5):.1f}" y="{_HEIGHT - 8}" '
        f'text-anchor="middle">{escape(_short(periods.word, start, language))}</text>'
        for number, start in enumerate(periods.starts)
        if number % every == 0
    ]


def _short(word: str, start: date, language: Language) -> str:
    return language.skeleton(start, {"month": "yMMM", "year": "y"}.get(word, "MMMd"))


def _thinned(steps: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """No more steps than a line has room for; the first and the last stay."""
    every = ceil(len(steps) / _MOST_STEPS)
    thinned = list(steps[::every])
    return thinned if thinned[-1] == steps[-1] else [*thinned, steps[-1]]


def _svg(height: int, said: str, marks: Sequence[str]) -> Markup:
    """`marks`: elements, whose texts are escaped."""
    name = escape(said)
    return Markup(  # noqa: S704  every text in it is escaped
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{name}">'
        f"<title>{name}</title>{''.join(marks)}</svg>"
    )
