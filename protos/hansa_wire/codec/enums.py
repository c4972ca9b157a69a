"""A closed list of the core and its proto enum, matched member for member when the module is imported."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from hansa_core.errors import PeerError

if TYPE_CHECKING:
    from google.protobuf.internal.enum_type_wrapper import _EnumTypeWrapper as EnumTypeWrapper

MemberT = TypeVar("MemberT", bound=StrEnum)
NumberT = TypeVar("NumberT", bound=int)


class WireEnum(Generic[MemberT, NumberT]):
    """Translates both ways; `OPERATOR_EQ` on the wire is `Op.EQ` here."""

    def __init__(self, members: type[MemberT], wire: EnumTypeWrapper[NumberT]) -> None:
        """Raises ValueError where one side has a member that the other one lacks."""
        prefix = wire.DESCRIPTOR.values_by_number[0].name.removesuffix("UNSPECIFIED")
        self._name = wire.DESCRIPTOR.full_name
        self._numbers = {member: wire.Value(prefix + member.name) for member in members}
        self._members: dict[int, MemberT] = {number: member for member, number in self._numbers.items()}
        if self._members.keys() != set(wire.values()) - {0}:
            raise ValueError(f"{self._name} and {members.__name__} have different members")

    def to_wire(self, member: MemberT) -> NumberT:
        """The number that stands for `member`."""
        return self._numbers[member]

    def from_wire(self, number: int) -> MemberT:
        """The member that `number` stands for. Raises PeerError for 0 (unspecified) and for unknown numbers."""
        if number not in self._members:
            raise PeerError(f"{number} is not a value of {self._name} that this version of Hansa knows")
        return self._members[number]
