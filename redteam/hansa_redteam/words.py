"""Words for a verdict, line by line, on a terminal and on the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hansa_redteam.attacks.attack import Attack
from hansa_redteam.attacks.catalogue import NotTried
from hansa_redteam.running_attacks import Attempted, ClassVerdict, Side


def lines_of(verdict: ClassVerdict) -> Iterator[str]:
    """The class, what it does, and what came of it on each side."""
    attack = verdict.attack
    yield f"{attack.key:>3}  {attack.title}"
    if isinstance(attack, NotTried):
        yield f"     {attack.why}; not counted"
        return
    yield f"     {attack.does}"
    yield f"     Metric: {attack.metric}."
    for outcome in verdict.outcomes:
        yield f"     {result_of(verdict, outcome)}: {figures_of(attack, outcome)}"
        if outcome.side is Side.STRAWMAN:
            yield f"       It lacks {attack.strawman.lacks}."


def result_of(verdict: ClassVerdict, outcome: Attempted) -> str:
    """What happened, in three words."""
    if outcome.measured is None:
        return f"{outcome.side}: not tried"
    if outcome.side is Side.NODE:
        return "node: attack failed" if verdict.is_as_claimed(outcome) else "node: ATTACK SUCCEEDED"
    return "strawman: fell" if verdict.is_as_claimed(outcome) else "strawman: DID NOT FALL"


def figures_of(attack: Attack, outcome: Attempted) -> str:
    """The metric beside its bound, and what was done."""
    if outcome.measured is None:
        return outcome.broke
    is_node = outcome.side is Side.NODE
    bound = f"at most {attack.bound:.4g}" if is_node else f"at least {attack.falls_at:.4g}"
    return f"{outcome.measured.success:.4g}, {bound}; {outcome.measured.told} ({outcome.seconds:.0f} s)"


def summary(verdicts: Sequence[ClassVerdict], sides: Sequence[Side]) -> str:
    """How many attacks failed on the node, and how many strawmen fell."""
    said = {Side.NODE: "attacks failed", Side.STRAWMAN: "strawmen fell"}
    parts = []
    for side in sides:
        tried = [(each, outcome) for each in verdicts for outcome in each.outcomes if outcome.side is side]
        held = sum(each.is_as_claimed(outcome) for each, outcome in tried)
        parts.append(f"{held} of {len(tried)} {said[side]}")
    return ", ".join(parts)


def all_as_claimed(verdicts: Sequence[ClassVerdict]) -> bool:
    """Whether every attack failed on the node and every strawman fell, and something was tried at all."""
    tried = [(verdict, outcome) for verdict in verdicts for outcome in verdict.outcomes]
    return bool(tried) and all(verdict.is_as_claimed(outcome) for verdict, outcome in tried)
