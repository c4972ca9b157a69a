"""A city's policy: who may ask which datasets for which purposes, and who may not ask at all."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.contract.ids import ContractId

ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """These organisations may ask these datasets for these purposes; `*` stands for any.

    `datasets`: contract ids as written, `housing.permits/1`. `cities`: whose word on an organisation counts; any city
    of the league can vouch for anybody under any name.
    """

    datasets: frozenset[str]
    purposes: frozenset[str]
    organisations: frozenset[str]
    cities: frozenset[str] = frozenset({ANY})

    def __post_init__(self) -> None:
        for name in ("datasets", "purposes", "organisations", "cities"):
            names: frozenset[str] = getattr(self, name)
            if not names:
                raise ValueError(f'{name} is empty; list what the rule admits, or "*" for any')
        for dataset in self.datasets - {ANY}:
            ContractId.parse(dataset)

    def covers(self, dataset: ContractId) -> bool:
        """Whether the rule speaks about that dataset."""
        return _admits(self.datasets, str(dataset))

    def admits_asker(self, *, organisation: str, city: str) -> bool:
        """Whether the rule lets that organisation ask, on the word of that city."""
        return _admits(self.organisations, organisation) and _admits(self.cities, city)

    @property
    def trusts_names(self) -> bool:
        """Whether the rule names organisations, and yet takes any city's word on who bears the name."""
        return ANY not in self.organisations and ANY in self.cities

    def admits_purpose(self, purpose: str) -> bool:
        """Whether the rule lets that purpose be asked for."""
        return _admits(self.purposes, purpose)


@dataclass(frozen=True, slots=True, kw_only=True)
class DenyList:
    """Who may not ask, whatever the rules say. `keys`: key ids, lower-case hex SHA-256 of the public query key."""

    subjects: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()

    def holds(self, *, subject: str, key_id: str, organisation: str) -> bool:
        """Whether any of the three is on the list."""
        return subject in self.subjects or key_id in self.keys or organisation in self.organisations


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A city's rules under one id and version; what no rule admits is refused."""

    id: str
    version: int
    rules: tuple[Rule, ...]
    deny: DenyList = DenyList()

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("id is empty; name the policy")
        if self.version < 1:
            raise ValueError(f"version is {self.version}; count policy versions from 1")

    def rules_for(self, dataset: ContractId) -> tuple[Rule, ...]:
        """The rules that speak about that dataset."""
        return tuple(rule for rule in self.rules if rule.covers(dataset))


def _admits(names: frozenset[str], name: str) -> bool:
    return ANY in names or name in names
