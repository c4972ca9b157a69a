"""Names of the columns of a partial and of a released table."""

from __future__ import annotations

CITY_COLUMN = "city"
"""The city's name, in a released table that keeps the cities apart."""

LABEL_PREFIX = "c"

GROUPING_COLUMN = "grouping"
"""The number of a cell's grouping, as `plan.groupings` counts them, in a partial of a plan with totals."""


def key_column(index: int) -> str:
    """The column of `plan.keys[index]`."""
    return f"k{index}"


def key_index(name: str) -> int:
    """The place in `plan.keys` of what a key column holds."""
    return int(name.removeprefix("k"))


def label_column(index: int) -> str:
    """The column of a city key, in a released table whose cities stand under labels."""
    return f"{LABEL_PREFIX}{index}"


def moment_column(index: int) -> str:
    """The column of `moments_of(plan)[index]`, in a partial."""
    return f"m{index}"


def aggregate_column(index: int) -> str:
    """The column of `plan.aggregates[index]`, in a released table."""
    return f"a{index}"


def aggregate_index(name: str) -> int:
    """The place in `plan.aggregates` of what an aggregate's column holds."""
    return int(name.removeprefix("a"))


def is_city_column(name: str) -> bool:
    """Whether a released column holds the city, or what cities are put under."""
    return name == CITY_COLUMN or (name[:1] == LABEL_PREFIX and name[1:].isdigit())


def is_aggregate_column(name: str) -> bool:
    """Whether a released column holds an aggregate: neither a key, nor the city, nor the grouping."""
    return name[:1] == "a" and name[1:].isdigit()
