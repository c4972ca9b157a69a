"""A session with its channel to the coordinator: sends signed questions and follows each to its answer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from hansa.answering.city_words import CityWord, DryRunAnswer, WordT
from hansa.answering.stage import OnStage, Stage, tell_nobody
from hansa.answering.verify import verify_description
from hansa.asking.follow import Gathering, OnProgress, Sendable, gather
from hansa.asking.session import AnalystSession
from hansa.asking.sign import SignedQuery
from hansa.errors import CoordinatorError
from hansa.evidence.evidence import ProvenAnswer
from hansa.question.options import AskOptions, check_deadline
from hansa_wire.codec.description import Description
from hansa_wire.codec.progress import CityEvent
from hansa_wire.rpc.clocks import HeardClock
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

    def ask(
        self,
        statement: str,
        options: AskOptions,
        on_progress: OnProgress | None = None,
        on_stage: OnStage | None = None,
    ) -> ProvenAnswer:
        """Ask every addressed city, and shape what they sign. Raises RefusedError, CoordinatorError."""
        tell = on_stage or tell_nobody
        asked = self.session.question(statement, options)
        heard = HeardClock()
        tell(Stage.ASKED)
        words = self._words_of_all(asked.parts, options.deadline_s, heard, on_progress)
        tell(Stage.ANSWERED)
        return self.session.answer(asked, words, self.session.ahead_s(heard), tell)

    def dry_run(self, statement: str, options: AskOptions, on_progress: OnProgress | None = None) -> DryRunAnswer:
        """Ask every addressed city what it would do; no data is touched. Raises as `ask`."""
        asked = self.session.dry_run(statement, options)
        heard = HeardClock()
        words = self._words_of_all(asked.parts, options.deadline_s, heard, on_progress)
        return asked.answer(words, self.session.ahead_s(heard))

    def published(self, deadline_s: float) -> list[CityWord[Description]]:
        """What every city says that it serves, by name. Raises CoordinatorError, ValueError for the deadline."""
        check_deadline(deadline_s)
        self.session.check_open()
        gathering = Gathering(self.session.roster.cities, self.session.roster, verify_description)
        return list(gather(self._descriptions(deadline_s), gathering).values())

    def _words_of_all(
        self,
        parts: Sequence[Sendable[WordT]],
        deadline_s: float,
        heard: HeardClock,
        on_progress: OnProgress | None,
    ) -> list[dict[str, CityWord[WordT]]]:
        """What was said to each query; several are sent at once, so that all of them have the whole deadline."""
        lock = Lock()

        def tell(event: CityEvent) -> None:
            with lock:
                if on_progress is not None:
                    on_progress(event)

        def follow(part: Sendable[WordT]) -> dict[str, CityWord[WordT]]:
            gathering = Gathering(part.cities, self.session.roster, part.verify)
            return self._words(part.signed, deadline_s, heard, gathering, tell)

        if len(parts) == 1:
            return [follow(parts[0])]
        with ThreadPoolExecutor(max_workers=len(parts)) as threads:
            return list(threads.map(follow, parts))

    def _words(
        self,
        signed: SignedQuery,
        deadline_s: float,
        heard: HeardClock,
        gathering: Gathering[WordT],
        on_progress: OnProgress | None,
    ) -> dict[str, CityWord[WordT]]:
        try:
            return gather(self._send(signed, deadline_s, heard), gathering, on_progress)
        except CoordinatorError as silent:
            raise self.session.with_clock(silent, heard) from silent

    def _send(self, signed: SignedQuery, deadline_s: float, heard: HeardClock) -> Generator[CityEvent, None, None]:
        yield from self._coordinator.ask(signed.envelope, self.session.credential, deadline_s=deadline_s, heard=heard)

    def _descriptions(self, deadline_s: float) -> Generator[CityEvent, None, None]:
        yield from self._coordinator.catalogue(deadline_s=deadline_s)
