"""The errors of Hansa, sorted by who has to act."""

from __future__ import annotations

from dataclasses import dataclass


class HansaError(Exception):
    """Any error that Hansa raises on purpose."""


@dataclass(eq=False)
class RefusedError(HansaError):
    """The asker has to act: the question breaks a rule. Every field is public and never carries a value of the data.

    `code`: stable, snake_case, e.g. `unknown_column`. `rule`: what is demanded. `remedy`: what would have passed.
    `field`: the part of the question or document that breaks the rule, e.g. `where` or `aggregates[1].column`.
    """

    code: str
    rule: str
    remedy: str
    field: str = ""

    def __str__(self) -> str:
        where = f" ({self.field})" if self.field else ""
        return f"{self.code}{where}: {self.rule}; {self.remedy}"


@dataclass(eq=False)
class BusyError(HansaError):
    """The asker has to come back later: as many calls as are admitted at once are under way.

    `retry_after_s`: above 0.
    """

    retry_after_s: float

    def __str__(self) -> str:
        return f"busy: as many calls as are admitted at once are under way; try again in {self.retry_after_s:g} s"


class PeerError(HansaError):
    """The other side broke the protocol: a malformed message, a bad signature, a wrong certificate."""


class ConfigError(HansaError):
    """The operator has to act: a file of theirs is wrong; the text names file, field, rule and remedy."""


class StoreCorruptError(HansaError):
    """The operator has to act: durable state contradicts itself. Stop; never repair in passing."""
