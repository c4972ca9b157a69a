"""A relay of bytes by gRPC alone: what any coordinator costs that asks all nodes and carries on each answer.

It checks, tells and remembers nothing; its channels, its server and its bound on calls at once are the coordinator's.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import grpc.aio

from hansa_local.coordinator_config import CoordinatorLimits
from hansa_wire.rpc.server import listen, new_server
from hansa_wire.rpc.tls import dial_aio, server_credentials
from simulated_nodes import ASK

RELAY_SERVICE = "bench.Relay"
RELAY = f"/{RELAY_SERVICE}/Ask"
_DEADLINE_S = 60.0


async def _serve(told: dict[str, Any]) -> None:
    """`told`: the relay's own `host`, `port`, `cert` and `key`, the `ca_pem` of who asks, and of each node its `host`,
    `port`, `ca_pem` and `server_name`."""
    cert_pem, key_pem = (Path(told[name]).read_bytes() for name in ("cert", "key"))
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    channels = [
        dial_aio(
            node["host"],
            node["port"],
            ca_pem=node["ca_pem"].encode(),
            server_name=node["server_name"],
            cert_pem=cert_pem,
            key_pem=key_pem,
        )
        for node in told["nodes"]
    ]
    calls: list[grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]] = [channel.unary_unary(ASK) for channel in channels]

    async def relay(request: bytes, context: Any) -> None:
        turns = asyncio.Semaphore(CoordinatorLimits().max_concurrency)

        async def ask(call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]) -> bytes:
            async with turns:
                return await call(request, timeout=_DEADLINE_S)

        for answered in asyncio.as_completed([ask(call) for call in calls]):
            await context.write(await answered)

    server = new_server(max_concurrent_calls=64)
    handler: Any = grpc.unary_stream_rpc_method_handler(relay)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(RELAY_SERVICE, {"Ask": handler})])
    listen(server, told["host"], told["port"], server_credentials(cert_pem, key_pem, [told["ca_pem"].encode()]))
    await server.start()
    print("ready", flush=True)
    await stopping.wait()
    await server.stop(0)
    for channel in channels:
        await channel.close()


if __name__ == "__main__":
    asyncio.run(_serve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
