"""The options of a question, from every entry point down to the query."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, ParamSpec, Self, TypedDict, TypeVar

from hansa_core.contract.level import Level
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_wire.codec.limits import MAX_DEADLINE_S

DEFAULT_DEADLINE_S = 30.0
MIN_DEADLINE_S = 0.001
P = ParamSpec("P")
R = TypeVar("R")
_OTHER_WORDS = {
    **dict.fromkeys(("timeout", "timeout_s", "time_limit"), "deadline_s"),
    **dict.fromkeys(("parameters", "param", "args", "values"), "params"),
}
Params = Mapping[str, object] | Sequence[object]
"""Values of parameters: by name for `$name`, or in order for `?` and `$1`."""

NO_TABLES: Mapping[str, object] = MappingProxyType({})
NO_PARAMS: Mapping[str, object] = MappingProxyType({})


class AskKeywords(TypedDict, total=False):
    """The fields of `AskOptions` as the keywords of a call; each may be left out."""

    purpose: str | None
    min_cities: int | None
    partial: bool
    tables: Mapping[str, object]
    params: Params
    deadline_s: float
    level: Level | str | None
    epsilon: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOptions:
    """How a question is to be asked and its answer to be shown.

    `purpose`: what the answer is for; by default the profile's. `min_cities`: how many cities have to answer for
    `Answer.exit_code` 0; by default all addressed ones, with `partial` one. `partial`: show a value that lacks a city
    over the others, marked, instead of withholding it. `tables`: the analyst's own, by the name that the statement
    joins them under: frames, Arrow tables, or paths of Parquet or CSV files; they never leave this process.
    `params`: the values of what the statement writes as `$name`, by name, or as `?` or `$1`, in order; None is NULL, a
    list stands in IN.
    `deadline_s`: how long the cities have, 0.001 to 600 seconds. `level`: the one level at which a city may answer; by
    default each city's own. `epsilon`: the privacy loss to spend at level `private`; no city answers at that level yet,
    so a question that sets it is refused before it is sent.

    Raises ValueError for a deadline out of range, RefusedError `unknown_level` or `epsilon_not_available`.
    """

    purpose: str | None = None
    min_cities: int | None = None
    partial: bool = False
    tables: Mapping[str, object] = field(default_factory=lambda: NO_TABLES)
    params: Params = field(default_factory=lambda: NO_PARAMS)
    deadline_s: float = DEFAULT_DEADLINE_S
    level: Level | None = None
    epsilon: float | None = None

    def __post_init__(self) -> None:
        check_deadline(self.deadline_s)
        if self.epsilon is not None:
            # The query has no field for it: sent without, it would be answered as if it had not been asked for.
            rule = "epsilon is spent at level private, and no city answers at that level yet"
            raise RefusedError("epsilon_not_available", rule, "leave epsilon out", "epsilon")

    @classmethod
    def from_keywords(cls, keywords: AskKeywords) -> Self:
        """The options that a call was given. Raises TypeError that names the nearest option for an unknown keyword."""
        known = [each.name for each in fields(cls)]
        for name in keywords:
            if name not in known:
                meant = _OTHER_WORDS.get(name, name)
                raise TypeError(f"{shown(name)} is no option of a question; {nearest(meant, known)}")
        values: dict[str, Any] = {**keywords, "level": _level(keywords.get("level"))}
        return cls(**values)


def _level(given: Level | str | None) -> Level | None:
    if given is None:
        return None
    try:
        return Level(given)
    except ValueError:
        rule = f"{shown(str(given))} is no protection level"
        remedy = nearest(str(given), [level.value for level in Level])
        raise RefusedError("unknown_level", rule, remedy, "level") from None


def refuse_others(names: Mapping[str, object], known: Sequence[str]) -> None:
    """Raise TypeError that names the option that was meant, if there are `names` beside the `known` ones."""
    for name in names:
        raise TypeError(f"{shown(name)} is no option here; {nearest(_OTHER_WORDS.get(name, name), known)}")


def with_options(call: Callable[P, R]) -> Callable[P, R]:
    """Show each option in the signature of `call`, as prompts and notebooks read it, in place of `**options`."""
    signature = inspect.signature(call)
    named = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    default = AskOptions()
    options = [
        inspect.Parameter(
            each.name, inspect.Parameter.KEYWORD_ONLY, default=getattr(default, each.name), annotation=each.type
        )
        for each in fields(AskOptions)
    ]
    vars(call)["__signature__"] = signature.replace(parameters=[*named, *options])
    return call


def check_deadline(deadline_s: float) -> None:
    """Raise ValueError unless a call may have that deadline."""
    if not MIN_DEADLINE_S <= deadline_s <= MAX_DEADLINE_S:
        raise ValueError(f"deadline_s is {deadline_s}; it must be {MIN_DEADLINE_S:g} to {MAX_DEADLINE_S:g} seconds")
