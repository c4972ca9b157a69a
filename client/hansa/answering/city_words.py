"""Each addressed city's verified word on a question, or what the coordinator claims of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

from hansa.answering.coverage import CityReport, Outcome
from hansa.errors import TrustError
from hansa_core.contract.level import Level
from hansa_core.league.members import Member
from hansa_core.partial.answer import DryRun, Refusal
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.description import Description
from hansa_wire.codec.progress import CityEvent

if TYPE_CHECKING:
    import pyarrow as pa

    from hansa_core.contract.contract import Contract
    from hansa_core.sql.statement import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRelease:
    """A city's protected partial, in `partial_schema`, with the level, version and times that the city signed.

    `unwitnessed_since`: no quorum of witnesses has cosigned its log since then. `coarser_tables`: that it publishes
    beside those that were read, in words.
    """

    level: Level
    data_version: int
    answered_at: datetime
    table: pa.Table
    unwitnessed_since: datetime | None = None
    coarser_tables: tuple[str, ...] = ()


WordT = TypeVar("WordT", bound=VerifiedRelease | Refusal | DryRun | Description)
Check = Callable[[Answered, Member], WordT]
"""Opens what a member gave. Raises TrustError for anything that is not the member's own word on the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CityWord(Generic[WordT]):
    """How a city ended, and what it signed; None if nothing of it holds. `proof`: that word as it came, to be kept."""

    report: CityReport
    word: WordT | None
    proof: Answered | None = None


class Verdicts(list[CityWord[DryRun]]):
    """What each city would do, by its name, with one query behind the other where the statement asks several.

    `parts`: the same, query by query. `notes`: sentences about clocks that are wrong, and about what it costs together.
    """

    def __init__(self, parts: Iterable[Iterable[CityWord[DryRun]]], notes: tuple[str, ...]) -> None:
        self.parts = tuple(tuple(part) for part in parts)
        super().__init__(word for part in self.parts for word in part)
        self.notes = notes


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRunAnswer:
    """What every addressed city would do with a statement.

    `contracts`: of each question in `asked`; `part_of`: of each the place of its query in `parts`, which has the
    verdicts by the city's name. `notes`: on clocks and costs.
    """

    asked: Statement
    contracts: tuple[Contract, ...]
    purpose: str
    parts: tuple[tuple[CityWord[DryRun], ...], ...]
    part_of: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def listed(self) -> Verdicts:
        """The verdicts as the SDK hands them out."""
        return Verdicts(self.parts, self.notes)


def city_word(event: CityEvent, member: Member, check: Check[WordT]) -> CityWord[WordT]:
    """The end of a city: what its own word proves, or else what the coordinator claims.

    A word that `check` does not let pass is thrown away, and the city is reported as untrusted.
    """
    if event.answer is None:
        return CityWord(report=_claimed(event), word=None)
    given = Answered(event.answer, event.receipt)
    try:
        word = check(given, member)
    except TrustError as broken:
        return CityWord(report=_untrusted(event, broken), word=None)
    except Exception as failure:  # noqa: BLE001  only that city chose its bytes, and the others' words stand
        unread = TrustError("malformed_answer", f"{member.city} gave what cannot be read: {type(failure).__name__}")
        return CityWord(report=_untrusted(event, unread), word=None)
    return CityWord(report=_proven(event, word), word=word, proof=given)


def _claimed(event: CityEvent) -> CityReport:
    return CityReport(
        city=event.city,
        state=Outcome(event.state.value),
        code=event.code,
        rule=event.detail,
        elapsed_ms=event.elapsed_ms,
    )


def _untrusted(event: CityEvent, broken: TrustError) -> CityReport:
    return CityReport(
        city=event.city, state=Outcome.UNTRUSTED, code=broken.code, rule=broken.text, elapsed_ms=event.elapsed_ms
    )


def _proven(event: CityEvent, word: VerifiedRelease | Refusal | DryRun | Description) -> CityReport:
    """The report that the city's own word supports, whatever the coordinator says."""
    level, version, refusal = None, None, None
    coarser: tuple[str, ...] = ()
    match word:
        case VerifiedRelease():
            level, version, coarser = word.level, word.data_version, word.coarser_tables
        case Refusal():
            refusal = word
        case DryRun():
            level, refusal = word.level, word.refusal
        case Description():
            pass
    return CityReport(
        city=event.city,
        state=Outcome.REFUSED if refusal else Outcome.ANSWERED,
        level=level,
        data_version=version,
        coarser_tables=coarser,
        code=refusal.code if refusal else "",
        rule=refusal.rule if refusal else "",
        remedy=refusal.remedy if refusal else "",
        proven=True,
        elapsed_ms=event.elapsed_ms,
    )
