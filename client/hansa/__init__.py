"""Ask one question of many cities: `hansa.connect(profile).sql("SELECT …")`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hansa.answer import Answer
    from hansa.connection import connect
    from hansa.errors import ConfigError, CoordinatorError, HansaError, PeerError, RefusedError, TrustError
    from hansa.league_client import League

__all__ = [
    "Answer",
    "ConfigError",
    "CoordinatorError",
    "HansaError",
    "League",
    "PeerError",
    "RefusedError",
    "TrustError",
    "connect",
]

_ERRORS = "hansa.errors"
_HOMES = {
    "Answer": "hansa.answer",
    "League": "hansa.league_client",
    "connect": "hansa.connection",
    **{name: _ERRORS for name in __all__ if name.endswith("Error")},
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: `import hansa` alone loads neither gRPC nor Arrow."""
    if name not in _HOMES:
        raise AttributeError(f"module 'hansa' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
