"""The HTTP replies of the log service: what is sent with which type, and how a refusal reads."""

from __future__ import annotations

from aiohttp import web

_TEXT = "text/plain"
_FOR_EVER = "public, max-age=31536000, immutable"
_NOT_AT_ALL = "no-cache"


def text(content: bytes, *, status: int = 200, content_type: str = _TEXT) -> web.Response:
    """Text that may be other text tomorrow."""
    kind, _, _ = content_type.partition(";")
    headers = {"Cache-Control": _NOT_AT_ALL}
    return web.Response(body=content, status=status, content_type=kind, charset="utf-8", headers=headers)


def unchanging(
    content: bytes, *, is_packed: bool = False, content_type: str = "application/octet-stream"
) -> web.Response:
    """Bytes that stay what they are, such as a tile of a tree that only grows. `is_packed`: with gzip, if accepted."""
    headers = {"Cache-Control": _FOR_EVER}
    if is_packed:
        headers["Vary"] = "Accept-Encoding"
    response = web.Response(body=content, content_type=content_type, headers=headers)
    if is_packed:
        response.enable_compression()
    return response


def refused(status: int, rule: str, remedy: str) -> web.Response:
    """A refusal that names its rule and what would have passed."""
    return text(f"{rule}; {remedy}\n".encode(), status=status)
