"""Simulated nodes: one process that hosts many cities' gRPC servers, each on its own port with its own certificate.

Each answers NodeService's Ask with bytes that were made once, whatever it is asked: what is measured is who asks.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc.aio

from hansa_wire.rpc.node_rpc import NODE_SERVICE
from hansa_wire.rpc.server import listen, new_server
from hansa_wire.rpc.tls import server_credentials

ASK = f"/{NODE_SERVICE}/Ask"


async def _serve(hosted: Path) -> None:
    """`hosted`: JSON with the dialler's `ca_pem`, and of each node its `host`, `port`, `cert`, `key` and `answer`."""
    told = json.loads(hosted.read_text(encoding="utf-8"))
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    servers = []
    for node in told["nodes"]:
        server = new_server(max_concurrent_calls=64)
        handler: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(
            _saying(Path(node["answer"]).read_bytes())
        )
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(NODE_SERVICE, {"Ask": handler})])
        certificate, key = (Path(node[name]).read_bytes() for name in ("cert", "key"))
        listen(server, node["host"], node["port"], server_credentials(certificate, key, [told["ca_pem"].encode()]))
        await server.start()
        servers.append(server)
    print("ready", flush=True)
    await stopping.wait()
    await asyncio.gather(*(server.stop(0) for server in servers))


def _saying(answer: bytes) -> Callable[[bytes, Any], Awaitable[bytes]]:
    async def ask(_request: bytes, _context: Any) -> bytes:
        return answer

    return ask


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
