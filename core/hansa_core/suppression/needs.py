"""Needs: what the primary rules ask of each figure of an unsafe cell, as targets of the audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hansa_core.protection.facts import CellFacts
from hansa_core.protection.primary import PrimaryRules, Uncertainty
from hansa_core.protection.publish import without_public_nulls
from hansa_core.suppression.atoms import LinearForm, Wholes
from hansa_core.suppression.audited_tables import AuditedTables, CellId
from hansa_core.suppression.targets import Target


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Need:
    """A figure with what it needs. `bounds`: of one value of a sum; `is_counted`: its count is known."""

    form: LinearForm
    uncertainty: Uncertainty
    count: LinearForm
    bounds: tuple[int, int] | None = None
    is_counted: bool = False

    @property
    def key(self) -> tuple[bytes, bool]:
        return self.form.key, self.is_counted


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """Makes the targets of cells. `parts`: all rows of each contributor that is an insider of some cell, by number."""

    rules: PrimaryRules
    tables: AuditedTables
    truth: Wholes
    parts: Mapping[int, Wholes]

    def targets(
        self, number: int, members: Sequence[tuple[CellId, CellFacts]], insiders: tuple[int, ...]
    ) -> Iterator[Target]:
        """What an unsafe cell needs. `members`: the equal cells that it stands for, with their facts.

        What holds for who knows the rows of both insiders holds for who knows those of one, and for everybody; only
        where both together leave less than is needed is each asked by itself.
        """
        found: dict[tuple[bytes, bool], _Need] = {}
        for cell, facts in members:
            for need in self._needs(cell, facts):
                known = found.setdefault(need.key, need)
                found[need.key] = replace(known, uncertainty=_greater(known.uncertainty, need.uncertainty))
        for need in found.values():
            yield from self._of_need(number, need, insiders)

    def _needs(self, cell: CellId, facts: CellFacts) -> Iterator[_Need]:
        forms, named = self.tables.forms(cell), zip(facts.measures, self.tables.judged_measures(cell), strict=True)
        facts = without_public_nulls(self.tables.shapes[cell[0]], facts)
        pairs = [(measure, name) for measure, name in named if measure in facts.measures]
        yield _Need(form=forms.rows, uncertainty=self.rules.of_rows(facts), count=forms.rows)
        for measure, name in pairs:
            bounds = self.tables.bounds(cell, name)
            span, count, total = bounds[1] - bounds[0], forms.counts[name], forms.totals[name]
            yield _Need(form=count, uncertainty=self.rules.of_count(facts, measure), count=count)
            yield _Need(form=total, uncertainty=self.rules.of_total(facts, measure, span), count=count, bounds=bounds)
            yield _Need(
                form=total,
                uncertainty=self.rules.of_total_by_count(facts, measure, span),
                count=count,
                bounds=bounds,
                is_counted=True,
            )

    def _of_need(self, number: int, need: _Need, insiders: tuple[int, ...]) -> Iterator[Target]:
        together = self._target(number, need, insiders)
        capped = self._capped(together, need)
        if (capped.width, capped.below, capped.above) == (together.width, together.below, together.above):
            choices = [together]
        else:
            some = ((), *((insider,) for insider in insiders))
            choices = [self._capped(self._target(number, need, who), need) for who in some]
        yield from (target for target in choices if target.required > 0)

    def _target(self, number: int, need: _Need, insiders: tuple[int, ...]) -> Target:
        return Target(
            cell=number,
            form=need.form,
            width=need.uncertainty.width,
            below=need.uncertainty.either_side,
            above=need.uncertainty.either_side,
            entities=insiders,
            counted=need.count if need.is_counted else None,
        )

    def _capped(self, target: Target, need: _Need) -> Target:
        """With no more than bounds and the insiders' own rows leave: publication adds nothing to what they tell."""
        true, known = target.form.of(self.truth), self._of_insiders(target.form, target.entities)
        unlimited = target.required
        if need.bounds is None:
            return target.at_most(true - known, unlimited)
        lower, upper = need.bounds
        if need.is_counted:
            left = need.count.of(self.truth) - self._of_insiders(need.count, target.entities)
            return target.at_most(true - known - lower * left, known + upper * left - true)
        return target.at_most(true - known if lower >= 0 else unlimited, known - true if upper <= 0 else unlimited)

    def _of_insiders(self, form: LinearForm, insiders: Sequence[int]) -> int:
        return sum(form.of(self.parts[insider]) for insider in insiders)


def _greater(one: Uncertainty, other: Uncertainty) -> Uncertainty:
    return Uncertainty(width=max(one.width, other.width), either_side=max(one.either_side, other.either_side))
