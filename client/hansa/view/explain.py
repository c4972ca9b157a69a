"""An explanation of an answer, or of a dry run, in plain sentences: what is asked, computed where, and missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from hansa.answering.coverage import CityReport, answered
from hansa.answering.meanings import ColumnRole, meanings
from hansa.answering.plain_sql import plain_select
from hansa.answering.released_parts import AskedContract, quantile_columns, released_parts
from hansa.answering.shaped import asked_of
from hansa.view.explanation import Explanation, Part
from hansa.view.render.cells import PARTIAL, SUPPRESSED
from hansa.view.render.legend import missing_lines, reasons_of
from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.plan.canonical import plan_hash
from hansa_core.plan.measure import is_rounded
from hansa_core.plan.plan import Plan
from hansa_core.printable import printable
from hansa_core.sql.clause import DIALECT
from hansa_core.sql.render import render_plan, wording
from hansa_core.sql.statement import CityQuestion, OuterSelect

if TYPE_CHECKING:
    from hansa.answering.city_words import DryRunAnswer
    from hansa.answering.marked_cells import Gaps, MarkedCells
    from hansa.answering.shaped import ShapedAnswer
    from hansa.answering.statement_cells import LabelledCities
    from hansa_core.partial.answer import DryRun

_WITHHELD = (
    "Withheld by disclosure control: the cell itself, or one that it would give away, says too much of too few. "
    "Which of the two, and by which rule, is the city's secret; asking again changes nothing."
)
_SHAPING = ("with_", "joins", "where", "group", "having", "qualify", "distinct", "order", "limit", "offset")
_ROLES = {
    ColumnRole.CITY: "names the cell",
    ColumnRole.KEY: "names the cell",
    ColumnRole.MEASURE: "measured",
    ColumnRole.OTHER: "not from the cities",
}


def explain_answer(answer: ShapedAnswer) -> Explanation:
    """What was asked and computed where, who answered, what is missing and why."""
    asked = asked_of(answer)
    names = [[report.city for report in one.cities] for one in answer.questions]
    return _explanation(
        _asked(asked, names, answer.purpose),
        _computed(asked, answer.outer),
        _columns(asked, answer.outer),
        Part(heading="Cities", lines=(*_city_lines(answer.cities), *_labelled(answer.labels))),
        _missing(answer),
        _no_values(answer),
        _error_bars(answer),
        Part(heading="Notes", lines=answer.notes) if answer.notes else None,
        _hashes(dict.fromkeys((one.plan_hash, one.query_hash) for one in answer.questions)),
    )


def explain_dry_run(answer: DryRunAnswer) -> Explanation:
    """What would be asked and computed where, and what each city would do; no data was touched."""
    asked = list(zip(answer.asked.questions, answer.contracts, strict=True))
    verdicts = [verdict for part in answer.parts for verdict in part]
    foreseen = [_verdict_line(verdict.word) for verdict in verdicts if verdict.word is not None]
    silent = [verdict.report for verdict in verdicts if verdict.word is None]
    names = [[verdict.report.city for verdict in answer.parts[place]] for place in answer.part_of]
    return _explanation(
        _asked(asked, names, answer.purpose),
        _computed(asked, answer.asked.outer),
        _columns(asked, answer.asked.outer),
        Part(heading="Cities", lines=(*foreseen, *(f"{said}." for _, said in missing_lines(silent)))),
        Part(heading="Notes", lines=answer.notes) if answer.notes else None,
        _hashes(dict.fromkeys((plan_hash(question.plan), None) for question in answer.asked.questions)),
    )


def _explanation(*parts: Part | None) -> Explanation:
    return Explanation(parts=tuple(part for part in parts if part is not None))


def _asked(asked: Sequence[AskedContract], cities: Sequence[Sequence[str]], purpose: str) -> Part:
    """What goes to the cities: each different query once. `cities`: of each question, by name."""
    queries = dict.fromkeys(
        (render_plan(question.plan), tuple(names), str(question.plan.source), contract.title)
        for (question, contract), names in zip(asked, cities, strict=True)
    )
    lines = [
        f"{_whom(names)} signed query for the purpose {purpose} about {source}, {title}."
        for _, names, source, title in queries
    ]
    if len(queries) > 1:
        lines.append(f"These are {len(queries)} questions, in this order, and each is charged by itself.")
    lines += _over_some(asked)
    trees = (sqlglot.parse_one(sql, dialect=DIALECT) for sql, *_ in queries)
    sql = ";\n".join(_pretty(tree) for tree in trees)
    return Part(heading="Asked of the cities", lines=(*lines, "It asks for aggregates; no row leaves a city."), sql=sql)


def _whom(names: Sequence[str]) -> str:
    return f"{', '.join(names)}: each is sent the same" if len(names) > 1 else f"{names[0]} is sent one"


def _over_some(asked: Sequence[AskedContract]) -> list[str]:
    return [f"Asked of those with {' AND '.join(question.predicates)}." for question, _ in asked if question.predicates]


def _computed(asked: Sequence[AskedContract], outer: OuterSelect) -> Part:
    lines = list(dict.fromkeys(_merged(question) for question, _ in asked))
    lines += [line for question, contract in asked for line in _rounded_lines(question.plan, contract)]
    select = plain_select(outer)
    shapes = any(select.args.get(clause) for clause in _SHAPING) or select.find(exp.Subquery)
    if not shapes and all(column.passes_through for column in outer.columns):
        return Part(heading="Computed at your side", lines=(*lines, "Nothing else is computed from them."))
    if outer.tables:
        which = f"table {outer.tables[0]} is" if len(outer.tables) == 1 else f"tables {', '.join(outer.tables)} are"
        lines.append(f"Your own {which} joined to them here; no city learns of it.")
    if outer.selections:
        clauses = "; ".join(one.clause for one in outer.selections)
        lines.append(f"Which rows there are is decided here, by what came: {clauses}.")
    parts = released_parts(asked, outer)
    lines += [
        f"{one.column} is {one.text}, told here from the cells that keep its values apart: "
        f"those in which {one.rows} is above 0."
        for one in outer.counted
    ]
    shown = [name for name in parts if name != CITY_COLUMN]
    told = ", ".join(f"{name} is {parts[name].words}" for name in shown)
    lines.append(f"Then this SQL shapes the released table, in which {told}:")
    return Part(heading="Computed at your side", lines=tuple(lines), sql=_pretty(select))


def _merged(question: CityQuestion) -> str:
    if question.labels is not None:
        return f"The cities' exact counts and sums are added up by {', '.join(question.labels.words) or 'grouping'}."
    if question.by_city:
        return "The cities' figures are kept apart."
    return "The cities' exact counts and sums are added up."


def _labelled(labels: Sequence[LabelledCities]) -> list[str]:
    """Each label with the cities under it that answered."""
    lines = []
    for one in labels:
        if not one.label:
            continue
        label = ", ".join(f"{words} = {printable(str(value))}" for words, value in one.label.items())
        lines.append(f"{label}: {one.words}.")
    return lines


def _rounded_lines(plan: Plan, contract: Contract) -> list[str]:
    """What is rounded in each row before it is added up."""
    rounded = [wording(one) for one in plan.aggregates if any(is_rounded(each, contract) for each in one.arguments)]
    if not rounded:
        return []
    return [
        f"{', '.join(rounded)}: a quotient is rounded to the nearest double in each row, to about 16 digits; the "
        "doubles are then added up exactly."
    ]


def _pretty(tree: exp.Expr) -> str:
    for name in tree.find_all(exp.Identifier):
        name.set("quoted", not name.this.isidentifier())
    bare = tree.transform(lambda node: node.this if _is_noise(node) else node)
    text: str = bare.sql(DIALECT, pretty=True)
    return text


def _is_noise(node: exp.Expr) -> bool:
    """A guard against errors, or brackets that a reader of SQL can do without."""
    if isinstance(node, exp.Paren):
        return isinstance(node.this, exp.Predicate) and isinstance(node.parent, exp.Connector | exp.Not | exp.Where)
    return isinstance(node, exp.Try)


def _columns(asked: Sequence[AskedContract], outer: OuterSelect) -> Part:
    lines = []
    for meaning in meanings(asked, outer):
        what = "" if meaning.formula == meaning.name else f" {meaning.formula},"
        unit = f", in {meaning.unit}" if meaning.unit else ""
        measure = unit if meaning.role is ColumnRole.MEASURE else ""
        lines.append(f"{meaning.name}:{what} {_ROLES[meaning.role]}{measure}.")
    return Part(heading="Columns", lines=tuple(lines))


def _city_lines(reports: Sequence[CityReport]) -> tuple[str, ...]:
    came = answered(reports)
    lines = [f"{one.city}: answered at level {one.level}, data version {one.data_version}, signed." for one in came]
    lines += [f"{said}." for _, said in missing_lines(reports)]
    if any(report.level is Level.CONTROLLED for report in came):
        lines.append(
            "At level controlled a city answers from a table that it protected and published before anyone asked; "
            "`explain` of the statement names the table."
        )
    return tuple(lines)


def _verdict_line(verdict: DryRun) -> str:
    if verdict.refusal is not None:
        refusal = verdict.refusal
        return printable(f"{verdict.city}: would refuse ({refusal.code}): {refusal.rule}; {refusal.remedy}.")
    table = f" from its published table {verdict.table}" if verdict.table else ""
    noun = "cell" if verdict.cells == 1 else "cells"
    cells = f", {verdict.cells:,} {noun}" if verdict.cells is not None else ""
    coarser = f" With less detail it publishes: {'; '.join(verdict.coarser_tables)}." if verdict.coarser_tables else ""
    return printable(f"{verdict.city}: would answer at level {verdict.level}{table}{cells}.{coarser}")


def _missing(answer: ShapedAnswer) -> Part:
    lines = [
        *(f"{SUPPRESSED} {line}" for line in _counted(answer.suppressed, "not shown, for want of")),
        *(f"{PARTIAL} {line}" for line in _counted(answer.partial, "partial, without")),
    ]
    if any("suppressed" in gaps.values() for gaps in (*answer.suppressed.all_gaps(), *answer.partial.all_gaps())):
        lines.append(_WITHHELD)
        lines += _coarser_lines(answer.cities)
    if answer.rows_are_unsure:
        lines.append("Which rows there are depends on values that are missing: see Notes.")
    return Part(heading="Missing", lines=tuple(lines) or ("Nothing: every city is in every value.",))


def _coarser_lines(reports: Sequence[CityReport]) -> list[str]:
    """What the cities publish with less detail: cities that offer the same share a line."""
    cities: dict[tuple[str, ...], list[str]] = {}
    for report in reports:
        if report.coarser_tables:
            cities.setdefault(report.coarser_tables, []).append(report.city)
    return [
        printable(
            f"With less detail, {', '.join(names)} {'publish' if len(names) > 1 else 'publishes'}: {'; '.join(tables)}."
        )
        for tables, names in cities.items()
    ]


def _no_values(answer: ShapedAnswer) -> Part | None:
    """NULLs that nobody withholds: a value that lacks a city bears a mark, so what bears none is known to be none."""
    marked = Counter[str]()
    for name, _, count in answer.suppressed.counts():
        marked[name] += count
    aggregates = set(answer.outer.aggregate_columns)
    lines = []
    for name, held in zip(answer.table.column_names, answer.table.columns, strict=True):
        column = next((one for one in answer.outer.columns if one.name == name), None)
        nulls = held.null_count - marked[name]
        if nulls > 0 and column is not None and aggregates & set(column.depends_on):
            noun = "value is NULL and is" if nulls == 1 else "values are NULL and are"
            else_ = "" if column.passes_through else ", or the SQL gives none"
            lines.append(f"{name}: {nulls:,} {noun} not withheld: no row there has a value{else_}.")
    return Part(heading="No values", lines=tuple(lines)) if lines else None


def _counted(cells: MarkedCells, what: str) -> list[str]:
    """A line for each column and set of reasons: over thirty cells of four cities a reader wants the sum."""
    alike: dict[tuple[str, frozenset[str]], list[Gaps]] = {}
    values: Counter[tuple[str, frozenset[str]]] = Counter()
    for column, gaps, count in cells.counts():
        kind = column, frozenset(gaps.values())
        alike.setdefault(kind, []).append(gaps)
        values[kind] += count
    return [
        f"{kind[0]}: {values[kind]:,} {'value is' if values[kind] == 1 else 'values are'} {what} {reasons_of(same)}."
        for kind, same in alike.items()
    ]


def _error_bars(answer: ShapedAnswer) -> Part:
    counts = Counter(interval.column for interval in answer.intervals)
    lines = [
        f"{column}: {count:,} of {len(answer):,} values carry the interval that surely holds the true quantile, made "
        "of whole bins of the contract; the value itself is interpolated in it."
        for column, count in counts.items()
    ]
    quantiles = quantile_columns(asked_of(answer), answer.outer)
    lines += [
        f"{column.name}: computed from a quantile, so its interval does not carry over; show the quantile itself."
        for column in answer.outer.columns
        if not quantiles.isdisjoint(column.depends_on) and column.name not in counts
    ]
    if not lines and any(_rounded_lines(one.asked.plan, one.contract) for one in answer.questions):
        lines = ["None: the figures come from counts and sums that are exact but for the rounding of each row's value."]
    return Part(heading="Error bars", lines=tuple(lines) or ("None: the figures come from exact counts and sums.",))


def _hashes(hashes: Iterable[tuple[bytes, bytes | None]]) -> Part:
    lines = []
    for plan, query in hashes:
        lines.append(f"plan {plan.hex()}: equal for whoever asks this, so that all get the same releases.")
        if query is not None:
            lines.append(f"query {query.hex()}: of the signed query; each city's signature binds its answer to it.")
    return Part(heading="Hashes", lines=tuple(lines))
