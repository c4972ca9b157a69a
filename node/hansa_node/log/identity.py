"""The identity of a log: its city and origin, the signer of its checkpoints, and the salts of its openings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hansa_core.league.members import Member
from hansa_core.tlog.note import ED25519, NoteSigner, VerifierKey
from hansa_node import __version__
from hansa_node.clock import NonceSource, fresh_nonce


@dataclass(frozen=True, kw_only=True)
class LogIdentity:
    """`city` and `software` stand in every entry; `origin` names the log, and the key with which `signer` signs.

    `fresh_salt`: 16 fresh bytes at each call.
    """

    city: str
    origin: str
    signer: NoteSigner
    software: str
    fresh_salt: NonceSource

    @cached_property
    def vkey(self) -> VerifierKey:
        """What others check a checkpoint with."""
        return VerifierKey(self.origin, ED25519, self.signer.public_key)


def log_identity(member: Member, signer: NoteSigner) -> LogIdentity:
    """The identity of this node's log. `member`: its city in the roster. `signer`: with the log key."""
    return LogIdentity(
        city=member.city, origin=member.log_origin, signer=signer, software=__version__, fresh_salt=fresh_nonce
    )
