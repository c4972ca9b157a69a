"""Connecting to the league of an analyst's profile."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict

from hansa.asking.async_league_connection import AsyncLeagueConnection
from hansa.asking.connect import open_session
from hansa.asking.league_connection import LeagueConnection
from hansa.async_league import AsyncLeague
from hansa.league import League
from hansa.tracebacks import short_traceback
from hansa_wire.rpc.coordinator_rpc import AsyncCoordinatorClient, CoordinatorClient
from hansa_wire.rpc.tls import dial_aio, dial_sync


@short_traceback
def connect(profile: str | os.PathLike[str] | None = None) -> League:
    """The league of a profile: the file given, or the one that $HANSA_PROFILE names.

    Nothing is dialled before the first question. Raises ConfigError if a file of the analyst's is wrong, TrustError if
    roster or contracts are not what the governors signed.
    """
    session, address = open_session(profile)
    channel = dial_sync(**asdict(address))
    return League(LeagueConnection(session, CoordinatorClient(channel), channel.close))


@short_traceback
async def connect_async(profile: str | os.PathLike[str] | None = None) -> AsyncLeague:
    """As `connect`, for asyncio: the league can be asked in the loop that runs here."""
    session, address = await asyncio.to_thread(open_session, profile)
    channel = dial_aio(**asdict(address))
    return AsyncLeague(AsyncLeagueConnection(session, AsyncCoordinatorClient(channel), channel.close))
