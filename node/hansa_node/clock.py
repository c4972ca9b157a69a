"""Where do a node's time and randomness come from? Handed in everywhere else, so that tests choose them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

from hansa_core.plan.query import NONCE_BYTES

Clock = Callable[[], datetime]
"""Naive UTC in whole seconds."""

NonceSource = Callable[[], bytes]
"""16 fresh bytes at each call."""


def fresh_nonce() -> bytes:
    """16 bytes from the operating system."""
    return secrets.token_bytes(NONCE_BYTES)
