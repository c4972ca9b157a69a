"""Channels to the nodes that listen: made, watched and closed as the roster in force has them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import grpc
import grpc.aio

from hansa_core.league.roster import Member
from hansa_local.peer_clocks import PeerClocks
from hansa_wire.rpc.background import BackgroundTasks
from hansa_wire.rpc.node_rpc import NodeClient
from hansa_wire.rpc.tls import dial_aio


@dataclass(frozen=True, slots=True)
class _Dialled:
    member: Member
    channel: grpc.aio.Channel
    client: NodeClient
    watching: asyncio.Task[None]

    def leads_to(self, member: Member) -> bool:
        """Whether the channel is the one that `member` would be dialled on: same address, same TLS identity."""
        return _where(self.member) == _where(member)


class Nodes:
    """The nodes that are dialled, with the coordinator's own certificate.

    `came`: told of a city whenever a connection to its node is made. `grace_s`: how long the calls that are under way
    on a channel may go on once its node has left the roster. `clocks`: hears those of the nodes.
    """

    def __init__(
        self,
        *,
        cert_pem: bytes,
        key_pem: bytes,
        came: Callable[[Collection[str]], None],
        grace_s: float,
        clocks: PeerClocks,
    ) -> None:
        self._clocks = clocks
        self._cert_pem = cert_pem
        self._key_pem = key_pem
        self._came = came
        self._grace_s = grace_s
        self._dialled: dict[str, _Dialled] = {}
        self._tasks = BackgroundTasks("channel to a node")

    @property
    def clients(self) -> Mapping[str, NodeClient]:
        """The client of each city that is dialled."""
        return {city: dialled.client for city, dialled in self._dialled.items()}

    @property
    def connected(self) -> frozenset[str]:
        """The cities to whose nodes a connection stands at this moment."""
        ready = grpc.ChannelConnectivity.READY
        return frozenset(city for city, dialled in self._dialled.items() if dialled.channel.get_state() is ready)

    def follow(self, members: Sequence[Member]) -> None:
        """Dial those of `members` that listen: new and changed ones anew; hang up on others after their calls end."""
        listening = {member.city: member for member in members if member.host is not None}
        for city, dialled in tuple(self._dialled.items()):
            if city not in listening or not dialled.leads_to(listening[city]):
                del self._dialled[city]
                self._tasks.start(self._close(dialled, self._grace_s))
        for city, member in listening.items():
            if city not in self._dialled:
                self._dialled[city] = self._dial(member)

    async def close(self) -> None:
        """Hang up at once."""
        await self._tasks.close()
        for dialled in self._dialled.values():
            await dialled.channel.close()
        self._dialled.clear()

    async def _close(self, dialled: _Dialled, grace_s: float) -> None:
        dialled.watching.cancel()
        await asyncio.gather(dialled.watching, return_exceptions=True)
        await dialled.channel.close(grace_s)

    def _dial(self, member: Member) -> _Dialled:
        assert member.host is not None
        assert member.port is not None
        channel = dial_aio(
            member.host,
            member.port,
            ca_pem=member.ca_pem,
            server_name=member.server_name,
            cert_pem=self._cert_pem,
            key_pem=self._key_pem,
        )
        client = NodeClient(channel, f"the node of {member.city}", self._clocks)
        return _Dialled(member, channel, client, self._tasks.start(self._watch(member.city, channel)))

    async def _watch(self, city: str, channel: grpc.aio.Channel) -> None:
        """Tell of the city whenever its connection is made: one that is up again is asked again at once.

        The connection is kept up while nobody asks, so that a city that went away is noticed, and dialled again.
        """
        while (state := channel.get_state(try_to_connect=True)) is not grpc.ChannelConnectivity.SHUTDOWN:
            if state is grpc.ChannelConnectivity.READY:
                self._came((city,))
            await channel.wait_for_state_change(state)


def _where(member: Member) -> tuple[object, ...]:
    return member.host, member.port, member.server_name, member.ca_pem, member.tls_spki
