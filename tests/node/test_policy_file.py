"""What a policy file may say, and what stops the node because of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hansa_core.contract.ids import ContractId
from hansa_core.errors import ConfigError
from hansa_core.policy.policy import DenyList, Policy, Rule
from hansa_node.app.policy_file import read_policy

SAMPLE = Path(__file__).parents[2] / "deploy" / "policy.toml"
TEXT = """
id = "permits"
version = 3
[[rules]]
datasets = ["housing.permits/1"]
purposes = ["statistics"]
organisations = ["seattle"]
[deny]
subjects = ["mallory"]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "policy.toml"


def test_a_policy_file_becomes_a_policy(path: Path) -> None:
    path.write_text(TEXT)
    assert read_policy(path) == Policy(
        id="permits",
        version=3,
        rules=(
            Rule(
                datasets=frozenset({"housing.permits/1"}),
                purposes=frozenset({"statistics"}),
                organisations=frozenset({"seattle"}),
            ),
        ),
        deny=DenyList(subjects=frozenset({"mallory"})),
    )


def test_a_policy_without_rules_is_a_policy(path: Path) -> None:
    path.write_text('id = "closed"\nversion = 1')
    assert read_policy(path) == Policy(id="closed", version=1, rules=())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[rules]]", "[[rulez]]", "rulez is no known key; did you mean rules?"),
        ("subjects", "subject", "deny.subject is no known key; did you mean subjects?"),
        ("datasets", "Dataset", "rules[0].Dataset is no known key; did you mean datasets?"),
        ('id = "permits"', "", "id is missing; add it"),
        ('"permits"', '""', "id is empty; write a text"),
        ('"permits"', '"a\\u001b[2Jb"', "id must be 1 to 100 printable characters"),
        ("version = 3", 'version = "3"', "version must be a whole number"),
        ("version = 3", "version = true", "version must be a whole number"),
        ("version = 3", "version = 0", "version is 0; write 1 or more"),
        ("[[rules]]", "[rules]", "rules must be a list"),
        ('organisations = ["seattle"]', "", "rules[0].organisations is missing"),
        ('["seattle"]', "[]", "rules[0]: organisations is empty; list what the rule admits"),
        ('["housing.permits/1"]', '"*"', "rules[0].datasets must be a list"),
        ("housing.permits/1", "permits", "rules[0]: 'permits' is not a contract id"),
        ("[deny]", "[[deny]]", "deny must be a table"),
        ('["mallory"]', "[1]", "deny.subjects[0] must be a text"),
    ],
)
def test_a_wrong_policy_names_the_file_the_field_the_rule_and_the_remedy(
    path: Path, old: str, new: str, said: str
) -> None:
    assert old in TEXT
    path.write_text(TEXT.replace(old, new))
    with pytest.raises(ConfigError) as stopped:
        read_policy(path)
    assert str(stopped.value).startswith(f"{path}: {said}")


def test_the_sample_policy_loads() -> None:
    assert read_policy(SAMPLE).rules_for(ContractId("housing.permits", 1))
