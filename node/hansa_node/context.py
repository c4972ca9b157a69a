"""Node-wide context: the city, its rules, keys and stores, shared by all requests."""

from __future__ import annotations

from dataclasses import dataclass, field

from hansa_core.signing.dsse import Signer
from hansa_local.expiry import ExpiryWatch
from hansa_local.peer_clocks import PeerClocks
from hansa_node.answering.served_datasets import ServedDatasets
from hansa_node.clock import Clock, NonceSource
from hansa_node.current_league import CurrentLeague
from hansa_node.log.published_policy import PublishedPolicy
from hansa_node.node_stop import NodeStop
from hansa_node.node_store import NodeStore
from hansa_node.witnessing.status import WitnessStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeContext:
    """City, rules, keys and stores of a node; of these only what `league` holds changes from its start to its end.

    `policy`: with the rules of it that are published. `stop`: where a task reports that the node must not go on.
    `witnesses`: what they make of the log. `expiry`: warns of what expires. `clocks`: warns of peers whose clocks are
    wrong.
    """

    city: str
    league: CurrentLeague
    policy: PublishedPolicy
    signer: Signer
    datasets: ServedDatasets
    store: NodeStore
    clock: Clock
    fresh_nonce: NonceSource
    witnesses: WitnessStatus = field(default_factory=WitnessStatus)
    stop: NodeStop = field(default_factory=NodeStop)
    expiry: ExpiryWatch = field(init=False)
    clocks: PeerClocks = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "expiry", ExpiryWatch(self.clock))
        object.__setattr__(self, "clocks", PeerClocks(self.clock))
