"""The node's process: it listens or attaches, answers until it is told to stop, and stops without losing an answer."""

from __future__ import annotations

import asyncio
import logging
import signal
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from random import SystemRandom

import grpc.aio

from hansa_core.errors import ConfigError, RefusedError
from hansa_core.signing.dsse import Envelope
from hansa_local.clock import utc_now
from hansa_local.expiry import Expiring, certificate_of_service, of_roster, warn_of_expiry
from hansa_local.trust_anchor import load_roster
from hansa_node import __version__
from hansa_node.answering.served_datasets import ServedDatasets
from hansa_node.app.config import NodeConfig
from hansa_node.app.data_check import keep_checked
from hansa_node.app.declared import read_all_declared
from hansa_node.app.identity import Identity, attached_coordinators, member_of, read_identity
from hansa_node.app.log_keeper import LogKeeper, log_keeper
from hansa_node.app.policy_file import read_policy
from hansa_node.clock import fresh_nonce
from hansa_node.context import NodeContext
from hansa_node.engines.unreadable import DataUnavailableError
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log.identity import log_identity
from hansa_node.node_stop import task_group
from hansa_node.node_store import NodeStore
from hansa_node.pipeline.ask import AskPipeline
from hansa_node.pipeline.describe import describe
from hansa_node.pipeline.engine_queue import EngineQueue, engine_places
from hansa_node.store.errors import StoreUnavailableError
from hansa_node.witnessing.status import WitnessStatus
from hansa_wire.attach.attachment import answering_for
from hansa_wire.attach.attachments import Attachments
from hansa_wire.codec.answered import Answered
from hansa_wire.rpc.admission import BACKSTOP, Admission
from hansa_wire.rpc.node_rpc import NODE_SERVICE, add_node_service
from hansa_wire.rpc.server import Health, add_health_and_reflection, listen, new_server
from hansa_wire.rpc.status import UNAVAILABLE_CODE
from hansa_wire.rpc.tls import server_credentials

log = logging.getLogger(__name__)

_CALLS_PER_QUERY = 32  # calls that may be in the house for each query that runs; more are told to come back later


_UNREADABLE = "the city cannot read this dataset now, so it answers nothing about it"


