"""Watches the connection to a city that listens, so that a city that is up again is asked again at once."""

from __future__ import annotations

from collections.abc import Callable, Collection

import grpc
import grpc.aio


async def watch_connection(city: str, channel: grpc.aio.Channel, came: Callable[[Collection[str]], None]) -> None:
    """Tell `came` of the city whenever its connection is made, until the channel is closed or this is cancelled.

    The connection is kept up while nobody asks, so that a city that went away is noticed, and dialled again.
    """
    while (state := channel.get_state(try_to_connect=True)) is not grpc.ChannelConnectivity.SHUTDOWN:
        if state is grpc.ChannelConnectivity.READY:
            came((city,))
        await channel.wait_for_state_change(state)
