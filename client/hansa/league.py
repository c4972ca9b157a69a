"""A league that can be asked: from a question to a verified, merged and shaped answer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from hansa.answer import Answer
from hansa.asking.follow import CityWord, OnProgress, SignedQuery, gather
from hansa.asking.session import DEFAULT_DEADLINE_S, NO_TABLES, Asker, checked_deadline
from hansa.catalogue import Catalogue, Dataset
from hansa_core.contract.contract import Contract
from hansa_core.league.roster import Roster
from hansa_core.partial.answer import DryRun
from hansa_core.plan.plan import ContractId
from hansa_wire.codec.description import Description
from hansa_wire.codec.progress import CityEvent
from hansa_wire.rpc.coordinator_rpc import CoordinatorClient

if TYPE_CHECKING:
    from hansa.table import Table
    from hansa.view.explanation import Explanation


class League:
    """The cities, contracts and keys of one profile. Use `hansa.connect` to make one; close it when done."""

    def __init__(self, asker: Asker, coordinator: CoordinatorClient, close: Callable[[], None]) -> None:
        self._asker = asker
        self._coordinator = coordinator
        self._hang_up = close

    @property
    def roster(self) -> Roster:
        """The members, as the governors signed them."""
        return self._asker.roster

    @property
    def contracts(self) -> Mapping[ContractId, Contract]:
        """The league's contracts by id, as the governors signed them."""
        return self._asker.contracts

    @property
    def catalogue(self) -> Catalogue:
        """What can be asked about, dataset by dataset; no city is asked. See `published` for what each one serves."""
        return self._asker.catalogue

    def close(self) -> None:
        """Hang up; the league cannot be asked any more."""
        self._hang_up()
        self._asker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<League {self._asker!r}>"

    def table(self, dataset: str | Dataset) -> Table:
        """A question about a dataset, to be built step by step: `league.table("housing.permits").where(…)`.

        Raises RefusedError for a dataset that is not in the catalogue.
        """
        from hansa.table import Table

        return Table.over(self._asker, dataset, league=self)

    def sql(
        self,
        statement: str,
        *,
        purpose: str | None = None,
        min_cities: int | None = None,
        partial: bool = False,
        tables: Mapping[str, object] = NO_TABLES,
        deadline_s: float = DEFAULT_DEADLINE_S,
        on_progress: OnProgress | None = None,
    ) -> Answer:
        """Ask every addressed city and merge what they sign.

        `purpose`: by default the profile's. `min_cities`: how many have to answer for `Answer.exit_code` 0; by default
        all addressed ones, with `partial` one. `partial`: show a value that lacks a city over the others, marked,
        instead of withholding it. `tables`: the analyst's own, by the name that the statement joins them under: frames,
        Arrow tables, or paths of Parquet or CSV files; they never leave this process. `on_progress`: told of each
        city's steps as the coordinator claims them.

        Raises RefusedError if the question breaks a rule that needs no city to tell, CoordinatorError if nobody was
        heard. A city that refuses, is late or is not trusted raises nothing: it stands in `Answer.cities`.
        """
        question = self._asker.question(
            statement,
            tables=tables,
            purpose=purpose,
            min_cities=min_cities,
            partial=partial,
            deadline_s=deadline_s,
        )
        gather(self._ask(question.signed, deadline_s), question.gathering, on_progress)
        return question.shape(self._asker.engine)

    def dry_run(
        self,
        statement: str,
        *,
        purpose: str | None = None,
        tables: Mapping[str, object] = NO_TABLES,
        deadline_s: float = DEFAULT_DEADLINE_S,
        on_progress: OnProgress | None = None,
    ) -> list[CityWord[DryRun]]:
        """What every addressed city would do with the question, by name; no data is touched. Raises as `sql` does."""
        rehearsal = self._asker.rehearsal(statement, tables=tables, purpose=purpose, deadline_s=deadline_s)
        gather(self._ask(rehearsal.signed, deadline_s), rehearsal.gathering, on_progress)
        return rehearsal.verdicts

    def explain(
        self,
        statement: str,
        *,
        purpose: str | None = None,
        tables: Mapping[str, object] = NO_TABLES,
        deadline_s: float = DEFAULT_DEADLINE_S,
    ) -> Explanation:
        """What `sql` would ask and compute where, and from which table each city would answer: by a dry run.

        Raises as `sql` does.
        """
        rehearsal = self._asker.rehearsal(statement, tables=tables, purpose=purpose, deadline_s=deadline_s)
        gather(self._ask(rehearsal.signed, deadline_s), rehearsal.gathering)
        return rehearsal.explain()

    def published(self, *, deadline_s: float = DEFAULT_DEADLINE_S) -> list[CityWord[Description]]:
        """What every city says that it serves, by name: datasets, levels, versions, published tables.

        Raises CoordinatorError if nobody was heard.
        """

        def events() -> Generator[CityEvent, None, None]:
            yield from self._coordinator.catalogue(deadline_s=checked_deadline(deadline_s))

        return list(gather(events(), self._asker.enquiry()).values())

    def _ask(self, signed: SignedQuery, deadline_s: float) -> Generator[CityEvent, None, None]:
        yield from self._coordinator.ask(signed.envelope, self._asker.credential, deadline_s=deadline_s)
