"""Recovery of the log of a lost or restored store from the cities that mirrored it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import aiohttp

from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.entry import Entry, decode_entry
from hansa_core.evidence.log_entries import NodeRecovered
from hansa_core.evidence.rule_entries import BudgetCreated
from hansa_core.league.witnesses import quorum_of, witnesses_of
from hansa_core.tlog.checkpoint import Checkpoint, open_checkpoint
from hansa_core.tlog.merkle import leaf_hash, root_of_leaves
from hansa_core.tlog.tiles import TILE_WIDTH, bundle_limit, decode_bundle, tile_at
from hansa_local.clock import utc_now
from hansa_local.trust_anchor import load_roster
from hansa_node.app.config import NodeConfig
from hansa_node.app.identity import member_of, read_identity
from hansa_node.clock import Clock
from hansa_node.log.identity import log_identity
from hansa_node.log.own_log import OwnLog
from hansa_node.node_store import NodeStore
from hansa_node.witnessing.peer import WitnessPeer

log = logging.getLogger(__name__)

_UNREACHED = (ConnectionError, TimeoutError, PeerError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What came back: the log's size before and after. `exhausted`: ledgers in which nothing is left."""

    from_size: int
    to_size: int
    exhausted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Mirror:
    """What one peer holds of this log, signed by this log's own key."""

    peer: WitnessPeer
    note: bytes
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class _Unheard:
    """A peer that said nothing that counts, and why."""

    city: str
    reason: str


async def recover(own_log: OwnLog, peers: Sequence[WitnessPeer], *, enough: int, clock: Clock) -> Recovered | None:
    """Bring the log up to the largest state that a peer mirrored; None where nothing is missing.

    `enough`: how many peers have to be heard, so that one of any quorum is among them. Raises ConfigError where too few
    are, or where what they hold does not continue this log.
    """
    said = await asyncio.gather(*(_held_by(peer, own_log) for peer in peers))
    unheard = [each for each in said if isinstance(each, _Unheard)]
    mirrors = [each for each in said if isinstance(each, _Mirror)]
    heard = len(said) - len(unheard)
    if heard < enough:
        reasons = "; ".join(f"{each.city}: {each.reason}" for each in unheard)
        raise ConfigError(
            f"{heard} of {len(peers)} witnesses were heard, and {enough} are needed to know the newest state"
            f" ({reasons}); try again when more are up"
        )
    for each in unheard:
        log.warning("mirror not heard", extra={"city": each.city, "reason": each.reason})
    size = own_log.size
    largest = max((mirror.checkpoint.size for mirror in mirrors), default=0)
    if largest <= size:
        return None
    newest, leaves = await _entries_at(largest, mirrors, own_log.identity.city)
    _check_continues(own_log, leaves, newest)
    exhausted = _ledgers_in(decode_entry(leaf) for leaf in leaves)
    own_log.replay(leaves[size:], newest.note)
    own_log.append(NodeRecovered(from_size=size, to_size=len(leaves), exhausted=exhausted), now=clock())
    return Recovered(from_size=size, to_size=len(leaves), exhausted=exhausted)


async def _held_by(peer: WitnessPeer, own_log: OwnLog) -> _Mirror | _Unheard | None:
    """What the peer holds of this log; None where that is nothing. Whatever it says else is its own failure."""
    city = peer.member.city
    try:
        reply = await peer.get(f"/mirror/{own_log.identity.city}/newest")
        if reply.status == 404:
            return None
        if reply.status != 200:
            return _Unheard(city, f"answers with {reply.status}")
        return _Mirror(peer, reply.body, open_checkpoint(reply.body, own_log.identity.vkey))
    except _UNREACHED as failure:
        return _Unheard(city, str(failure) or type(failure).__name__)
    except Exception as failure:  # noqa: BLE001  whatever one mirror gives, the others are heard
        return _Unheard(city, type(failure).__name__)


async def _entries_at(size: int, mirrors: Sequence[_Mirror], city: str) -> tuple[_Mirror, list[bytes]]:
    """The entries that make what this log signed at `size`, and who had them: a mirror that lies stops no other one.

    Raises ConfigError where none has them.
    """
    said: list[str] = []
    for mirror in mirrors:
        if mirror.checkpoint.size == size:
            try:
                return mirror, await _entries_of(mirror, city)
            except ConfigError as wrong:
                said.append(str(wrong))
    raise ConfigError("; ".join(said))


async def _entries_of(mirror: _Mirror, city: str) -> list[bytes]:
    """Raises ConfigError where they are not those of the mirror's checkpoint."""
    leaves: list[bytes] = []
    size = mirror.checkpoint.size
    for number in range(-(-size // TILE_WIDTH)):
        tile = tile_at(0, number, size)
        try:
            reply = await mirror.peer.get(f"/mirror/{city}/{tile.entries_path}", bundle_limit(tile))
            if reply.status != 200:
                raise PeerError(f"{tile.entries_path} is answered with {reply.status}")
            leaves += decode_bundle(reply.body, tile.width)
        except Exception as failure:  # noqa: BLE001  whatever one mirror gives, the next one is asked
            reason = str(failure) if isinstance(failure, _UNREACHED) else ""
            raise ConfigError(
                f"the mirror at {mirror.peer.member.city} breaks off: {reason or type(failure).__name__}; try again"
            ) from None
    if root_of_leaves([leaf_hash(leaf) for leaf in leaves]) != mirror.checkpoint.root:
        raise ConfigError(
            f"the entries at {mirror.peer.member.city} are not those of the checkpoint that they come with;"
            " ask its operator"
        )
    return leaves


def _check_continues(own_log: OwnLog, leaves: Sequence[bytes], mirror: _Mirror) -> None:
    """Raise ConfigError unless the mirrored entries begin with those of this store."""
    where = mirror.peer.member.city
    if own_log.tree.entries(0, own_log.size) != list(leaves[: own_log.size]):
        raise ConfigError(
            f"this store's log is no beginning of the one that {where} mirrored: it was written after the backup was"
            " made; put the backup back, or move the store away, and recover again"
        )


def _ledgers_in(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Every ledger: a charge is durable before its entry, and those that were open when the store was lost are gone."""
    return tuple(sorted({entry.body.ledger for entry in entries if isinstance(entry.body, BudgetCreated)}))


async def recover_node(config: NodeConfig) -> str:
    """Recover the log of the node that `config` describes, which must not run; what to tell the operator.

    Raises ConfigError, StoreCorruptError or StoreUnavailableError.
    """
    roster = load_roster(config, utc_now())
    member = member_of(roster, config)
    store = NodeStore.open(config.store, log_identity(member, read_identity(config, member).log_signer))
    try:
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            tls, witnesses = config.tls, witnesses_of(roster, config.city)
            peers = [WitnessPeer(witness, session, certificate=tls.certificate, key=tls.key) for witness in witnesses]
            enough = len(peers) - quorum_of(roster, config.city) + 1
            recovered = await recover(store.log, peers, enough=enough, clock=utc_now)
            size = store.log.size
    finally:
        store.close()
    if recovered is None:
        return (
            f"nothing to recover: no peer mirrors more than the {size} entries that are here; if `serve` still says"
            " that a witness cosigned more, those are lost, and the governors have to give the city a new log key"
        )
    exhausted = ", ".join(recovered.exhausted) or "none"
    return f"the log went from {recovered.from_size} to {recovered.to_size} entries; exhausted ledgers: {exhausted}"
