"""Things that may expire under a running node: those it rests on, and those that its peers show."""

from __future__ import annotations

from hansa_core.league.witnesses import witnesses_of
from hansa_local.expiry import Expiring, certificate_of_service, of_roster
from hansa_local.shown_certificates import service_of, shown_by
from hansa_node.app.config import NodeConfig
from hansa_node.app.identity import Identity
from hansa_node.context import NodeContext


class NodeExpiry:
    """Looks at the league in force, the node's own certificate, and the services that it dials."""

    def __init__(self, config: NodeConfig, context: NodeContext, identity: Identity) -> None:
        self._config = config
        self._context = context
        self._certificate = identity.certificate

    async def watch(self) -> None:
        """Warn of what expires, until cancelled."""
        await self._context.expiry.look(self._relied_on, self._shown)

    def _relied_on(self) -> list[Expiring]:
        own = certificate_of_service(self._certificate.expires, service=f"the node of {self._context.city}")
        return [own, *of_roster(self._context.league.now.roster)]

    async def _shown(self) -> list[Expiring]:
        """What the coordinators that the node attaches to show now, and its witnesses."""
        roster, city = self._context.league.now.roster, self._context.city
        services = [
            *(
                service_of(entry.name, entry, entry.host, entry.port)
                for entry in roster.coordinators
                if entry.name in self._config.attach
            ),
            *(
                service_of(f"the node of {member.city}", member, member.host, member.log_port)
                for member in witnesses_of(roster, city)
            ),
        ]
        return await shown_by(services, self._config.tls.certificate, self._config.tls.key)
