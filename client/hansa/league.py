"""A league that can be asked: questions in SQL or built step by step, dry runs, and what its cities serve."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

from hansa.answer import Answer
from hansa.answering.city_words import CityWord, Verdicts
from hansa.answering.stage import OnStage
from hansa.asking.follow import OnProgress
from hansa.asking.league_connection import LeagueConnection
from hansa.catalogue import Catalogue, Dataset
from hansa.question.options import DEFAULT_DEADLINE_S, AskKeywords, AskOptions, refuse_others, with_options
from hansa.tracebacks import short_traceback
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.league.roster import Roster
from hansa_wire.codec.description import Description

if TYPE_CHECKING:
    from hansa.table import Table
    from hansa.view.explanation import Explanation


class League:
    """The cities, contracts and keys of one profile. Use `hansa.connect` to make one; close it when done."""

    def __init__(self, connection: LeagueConnection) -> None:
        self._connection = connection
        self._catalogue = Catalogue(connection.session.contracts, connection.session.roster)

    @property
    def roster(self) -> Roster:
        """The members, as the governors signed them."""
        return self._connection.session.roster

    @property
    def contracts(self) -> Mapping[ContractId, Contract]:
        """The league's contracts by id, as the governors signed them."""
        return self._connection.session.contracts

    @property
    def catalogue(self) -> Catalogue:
        """What can be asked about, dataset by dataset; no city is asked. See `published` for what each one serves."""
        return self._catalogue

    def close(self) -> None:
        """Close the channel to the coordinator; the league cannot be asked any more."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<League {self._connection.session!r}>"

    @short_traceback
    def table(self, dataset: str | Dataset) -> Table:
        """A question about a dataset, to be built step by step: `league.table("housing.permits").where(…)`.

        Raises RefusedError for a dataset that is not in the catalogue.
        """
        from hansa.table import Table

        return Table.over(self.catalogue, dataset, self._connection)

    @short_traceback
    @with_options
    def sql(
        self,
        statement: str,
        *,
        on_progress: OnProgress | None = None,
        on_stage: OnStage | None = None,
        **options: Unpack[AskKeywords],
    ) -> Answer:
        """Ask every addressed city and merge what they sign.

        `options`: `purpose`, `min_cities`, `partial`, `tables`, `deadline_s`, `level`, `epsilon`, as `AskOptions` says.
        `on_progress`: told of each city's steps as the coordinator claims them. `on_stage`: told how far the question
        is: `asked`, `answered`, `merging`, `shaping`.

        Raises RefusedError if the question breaks a rule that needs no city to tell, CoordinatorError if nobody was
        heard, TypeError for an option that there is not. A city that refuses, is late or is not trusted raises nothing:
        it stands in `Answer.cities`.
        """
        return Answer.of(self._connection.ask(statement, AskOptions.from_keywords(options), on_progress, on_stage))

    @short_traceback
    @with_options
    def dry_run(
        self, statement: str, *, on_progress: OnProgress | None = None, **options: Unpack[AskKeywords]
    ) -> Verdicts:
        """What every addressed city would do with the question, by name; no data is touched. Raises as `sql` does.

        `notes` of the list tell of clocks that are wrong.
        """
        answer = self._connection.dry_run(statement, AskOptions.from_keywords(options), on_progress)
        return answer.listed

    @short_traceback
    @with_options
    def explain(self, statement: str, **options: Unpack[AskKeywords]) -> Explanation:
        """What `sql` would ask and compute where, and from which table each city would answer: by a dry run.

        Raises as `sql` does.
        """
        from hansa.view.explain import explain_dry_run

        return explain_dry_run(self._connection.dry_run(statement, AskOptions.from_keywords(options)))

    @short_traceback
    def published(self, *, deadline_s: float = DEFAULT_DEADLINE_S, **others: object) -> list[CityWord[Description]]:
        """What every city says that it serves, by name: datasets, levels, versions, published tables.

        Raises CoordinatorError if nobody was heard.
        """
        refuse_others(others, ["deadline_s"])
        return self._connection.published(deadline_s)
