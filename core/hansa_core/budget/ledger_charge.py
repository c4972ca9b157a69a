"""Charges to ledgers: whether what a question costs fits into what its ledgers have left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCharge:
    """What one question costs one ledger. Raises ValueError at birth.

    `cost`, `limit`: in the ledger's integer units, at least 0; what is spent in the ledger never passes `limit`.
    """

    ledger: str
    cost: int
    limit: int

    def __post_init__(self) -> None:
        if not self.ledger:
            raise ValueError("a charge needs the name of its ledger")
        if self.cost < 0 or self.limit < 0:
            raise ValueError(f"cost {self.cost} and limit {self.limit} of {self.ledger} must not be negative")


def check_ledgers(charges: Iterable[LedgerCharge]) -> None:
    """Raise ValueError where two charges name one ledger: judged one by one, they could pass its limit together."""
    ledgers = [charge.ledger for charge in charges]
    if len(set(ledgers)) != len(ledgers):
        raise ValueError("a question is charged to each ledger once; add its costs up")


def first_over_limit(charges: Iterable[LedgerCharge], spent: Mapping[str, int]) -> LedgerCharge | None:
    """The first charge that its ledger has no room for; None if all fit. `spent`: so far, by ledger, each of them."""
    return next((charge for charge in charges if spent[charge.ledger] + charge.cost > charge.limit), None)
