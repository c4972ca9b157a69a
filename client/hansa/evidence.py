"""What an analyst keeps of a question, so that its table can be derived and proven again years later."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hansa_core.query.plan import ContractId
from hansa_core.trust.dsse import Envelope
from hansa_wire.answered import Answered

if TYPE_CHECKING:
    from hansa.ask import CityWord, SignedQuery


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LeaguePapers:
    """The league's documents, byte for byte as the governors signed them.

    `roster`: the file `roster.json`. `contracts`: each contract's file; the roster has its hash.
    """

    roster: bytes
    contracts: Mapping[ContractId, bytes]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Evidence:
    """Everything that a table follows from. Nothing in it is to be believed before `replay` has checked it.

    `account`: what the analyst says to have asked (`hansa.account`), signed. `query`, `credential`: as they were sent.
    `answers`: what each city gave whose word was proven, by name.
    """

    account: Envelope
    query: Envelope
    credential: Envelope
    papers: LeaguePapers
    answers: Mapping[str, Answered]

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write it into a new or an empty folder that only its owner can enter. Raises ConfigError."""
        from hansa.evidence_folder import write_evidence

        write_evidence(self, Path(folder))


def evidence_of(
    words: Mapping[str, CityWord[Any]],
    account: Envelope,
    signed: SignedQuery,
    credential: Envelope,
    papers: LeaguePapers,
) -> Evidence:
    """What is to be kept of a question: of `words` what each city proved, byte for byte."""
    answers = {city: word.proof for city, word in words.items() if word.proof is not None}
    return Evidence(account=account, query=signed.envelope, credential=credential, papers=papers, answers=answers)
