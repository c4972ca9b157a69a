"""Groups of a dimension's values: the unions that tables publish, above its values or in their place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hansa_core.contract.types import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A union of values, which stand in it directly or in smaller groups. None is NULL, the `unknown` of a domain."""

    label: str
    values: tuple[Value | None, ...] = ()
    groups: tuple[Group, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.values) == bool(self.groups):
            raise ValueError(f"group {self.label}: holds values, or groups of them")

    @property
    def members(self) -> tuple[Value | None, ...]:
        """All of its values."""
        return (*self.values, *(value for group in self.groups for value in group.members))

    @property
    def height(self) -> int:
        """How many levels of groups it is, itself included."""
        return 1 + max((group.height for group in self.groups), default=0)


def check_groups(column: str, groups: Sequence[Group], domain: Collection[Value], *, is_required: bool) -> None:
    """Raise ValueError unless the groups hold every value of the domain once; NULL may stand by itself."""
    held = [value for group in groups for value in group.members]
    where = f"hierarchies.{column}"
    for place, value in enumerate(held):
        told = "null" if value is None else str(value)
        if value is None and is_required:
            raise ValueError(f"{where}: the column is never NULL; leave null out")
        if value is not None and value not in domain:
            raise ValueError(f"{where}: {told!r} is not in the domain; correct it or leave it out")
        if value in held[:place]:
            raise ValueError(f"{where}: {told!r} stands in two groups; keep one")
    missing = [value for value in domain if value not in held]
    if missing:
        raise ValueError(
            f"{where}: no group holds {str(missing[0])!r}"
            f"{f' and {len(missing) - 1} more' if len(missing) > 1 else ''}; name them, or give one group the word rest"
        )
