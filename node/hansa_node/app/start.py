"""The log entries of a start: what a crash left open, what has changed, and that the node serves again."""

from __future__ import annotations

from hansa_core.evidence.log_entries import NodeStarted
from hansa_node.context import NodeContext
from hansa_node.log.announcements import of_dataset, of_policy, of_roster
from hansa_node.log.keys import keys_of


def record_start(context: NodeContext, *, register: bool = False) -> None:
    """Bring the log up to what the node stands on, in one transaction. Nothing is answered before.

    `register`: whether the city takes part in public registers. It signs a checkpoint: a node that has witnesses asks
    them first whether they know a later one. Raises ConfigError where the roster is older than one that the log names.
    """
    league = context.league.now
    announcements = (
        of_roster(league.roster_ref),
        of_policy(context.policy),
        *(each for dataset in context.datasets.all_current() for each in of_dataset(dataset)),
    )
    started = NodeStarted(policy=context.policy.reference, roster=league.roster_ref, register=register)
    keys = keys_of(league.roster.member(context.city))
    context.store.begin(announcements, started, keys=keys, now=context.clock())
