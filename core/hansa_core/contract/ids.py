"""Contract ids: a contract's name and version, `housing.permits/1`."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_NAME_LENGTH = 100
"""Characters of a purpose, a league's or a contract's name: a node keeps them with each decision, refusals too."""

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
