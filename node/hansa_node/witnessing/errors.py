"""The error of a log that its witnesses contradict."""

from __future__ import annotations

from hansa_core.errors import HansaError


class ForkError(HansaError):
    """The operator has to act: a witness cosigned a log that this store's does not begin or continue.

    Signing anything now would show two histories.
    """
