"""What does the log say when a node starts: what a crash left open, what has changed, and that it serves again?"""

from __future__ import annotations

from hansa_core.evidence.entries import NodeStarted
from hansa_node.context import Ground
from hansa_node.log.announcements import of_dataset, of_policy, of_roster
from hansa_node.log.keys import keys_of


def record_start(ground: Ground) -> None:
    """Bring the log up to what the node stands on, in one transaction. Nothing is answered before.

    It signs a checkpoint: a node that has witnesses asks them first whether they know a later one.
    """
    announcements = (
        of_roster(ground.roster_ref),
        of_policy(ground.policy_ref, ground.policy_hash),
        *(each for dataset in ground.datasets.all_current() for each in of_dataset(dataset)),
    )
    started = NodeStarted(policy=ground.policy_ref, roster=ground.roster_ref)
    keys = keys_of(ground.roster.member(ground.city))
    ground.store.begin(announcements, started, keys=keys, now=ground.clock())
