"""A gRPC server of the league: bound to one port, alone on it, with health and reflection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import grpc
import grpc.aio

from hansa_core.errors import ConfigError
from hansa_wire.rpc.options import SERVER_OPTIONS
from hansa_wire.rpc.share import Share, SharedServer


class Health(Protocol):
    """The health board of a server."""

    async def enter_graceful_shutdown(self) -> None:
        """Show every service as not serving, for ever."""


def new_server(
    *, max_concurrent_calls: int, max_connections: int = 1024, max_calls_of_one: int | None = None
) -> grpc.aio.Server:
    """A server without a port. Calls beyond `max_concurrent_calls`, or beyond what one caller may have under way, end
    at once with RESOURCE_EXHAUSTED; a connection beyond `max_connections` is closed at once."""
    options = (*SERVER_OPTIONS, ("grpc.max_allowed_incoming_connections", max_connections))
    server = grpc.aio.server(options=options, maximum_concurrent_rpcs=max_concurrent_calls)
    return server if max_calls_of_one is None else SharedServer(server, Share(max_calls_of_one))


def listen(server: grpc.aio.Server, host: str, port: int, credentials: grpc.ServerCredentials) -> int:
    """Bind `server`; the port, which the system chooses where `port` is 0. Raises ConfigError if it is not free."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        bound = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise ConfigError(
            f"listen: cannot bind {address}; the address must be this machine's and the port free: "
            "stop the other program or choose another port"
        ) from error
    return int(bound)


async def add_health_and_reflection(server: grpc.aio.Server, services: Sequence[str]) -> Health:
    """Serve grpc.health.v1 and server reflection for `services` (full names); all are shown as serving.

    Both come with the extras `node` and `coordinator`; an analyst's install lacks them.
    """
    from grpc_health.v1 import health, health_pb2, health_pb2_grpc
    from grpc_reflection.v1alpha import reflection

    board = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(board, server)
    for service in ("", *services):
        await board.set(service, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection((*services, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    shown: Health = board
    return shown
