"""Audit rule: ledgers add up; spent before plus cost is spent now, within the limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hansa_core.evidence.body import Charge
from hansa_core.evidence.finding import AuditRule, Breach, Breaches
from hansa_core.evidence.log_entries import NodeRecovered
from hansa_core.evidence.query_entries import QueryAborted, QueryDecision
from hansa_core.evidence.rule_entries import BudgetCreated, BudgetReset


@dataclass(slots=True)
class _Balance:
    """A ledger as the log has it. `exhausted`: a recovery could not prove what was spent."""

    unit: str
    limit: int
    spent: int = 0
    exhausted: bool = False


class Ledgers:
    """Every ledger's balance. After a breach the entry's own figures go on, so that one fault is one finding."""

    def __init__(self) -> None:
        self._balances: dict[str, _Balance] = {}

    def create(self, body: BudgetCreated) -> Breaches:
        if body.ledger in self._balances:
            yield AuditRule.LEDGER, f"ledger {body.ledger} is created a second time, which forgets what was spent"
        self._balances[body.ledger] = _Balance(unit=body.unit, limit=body.limit)

    def reset(self, body: BudgetReset) -> Breaches:
        known = self._balances.get(body.ledger)
        if known is None:
            yield AuditRule.LEDGER, f"ledger {body.ledger} is reset and was never created"
        elif known.unit != body.unit:
            yield AuditRule.LEDGER, f"ledger {body.ledger} changes its unit from {known.unit} to {body.unit}"
        self._balances[body.ledger] = _Balance(unit=body.unit, limit=body.limit)

    def recover(self, body: NodeRecovered) -> Breaches:
        for ledger in body.exhausted:
            balance = self._balances.get(ledger)
            if balance is None:
                yield AuditRule.LEDGER, f"ledger {ledger} is exhausted and was never created"
            else:
                balance.spent, balance.exhausted = balance.limit, True

    def names(self, body: QueryDecision | QueryAborted) -> Breaches:
        if len({charge.ledger for charge in body.ledgers}) != len(body.ledgers):
            yield AuditRule.LEDGER, "one entry charges a ledger twice"

    def charge(self, charges: Sequence[Charge], costs: Sequence[int], spent: Sequence[int]) -> Iterable[Breach]:
        """`costs`, `spent`: what the entry says of each charge, which goes before the charge's own."""
        found: list[Breach] = []
        for charge, cost, after in zip(charges, costs, spent, strict=True):
            found += self._charge(charge, cost, after)
        return found

    def _charge(self, charge: Charge, cost: int, spent: int) -> Breaches:
        name, balance = charge.ledger, self._balances.get(charge.ledger)
        if balance is None:
            yield AuditRule.LEDGER, f"ledger {name} is charged and was never created"
            self._balances[name] = _Balance(unit=charge.unit, limit=charge.limit, spent=spent)
            return
        if charge.limit != balance.limit or charge.unit != balance.unit:
            told, held = f"{charge.limit} {charge.unit}", f"{balance.limit} {balance.unit}"
            yield AuditRule.LEDGER, f"ledger {name} has the limit {told} here, and {held} in its budget"
        if cost and balance.exhausted:
            yield AuditRule.LEDGER, f"ledger {name} is charged {cost}, and a recovery left it exhausted"
        if spent != balance.spent + cost:
            sums = f"{balance.spent} before and a cost of {cost} make {balance.spent + cost}"
            yield AuditRule.LEDGER, f"ledger {name}: {sums}, and the entry says {spent}"
        if spent > balance.limit:
            yield AuditRule.LEDGER, f"ledger {name} is overspent: {spent} of {balance.limit} {balance.unit}"
        balance.spent = spent
