"""What does a city allow: who may ask which datasets for which purposes, and who may not ask at all?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hansa_core.query.plan import ContractId

ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """These organisations may ask these datasets for these purposes; `*` stands for any.

    `datasets`: contract ids as written, `housing.permits/1`.
    """

    datasets: frozenset[str]
    purposes: frozenset[str]
    organisations: frozenset[str]

    def __post_init__(self) -> None:
        for name in ("datasets", "purposes", "organisations"):
            names: frozenset[str] = getattr(self, name)
            if not names:
                raise ValueError(f'{name} is empty; list what the rule admits, or "*" for any')
        for dataset in self.datasets - {ANY}:
            ContractId.parse(dataset)

    def covers(self, dataset: ContractId) -> bool:
        """Whether the rule speaks about that dataset."""
        return _admits(self.datasets, str(dataset))

    def admits_organisation(self, organisation: str) -> bool:
        """Whether the rule lets that organisation ask."""
        return _admits(self.organisations, organisation)

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


def policy_from_document(document: Mapping[str, object]) -> Policy:
    """The policy that a parsed policy file says. Raises ValueError that names the field, the rule and the remedy."""
    known = _known(document, ("id", "version", "rules", "deny"), "the policy")
    identifier, version = known.get("id"), known.get("version")
    if not isinstance(identifier, str):
        raise _broken("id", "is missing", 'name the policy, such as id = "permits"')
    if not isinstance(version, int) or isinstance(version, bool):
        raise _broken("version", "is missing", "count policy versions from 1, such as version = 1")
    rules = known.get("rules", [])
    if not isinstance(rules, list):
        raise _broken("rules", "must be a list", "write each rule under [[rules]]")
    deny = _table(known.get("deny", {}), "deny")
    _known(deny, ("subjects", "keys", "organisations"), "deny")
    return Policy(
        id=identifier,
        version=version,
        rules=tuple(_rule(_table(rule, f"rules[{at}]"), f"rules[{at}]") for at, rule in enumerate(rules)),
        deny=DenyList(
            subjects=_names(deny.get("subjects", []), "deny.subjects"),
            keys=_names(deny.get("keys", []), "deny.keys"),
            organisations=_names(deny.get("organisations", []), "deny.organisations"),
        ),
    )


def _rule(document: Mapping[str, object], where: str) -> Rule:
    known = _known(document, ("datasets", "purposes", "organisations"), where)
    lists = {name: _names(known.get(name, []), f"{where}.{name}") for name in ("datasets", "purposes", "organisations")}
    try:
        return Rule(**lists)
    except ValueError as broken:
        raise ValueError(f"{where}: {broken}") from None


def _admits(names: frozenset[str], name: str) -> bool:
    return ANY in names or name in names


def _table(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _broken(where, "must be a table", "write it as names and values")
    return value


def _names(value: object, where: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise _broken(where, "must be a list of names", 'write it as ["a", "b"]')
    return frozenset(value)


def _known(document: Mapping[str, object], names: Iterable[str], where: str) -> Mapping[str, object]:
    names = tuple(names)
    for name in document:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)[0]
            raise _broken(where, f"has the unknown key {name!r}", f"the nearest known key is {near!r}")
    return document


def _broken(where: str, rule: str, remedy: str) -> ValueError:
    return ValueError(f"{where} {rule}; {remedy}")
