"""The paths of the log service, and who may go where."""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from aiohttp import web

from hansa_core.evidence.body import OPENING_FIELDS
from hansa_core.tlog.policy import TlogPolicy
from hansa_core.tlog.witness import MAX_REQUEST_BYTES as MAX_CHECKPOINT_REQUEST_BYTES
from hansa_core.tlog.witness import Judgement
from hansa_node.log.mirror_request import MAX_REQUEST_BYTES, MAX_RULES_BYTES
from hansa_node.log.peer_logs import PeerLogs
from hansa_node.log_service.disclosures import DisclosureReader
from hansa_node.log_service.log_league import LogLeague
from hansa_node.log_service.mirror import add_entries, add_rules
from hansa_node.log_service.reading import MirroredHead, ReadableLog
from hansa_node.log_service.replies import refused, text, unchanging
from hansa_node.log_service.visitors import Visitor, VisitorRole
from hansa_node.log_service.witness import Witness
from hansa_node.node_stop import FATAL, NodeStop
from hansa_node.store.errors import StoreUnavailableError

_FOR_MEMBERS = web.RequestKey("for members", bool)
_ENTRIES = "tile/entries/"
_AT_ORIGIN = "/log"  # where the origins of logs end, which tools that are not ours dial
_ResultT = TypeVar("_ResultT")
_MEMBERS_BODY_S = 60.0
_ANYBODYS_BODY_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPages:
    """All that the service stands on.

    `league`: who visits, and whose entries may be kept here. `is_public`: checkpoint and hash tiles
    are for everybody. `stop`: where a fatal error is reported. `executor`: for what blocks.
    """

    own: ReadableLog
    peers: PeerLogs
    league: LogLeague
    max_mirrored_entries: int
    witness: Witness
    openings: DisclosureReader
    is_public: bool
    stop: NodeStop
    executor: Executor
    _adding: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock), init=False)

    def application(self) -> web.Application:
        """The service as aiohttp runs it."""
        application = web.Application(middlewares=[self._answered])
        application.on_response_prepare.append(_head)
        application.add_routes(
            [
                *(
                    route
                    for prefix in ("", _AT_ORIGIN)
                    for route in (
                        web.get(f"{prefix}/checkpoint", self._checkpoint),
                        web.get(f"{prefix}/{{tile:tile/.+}}", self._tile),
                    )
                ),
                web.get("/mirror/{city}/checkpoint", self._mirrored_checkpoint),
                web.get("/mirror/{city}/newest", self._newest_mirrored),
                web.get("/mirror/{city}/{tile:tile/.+}", self._mirrored_tile),
                web.get("/mirror/{city}/rules/{hash:[0-9a-f]{64}}.json", self._mirrored_rules),
                web.get("/rules/{hash:[0-9a-f]{64}}.json", self._rules),
                web.get("/opening/{index:[0-9]{1,16}}/{field:[a-z_]{1,32}}", self._opening),
                web.get("/openings/{first:[0-9]{1,16}}-{last:[0-9]{1,16}}/{fields:[a-z_,]{1,200}}", self._openings),
                web.post("/add-checkpoint", self._add_checkpoint),
                web.post("/mirror/{city}/add-entries", self._add_entries),
                web.post("/mirror/{city}/add-rules/{index:[0-9]{1,16}}", self._add_rules),
            ]
        )
        return application

    async def _checkpoint(self, request: web.Request) -> web.Response:
        if not self.is_public:
            self._member(request)
        return _checkpoint_or_none(await self._run(self.own.checkpoint))

    async def _tile(self, request: web.Request) -> web.Response:
        path = request.match_info["tile"]
        is_public = self.is_public and not path.startswith(_ENTRIES)
        visitor = None if is_public else self._member(request)
        return _tile_or_none(path, visitor, await self._run(partial(self.own.tile, path)))

    async def _rules(self, request: web.Request) -> web.Response:
        if not self.is_public:
            self._member(request)
        return _rules_or_none(await self._run(partial(self.openings.log.rules, request.match_info["hash"])))

    async def _mirrored_checkpoint(self, request: web.Request) -> web.Response:
        """For readers, who believe a quorum."""
        return await self._mirrored_note(request, self.peers.mirrored_cosigned, self.peers.mirrored)

    async def _newest_mirrored(self, request: web.Request) -> web.Response:
        """For the city itself, which may sign nothing that contradicts it, cosigned or not."""
        return await self._mirrored_note(request, self.peers.mirrored)

    async def _mirrored_note(
        self, request: web.Request, *places: Callable[[str], tuple[int, bytes] | None]
    ) -> web.Response:
        self._member(request)
        policy = self.league.now.mirrored.get(request.match_info["city"])
        if policy is not None:
            for place in places:
                found = await self._run(partial(place, policy.logs[0].key.name))
                if found is not None:
                    return text(found[1])
        return _checkpoint_or_none(None)

    async def _mirrored_tile(self, request: web.Request) -> web.Response:
        visitor = self._member(request)
        mirrored = await self._run(partial(self._mirror, request.match_info["city"]))
        path = request.match_info["tile"]
        content = None if mirrored is None else await self._run(partial(mirrored.tile, path))
        return _tile_or_none(path, visitor, content)

    async def _mirrored_rules(self, request: web.Request) -> web.Response:
        self._member(request)
        policy = self.league.now.mirrored.get(request.match_info["city"])
        if policy is None:
            return _rules_or_none(None)
        find = partial(self.peers.rules, policy.logs[0].key.name, request.match_info["hash"])
        return _rules_or_none(await self._run(find))

    async def _opening(self, request: web.Request) -> web.Response:
        visitor = self._reader(request)
        index, field = int(request.match_info["index"]), request.match_info["field"]
        disclosure = await self._run(partial(self.openings.read, index, field, visitor))
        if disclosure is None:
            return refused(404, f"entry {index} has no {field} to show", "it may have none, or its retention is over")
        return text(disclosure, content_type="application/json")

    async def _openings(self, request: web.Request) -> web.Response:
        visitor, fields = self._reader(request), request.match_info["fields"].split(",")
        first, last = int(request.match_info["first"]), int(request.match_info["last"])
        if len(set(fields)) != len(fields) or not set(fields) <= set(OPENING_FIELDS):
            return refused(400, "fields are different ones of those that openings have", ", ".join(OPENING_FIELDS))
        if not first <= last < self.openings.log.size:
            return refused(404, f"the log has no entries {first} to {last}", "ask for entries of the checkpoint's size")
        return text(await self._run(partial(self.openings.read_many, first, last, fields, visitor)))

    async def _add_checkpoint(self, request: web.Request) -> web.Response:
        body = await _body(request, MAX_CHECKPOINT_REQUEST_BYTES, within_s=_ANYBODYS_BODY_S)
        return _judged(await self._run(partial(self.witness.add_checkpoint, body)))

    async def _add_entries(self, request: web.Request) -> web.Response:
        city, policy = self._mirrored_by(request)
        async with self._adding[city]:  # one large body of a city at a time lies in memory
            work = partial(
                add_entries,
                await _body(request, MAX_REQUEST_BYTES, within_s=_MEMBERS_BODY_S),
                policy=policy,
                peers=self.peers,
                max_entries=self.max_mirrored_entries,
            )
            return _judged(await self._run(work))

    async def _add_rules(self, request: web.Request) -> web.Response:
        city, policy = self._mirrored_by(request)
        index = int(request.match_info["index"])
        async with self._adding[city]:
            document = await _body(request, MAX_RULES_BYTES, within_s=_MEMBERS_BODY_S)
            return _judged(await self._run(partial(add_rules, document, index, policy=policy, peers=self.peers)))

    def _mirrored_by(self, request: web.Request) -> tuple[str, TlogPolicy]:
        """The city of the path, whose node calls, and the policy of its log."""
        visitor, city = self._member(request), request.match_info["city"]
        policy = self.league.now.mirrored.get(city)
        if visitor.role is not VisitorRole.NODE or visitor.city != city or policy is None:
            raise _Refused(refused(403, f"only the node of {city} adds to its mirror", "call with its certificate"))
        return city, policy

    def _mirror(self, city: str) -> ReadableLog | None:
        policy = self.league.now.mirrored.get(city)
        origin = None if policy is None else policy.logs[0].key.name
        tree = None if origin is None else self.peers.mirror(origin)
        if origin is None or tree is None:
            return None
        return ReadableLog(tree, MirroredHead(self.peers, origin))

    def _reader(self, request: web.Request) -> Visitor:
        visitor = self._member(request)
        if not self.openings.may_read(visitor):
            raise _Refused(
                refused(
                    403,
                    "openings are shown to this city's auditors, and to those of the cities in its log.openings_to",
                    "come with an auditor's certificate, or ask its operator",
                )
            )
        return visitor

    def _member(self, request: web.Request) -> Visitor:
        request[_FOR_MEMBERS] = True
        visitor = self.league.now.visitors.of(_certificate(request))
        if visitor is None:
            raise _Refused(refused(403, "this is for members of the league", "show a certificate that a city issued"))
        return visitor

    @web.middleware
    async def _answered(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """A refusal as its reply, and a store that fails as 503: what it says names a path, so it stays here."""
        try:
            with self.stop.fatal_errors():
                return await handler(request)
        except _Refused as refusal:
            return refusal.reply
        except (StoreUnavailableError, *FATAL):
            return refused(503, "the city cannot record anything now", "ask again later")

    async def _run(self, work: Callable[[], _ResultT]) -> _ResultT:
        return await asyncio.get_running_loop().run_in_executor(self.executor, work)


async def _head(request: web.Request, response: web.StreamResponse) -> None:
    """What is for members is kept by no cache that others share, and nobody is told which software answers."""
    if request.get(_FOR_MEMBERS):
        kept = response.headers.get("Cache-Control", "")
        response.headers["Cache-Control"] = ", ".join(["private", *(kept.removeprefix("public, "),) * bool(kept)])
    response.headers.popall("Server", None)


class _Refused(Exception):  # noqa: N818  it is a reply, not an error of ours
    """A reply instead of the page."""

    def __init__(self, reply: web.Response) -> None:
        super().__init__()
        self.reply = reply


async def _body(request: web.Request, most: int, *, within_s: float) -> bytes:
    """The request's body. Raises _Refused where it is longer, before it is read, or takes longer than it may."""
    try:
        async with asyncio.timeout(within_s):
            return await request.clone(client_max_size=most).read()
    except web.HTTPRequestEntityTooLarge:
        raise _Refused(refused(413, f"a request has at most {most} bytes here", "send less at once")) from None
    except TimeoutError:
        raise _Refused(refused(408, f"a request is sent within {within_s:g} s", "send it faster")) from None


def _certificate(request: web.Request) -> bytes | None:
    transport = request.transport
    tls = None if transport is None else transport.get_extra_info("ssl_object")
    return tls.getpeercert(binary_form=True) if isinstance(tls, ssl.SSLObject) else None


def _checkpoint_or_none(note: bytes | None) -> web.Response:
    return refused(404, "there is no checkpoint yet", "ask again later") if note is None else text(note)


def _rules_or_none(document: bytes | None) -> web.Response:
    if document is None:
        return refused(404, "the log names no such rules", "take the hash from one of its entries")
    return unchanging(document, content_type="application/json")


def _tile_or_none(path: str, visitor: Visitor | None, content: bytes | None) -> web.Response:
    if content is None:
        return refused(404, "the log has no such tile", "ask for tiles of the checkpoint's size")
    # Hashes cannot be packed, and nodes that mirror or recover a log read its entries as they are.
    is_packed = path.startswith(_ENTRIES) and visitor is not None and visitor.role is not VisitorRole.NODE
    return unchanging(content, is_packed=is_packed)


def _judged(judgement: Judgement) -> web.Response:
    return text(judgement.body, status=judgement.status, content_type=judgement.content_type)
