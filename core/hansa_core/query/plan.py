"""What a question may compute: source, filter, keys and aggregates, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from hansa_core.query.expression import Expression
from hansa_core.query.limits import MAX_NAME_LENGTH

_CONTRACT_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


@dataclass(frozen=True, slots=True, order=True)
class ContractId:
    """A contract's name and version, written `housing.permits/1`."""

    name: str
    version: int

    def __post_init__(self) -> None:
        if len(self.name) > MAX_NAME_LENGTH:
            raise ValueError(f"a contract name has at most {MAX_NAME_LENGTH} characters")
        if not _CONTRACT_NAME.fullmatch(self.name):
            raise ValueError(f"contract name {self.name!r} is not of the form topic.dataset")
        if self.version < 1:
            raise ValueError(f"contract version {self.version} is below 1")

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"

    @classmethod
    def parse(cls, text: str) -> ContractId:
        """Read `topic.dataset/N`. Raises ValueError."""
        name, slash, version = text.partition("/")
        if not slash or not re.fullmatch(r"[1-9][0-9]{0,8}", version):
            raise ValueError(f"{text!r} is not a contract id such as housing.permits/1")
        return cls(name, int(version))


class Level(StrEnum):
    """A protection level: what a city answers about a dataset."""

    OPEN = "open"
    CONTROLLED = "controlled"


LEVELS_BY_STRICTNESS = (Level.OPEN, Level.CONTROLLED)


class AggregateFunction(StrEnum):
    """The aggregates of the language."""

    COUNT_ROWS = "count_rows"  # COUNT(*): no argument
    COUNT = "count"  # COUNT(x): rows where x is not NULL
    SUM = "sum"
    AVG = "avg"
    COUNT_DISTINCT = "count_distinct"  # COUNT(DISTINCT unit): the contract's privacy unit only


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate over a bare contract column, over the rows where `where` holds."""

    function: AggregateFunction
    column: str | None = None
    where: Expression | None = None

    def __post_init__(self) -> None:
        if (self.column is None) != (self.function is AggregateFunction.COUNT_ROWS):
            raise ValueError(f"{self.function} takes {'no column' if self.column else 'one column'}")


@dataclass(frozen=True, slots=True)
class Plan:
    """Source, filter, keys and aggregates, without aliases. At least one aggregate: a plan cannot ask for rows."""

    source: ContractId
    where: Expression | None
    keys: tuple[Expression, ...]
    aggregates: tuple[Aggregate, ...]

    def __post_init__(self) -> None:
        if not self.aggregates:
            raise ValueError("a plan needs at least one aggregate")
