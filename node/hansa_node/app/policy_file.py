"""A city's policy file, `policy.toml`, read into the policy that decides."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from hansa_core.documents.model import ListOf, Section, Text, absent_table
from hansa_core.league.names import check_shown_text
from hansa_core.policy.policy import ANY, DenyList, Policy, Rule
from hansa_local.toml_file import read_section


class RuleSection(Section):
    """One rule: these organisations may ask these datasets for these purposes; `"*"` stands for any."""

    datasets: ListOf[Text] = Field(description="contracts with their version, such as `housing.permits/1`")
    purposes: ListOf[Text] = Field(description="purposes of those that the league's roster names")
    organisations: ListOf[Text] = Field(description="organisations, as credentials name them")
    cities: ListOf[Text] = Field(
        default=(ANY,), description="cities whose credentials count; any city can use any name"
    )

    @model_validator(mode="after")
    def _is_a_rule(self) -> Self:
        self.value()  # which is checked at birth
        return self

    def value(self) -> Rule:
        """What the core decides by."""
        return Rule(
            datasets=frozenset(self.datasets),
            purposes=frozenset(self.purposes),
            organisations=frozenset(self.organisations),
            cities=frozenset(self.cities),
        )


class DenySection(Section):
    """Who is never answered, whatever the rules say."""

    subjects: ListOf[Text] = Field(default=(), description="subjects, as their credentials name them")
    organisations: ListOf[Text] = Field(default=(), description="organisations, as credentials name them")
    keys: ListOf[Text] = Field(default=(), description="key ids: lower-case hex SHA-256 of the public query key")


class PolicyFile(Section):
    """The file. What no rule admits is refused."""

    id: Text = Field(description="the policy's name; each decision is recorded with it")
    version: int = Field(ge=1, description="a count from 1; raise it with every change")
    rules: ListOf[RuleSection] = Field(
        default=(), description="what is admitted; each rule stands under a `[[rules]]` of its own"
    )
    deny: DenySection = Field(default_factory=absent_table, description="who is never answered")

    @model_validator(mode="after")
    def _can_be_named(self) -> Self:
        check_shown_text(self.id, "id")  # it stands in every entry of the log
        return self


def read_policy(path: Path) -> Policy:
    """Read the file. Raises ConfigError that names the file, the key, the rule and the remedy."""
    file = read_section(path, PolicyFile, hint="give the path of the policy file")
    deny = DenyList(
        subjects=frozenset(file.deny.subjects),
        organisations=frozenset(file.deny.organisations),
        keys=frozenset(file.deny.keys),
    )
    return Policy(id=file.id, version=file.version, rules=tuple(rule.value() for rule in file.rules), deny=deny)
