"""Health of a running node: whether a question that came now would be answered, part by part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime

from hansa_core.errors import RefusedError, StoreCorruptError
from hansa_local.expiry import certificate_of_service, of_roster
from hansa_local.expiry_parts import parts_of_expiry
from hansa_local.health import HealthPart, PartState, ProcessHealth
from hansa_node import __version__
from hansa_node.app.config import NodeConfig
from hansa_node.app.identity import Identity
from hansa_node.app.resources import resources_of
from hansa_node.context import NodeContext
from hansa_node.engines.unreadable import DataUnavailableError
from hansa_node.store.errors import StoreUnavailableError


class NodeHealth:
    """Looks at the parts of a node that runs. `attached`: to which coordinators it is, at this moment."""

    def __init__(
        self, config: NodeConfig, context: NodeContext, identity: Identity, attached: Callable[[], frozenset[str]]
    ) -> None:
        self._config = config
        self._context = context
        self._identity = identity
        self._attached = attached

    async def look(self) -> ProcessHealth:
        """The health of this moment. Nothing is written, and nobody is asked."""
        parts = await asyncio.to_thread(lambda: tuple(self._parts()))
        return ProcessHealth(role="node", name=self._context.city, version=__version__, parts=parts)

    def _parts(self) -> Iterator[HealthPart]:
        now = self._context.clock()
        yield self._store()
        yield from self._datasets()
        yield self._witnesses(now)
        yield from self._ways_in()
        yield from self._expiring(now)
        yield from self._resources()

    def _store(self) -> HealthPart:
        try:
            with self._context.stop.fatal_errors():
                self._context.store.log.newest()
        except StoreCorruptError as corrupt:
            remedy = "the node ends: do what its log says, then start it again"
            return HealthPart(name="store", state=PartState.FAILED, text=str(corrupt), remedy=remedy)
        except StoreUnavailableError as failure:
            return HealthPart(
                name="store", state=PartState.FAILED, text=str(failure), remedy="free the disk it lies on"
            )
        size = self._context.store.log.size
        return HealthPart(name="store", state=PartState.OK, text=f"{self._config.store}, {size:,} log entries")

    def _datasets(self) -> Iterator[HealthPart]:
        for contract in sorted(self._config.datasets):
            try:
                served = self._context.datasets.current(contract)
            except DataUnavailableError as failure:
                yield HealthPart(name=str(contract), state=PartState.FAILED, text="cannot be read", remedy=str(failure))
                continue
            if served is None:
                remedy = f"run `hansa node ingest {contract}`"
                yield HealthPart(name=str(contract), state=PartState.FAILED, text="holds no version yet", remedy=remedy)
            else:
                yield HealthPart(name=str(contract), state=PartState.OK, text=f"data version {served.data_version}")
        if not self._config.datasets:
            remedy = "name a manifest under [datasets] of node.toml, and ingest it"
            yield HealthPart(name="datasets", state=PartState.WARNING, text="none is served", remedy=remedy)

    def _witnesses(self, now: datetime) -> HealthPart:
        status = self._context.witnesses
        try:
            status.check(now)
        except RefusedError as waiting:
            remedy = "see the node's log for which of its witnesses do not answer, and why"
            return HealthPart(name="witnesses", state=PartState.FAILED, text=waiting.rule, remedy=remedy)
        since = status.told_to_askers(now)
        if since is not None:
            return HealthPart(
                name="witnesses",
                state=PartState.WARNING,
                text=f"no quorum has cosigned the log since {since}Z; answers say so",
                remedy=f"answers end after {status.max_unwitnessed}; call the operators of the witnesses",
            )
        return HealthPart(name="witnesses", state=PartState.OK, text="the log may grow")

    def _ways_in(self) -> Iterator[HealthPart]:
        listen, attached = self._config.listen, self._attached()
        if listen.enabled:
            yield HealthPart(name="listening", state=PartState.OK, text=f"at {listen.host}:{listen.port}")
        without = PartState.WARNING if attached or listen.enabled else PartState.FAILED
        for name in dict.fromkeys(self._config.attach):
            if name in attached:
                yield HealthPart(name=f"attached to {name}", state=PartState.OK, text="its stream is open")
            else:
                remedy = "the node tries again by itself; run `hansa doctor` to see which step of the way fails"
                yield HealthPart(name=f"attached to {name}", state=without, text="no stream is open", remedy=remedy)

    def _expiring(self, now: datetime) -> Iterator[HealthPart]:
        own = certificate_of_service(self._identity.certificate.expires, service=f"the node of {self._context.city}")
        roster, *authorities = of_roster(self._context.league.now.roster)
        yield from parts_of_expiry([own, roster], now, expired=PartState.FAILED)
        yield from parts_of_expiry(authorities, now, expired=PartState.WARNING)

    def _resources(self) -> Iterator[HealthPart]:
        for found in resources_of(self._config):
            if found.is_short:
                state = PartState.FAILED if found.is_used_up else PartState.WARNING
                yield HealthPart(name=found.name, state=state, text=found.text, remedy=found.remedy)