class NodeCalls:
    """A NodeHandler: the node's three calls. Each raises BusyError beyond what `admission` lets in.

    `executor`: for what is cheap. `engines`: for what engines compute. `status`: whether the log may take what an
    answer adds to it.
    """

    def __init__(
        self, context: NodeContext, executor: Executor, engines: Executor, admission: Admission, status: WitnessStatus
    ) -> None:
        self._context = context
        self._status = status
        self._admission = admission
        self._executor = executor
        self._pipeline = AskPipeline(context, executor, engines, EngineQueue(engine_places()))

    async def ask(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Answered:
        try:
            with self._admission.entered():
                self._status.check(self._context.clock())
                return await self._pipeline.ask(query, credential, deadline_s=deadline_s)
        except StoreUnavailableError:
            # Its own text names a path. No signed refusal: what is signed has been recorded first.
            raise _unavailable("the city cannot record its decisions now, so it answers nothing") from None
        except DataUnavailableError:
            raise _unavailable(_UNREADABLE) from None

    async def dry_run(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Envelope:
        try:
            with self._admission.entered():
                return await self._pipeline.dry_run(query, credential, deadline_s=deadline_s)
        except DataUnavailableError:
            raise _unavailable(_UNREADABLE) from None

    async def describe(self) -> Envelope:
        with self._admission.entered():
            return await asyncio.get_running_loop().run_in_executor(self._executor, describe, self._context)

    async def all_answered(self) -> None:
        """Wait until no query is under way."""
        await self._pipeline.all_answered()


def _unavailable(rule: str) -> RefusedError:
    """What the city cannot do now, whoever asks: unsigned, and the operator's log has the remedy."""
    return RefusedError(code=UNAVAILABLE_CODE, rule=rule, remedy="ask again later")


async def serve(config: NodeConfig) -> None:
    """Serve until SIGTERM or SIGINT. Raises ConfigError before anything is served."""
    now = utc_now()
    roster = load_roster(config, now)
    identity = read_identity(config, member_of(roster, config))
    attached_coordinators(roster, config)
    if now >= identity.certificate_expires:
        raise ConfigError(f"{config.tls.certificate}: has expired; renew it from the city's CA")
    policy = read_policy(config.policy)
    datasets = ServedDatasets(read_all_declared(config, roster))
    store = NodeStore.open(
        config.store,
        log_identity(member_of(roster, config), identity.log_signer),
        commit_window_ms=config.log.commit_window_ms,
        commit_max_batch=config.log.commit_max_batch,
    )
    try:
        context = NodeContext(
            city=config.city,
            league=LeagueInForce(city=config.city, roster=roster),
            policy=policy,
            signer=identity.answer_signer,
            datasets=datasets,
            store=store,
            clock=utc_now,
            fresh_nonce=fresh_nonce,
        )
        async with log_keeper(config, context, identity) as keeper:
            await _serve(config, context, identity, keeper)
    finally:
        datasets.close()
        store.close()


async def _serve(config: NodeConfig, context: NodeContext, identity: Identity, keeper: LogKeeper) -> None:
    """Until a signal, or until a fatal error, which is raised here, in its own type, whichever task met it."""
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(stop, context.stop.request)
    limits = config.limits
    admission = Admission(limits.max_concurrent_queries * _CALLS_PER_QUERY)
    with (
        ThreadPoolExecutor(max_workers=limits.max_concurrent_queries, thread_name_prefix="query") as executor,
        ThreadPoolExecutor(max_workers=2 * engine_places(), thread_name_prefix="engine") as engines,
    ):
        calls = NodeCalls(context, executor, engines, admission, keeper.status)
        listening = await _bind(config, context, identity, calls) if config.listen.enabled else None
        if not keeper.waits:
            await keeper.begin()  # so that the first question finds the log open, and only once the port is had
        async with task_group() as tasks:
            keeping = [
                tasks.create_task(work)
                for work in (
                    context.stop.guard(keeper.run()),
                    context.stop.guard(keep_checked(context.datasets)),
                    warn_of_expiry(partial(_expiring, context, identity), context.clock),
                )
            ]
            await _answer(config, context, identity, calls, listening)
            for task in keeping:
                task.cancel()
        log.info("node stopped", extra={"city": context.city})
    context.stop.raise_error()


async def _answer(
    config: NodeConfig, context: NodeContext, identity: Identity, calls: NodeCalls, listening: _Listening | None
) -> None:
    """Take questions until the node has to end, and finish those that are under way."""
    if listening is not None:
        await listening.server.start()
    attachments = Attachments(
        context.city,
        answering_for(context.city, calls),
        cert_pem=identity.tls_certificate,
        key_pem=identity.tls_key,
        draw=SystemRandom().random,
    )
    attachments.keep(attached_coordinators(context.league.roster, config), {context.city: 0})
    where = {} if listening is None else {"host": config.listen.host, "port": listening.port}
    log.info("node started", extra={"city": context.city, **where, "version": __version__})
    await context.stop.wait()
    async with task_group() as stopping:
        stopping.create_task(attachments.stop(config.limits.stop_grace_s))
        if listening is not None:
            stopping.create_task(listening.stop(config.limits.stop_grace_s))
    await calls.all_answered()


def _expiring(context: NodeContext, identity: Identity) -> list[Expiring]:
    own = certificate_of_service(identity.tls_certificate, service=f"the node of {context.city}")
    return [own, *of_roster(context.league.roster)]


@dataclass(frozen=True, slots=True)
class _Listening:
    server: grpc.aio.Server
    health: Health
    port: int

    async def stop(self, grace_s: float) -> None:
        await self.health.enter_graceful_shutdown()
        await self.server.stop(grace_s)


async def _bind(config: NodeConfig, context: NodeContext, identity: Identity, calls: NodeCalls) -> _Listening:
    """The server with its port, not started: nobody is answered yet. Raises ConfigError where the port is not free."""
    coordinators = context.league.roster.coordinators
    pins = frozenset(entry.tls_spki for entry in coordinators)
    server = new_server(max_concurrent_calls=BACKSTOP * config.limits.max_concurrent_queries * _CALLS_PER_QUERY)
    add_node_service(server, calls, pins.__contains__)
    health = await add_health_and_reflection(server, (NODE_SERVICE,))
    authorities = [entry.ca_pem for entry in coordinators]
    credentials = server_credentials(identity.tls_certificate, identity.tls_key, authorities)
    port = listen(server, config.listen.host, config.listen.port, credentials)
    return _Listening(server, health, port)
