"""An attacker: an analyst of the league who may ask anything that can be said, and reads every byte of the answer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import hansa
from hansa_core.errors import HansaError
from hansa_core.partial.answer import Refusal, Release
from hansa_wire.codec.answer_codec import decode_answer
from hansa_wire.codec.answered import Answered

_TRIES = 20
_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackReply:
    """What came of a question.

    `rows`: the merged table, empty where nobody answered. `codes`: why each city did not.
    """

    rows: tuple[Mapping[str, Any], ...]
    codes: Mapping[str, str]
    given: tuple[Answered, ...] = ()

    @property
    def is_answered(self) -> bool:
        """Whether every city answered; its figures may still be suppressed."""
        return not self.codes

    def releases(self) -> Iterator[Release]:
        """Each city's release, with the bytes of its Arrow stream."""
        for one in self.given:
            outcome = decode_answer(one.envelope.payload).outcome
            if isinstance(outcome, Release):
                yield outcome

    def refusals(self) -> Iterator[Refusal]:
        """Each city's signed refusal."""
        for one in self.given:
            outcome = decode_answer(one.envelope.payload).outcome
            if isinstance(outcome, Refusal):
                yield outcome

    def figures(self, key: str, figure: str) -> dict[Any, Any]:
        """A column of figures by a column of keys; a figure that is withheld is None."""
        return {row[key]: row[figure] for row in self.rows}

    def figure(self, name: str) -> Any:
        """The figure of an answer of one row; None where it is withheld, or nobody answered."""
        return self.rows[0][name] if self.rows else None


class Attacker:
    """Asks through the SDK, over mutual TLS, with an analyst's own credential. `asked`: how many questions so far."""

    def __init__(self, league: hansa.League) -> None:
        self._league = league
        self.asked = 0

    def ask_until_reached(self, statement: str) -> AttackReply:
        """Ask again while a city neither answers nor refuses: whoever reads a whole publication is patient."""
        for _ in range(_TRIES):
            reply = self.ask(statement)
            if reply.is_answered or any(reply.refusals()):
                break
            time.sleep(_PAUSE_S)
        return reply

    def ask(self, statement: str, *, partial: bool = False) -> AttackReply:
        """Ask every city that the statement addresses. Whatever fails is a reply too."""
        self.asked += 1
        try:
            answer = self._league.sql(statement, partial=partial)
        except HansaError as failure:
            return AttackReply(rows=(), codes={"": getattr(failure, "code", type(failure).__name__)})
        codes = {report.city: report.code or report.state.value for report in answer.cities if report.level is None}
        given = tuple(one for query in answer.evidence.queries for one in query.answers.values())
        return AttackReply(rows=tuple(answer.table_rows), codes=codes, given=given)
