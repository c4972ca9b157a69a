"""A node's sources of time and randomness. They are passed in everywhere else, so that tests choose them."""

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
