"""A session with its channel to the coordinator: sends signed questions and follows each to its answer."""

from __future__ import annotations

from collections.abc import Callable, Generator

from hansa.answering.city_words import CityWord, DryRunAnswer
from hansa.answering.verify import verify_description
from hansa.asking.follow import Gathering, OnProgress, gather
from hansa.asking.session import AnalystSession
from hansa.asking.sign import SignedQuery
from hansa.evidence.evidence import ProvenAnswer
from hansa.question.options import AskOptions, check_deadline
from hansa_wire.codec.description import Description
from hansa_wire.codec.progress import CityEvent
from hansa_wire.rpc.coordinator_rpc import CoordinatorClient


class LeagueConnection:
    """Asks in the calling thread; several threads may ask at once."""

    def __init__(
        self, session: AnalystSession, coordinator: CoordinatorClient, close_channel: Callable[[], None]
    ) -> None:
        self.session = session
        self._coordinator = coordinator
        self._close_channel = close_channel

    def close(self) -> None:
        """Close the channel; nothing can be asked any more."""
        self._close_channel()
        self.session.close()

    def ask(self, statement: str, options: AskOptions, on_progress: OnProgress | None = None) -> ProvenAnswer:
        """Ask every addressed city, and shape what they sign. Raises RefusedError, CoordinatorError."""
        asked = self.session.question(statement, options)
        gathering = Gathering(asked.question.cities, self.session.roster, asked.verify)
        words = gather(self._send(asked.signed, options.deadline_s), gathering, on_progress)
        return self.session.answer(asked, words)

    def dry_run(self, statement: str, options: AskOptions, on_progress: OnProgress | None = None) -> DryRunAnswer:
        """Ask every addressed city what it would do; no data is touched. Raises as `ask`."""
        asked = self.session.dry_run(statement, options)
        gathering = Gathering(asked.cities, self.session.roster, asked.verify)
        return asked.answer(gather(self._send(asked.signed, options.deadline_s), gathering, on_progress))

    def published(self, deadline_s: float) -> list[CityWord[Description]]:
        """What every city says that it serves, by name. Raises CoordinatorError, ValueError for the deadline."""
        check_deadline(deadline_s)
        self.session.check_open()
        gathering = Gathering(self.session.roster.cities, self.session.roster, verify_description)
        return list(gather(self._descriptions(deadline_s), gathering).values())

    def _send(self, signed: SignedQuery, deadline_s: float) -> Generator[CityEvent, None, None]:
        yield from self._coordinator.ask(signed.envelope, self.session.credential, deadline_s=deadline_s)

    def _descriptions(self, deadline_s: float) -> Generator[CityEvent, None, None]:
        yield from self._coordinator.catalogue(deadline_s=deadline_s)
