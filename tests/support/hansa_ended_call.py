"""The end of a gRPC call, as a client sees it."""

from __future__ import annotations

import grpc

from hansa_wire.rpc.status import Status


class Ended:
    """A call that ended with a status."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def code(self) -> grpc.StatusCode:
        return self._status.code

    def details(self) -> str:
        return self._status.text

    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...]:
        return self._status.metadata
