"""Caller check: whether a peer that calls the node is a coordinator of the league in force."""

from __future__ import annotations

from hansa_local.expiry import certificate_of_service
from hansa_node.context import NodeContext
from hansa_wire.rpc.guard import CallingPeer
from hansa_wire.rpc.tls import spki_of


class CallerCheck:
    """Lets coordinators in, and takes in when their certificates end and what their clocks say."""

    def __init__(self, context: NodeContext) -> None:
        self._context = context

    def permits(self, caller: CallingPeer) -> bool:
        """Whether the caller is one of them now, however long its connection has been open."""
        name = self._context.league.coordinator_of(spki_of(caller.certificate))
        if name is None:
            return False
        self._context.expiry.met(certificate_of_service(caller.expires, service=name))
        self._context.clocks.heard(name, caller.says)
        return True
