"""A file that is written from its model lacks no key, and says each key's meaning and default."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hansa_core.documents.model import Section
from hansa_local.coordinator_config import CoordinatorConfig
from hansa_local.model_keys import description_of, plain_keys, section_in, section_keys
from hansa_local.profile import AuditorProfile, Profile
from hansa_local.toml_file import section_of, toml_value
from hansa_local.toml_writer import annotated_toml
from hansa_node.app.config import NodeConfig
from hansa_node.app.policy_file import PolicyFile

_ANCHOR = {
    "roster": "roster.json",
    "governance_keys": ["d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"],
    "governance_threshold": 1,
}
_TLS = {"tls_cert": "tls.pem", "tls_key": "tls.key"}
_READER = {**_ANCHOR, "league": 'Hanse "Lübeck" \\ #1', "city": "luebeck", **_TLS}
_RULE = {"datasets": ["*"], "purposes": ["statistics"], "organisations": ["*"]}
FILES: Mapping[type[Section], dict[str, Any]] = {
    NodeConfig: {**_ANCHOR, "city": "bremen", "datasets": {"town.trips/1": "m.yaml"}, "log": {"port": 1}},
    PolicyFile: {"id": "p", "version": 1, "rules": [_RULE, {**_RULE, "cities": ["bremen"]}]},
    CoordinatorConfig: {**_ANCHOR, "name": "north", "tls": {"certificate": "c", "key": "k"}},
    Profile: {**_READER, "contracts": "c", "credential": "c", "query_key": "k", "purpose": "statistics"},
    AuditorProfile: _READER,
}


def keys_of(model: type[Section]) -> Iterator[tuple[str, str]]:
    """Every key below the model with its description."""
    for name, field in plain_keys(model).items():
        yield name, description_of(name, field)
    for field in section_keys(model).values():
        if (section := section_in(field)) is not None:
            yield from keys_of(section)


@pytest.mark.parametrize("model", FILES)
def test_every_key_of_the_model_stands_in_the_file_under_its_meaning(model: type[Section]) -> None:
    text = annotated_toml(model, FILES[model], ["A file."]).decode()
    assert text.startswith("# A file.\n# Values that are commented out show the default.\n")
    for name, says in keys_of(model):
        assert re.search(rf"^# {re.escape(says)}\n(# )?{name} = .", text, re.MULTILINE), name
    for name, field in section_keys(model).items():
        assert re.search(rf"^\[+{name}\]+ # {re.escape(description_of(name, field))}$", text, re.MULTILINE), name


@pytest.mark.parametrize("model", FILES)
def test_the_file_says_what_was_set_and_its_commented_values_are_the_defaults(model: type[Section]) -> None:
    content = annotated_toml(model, FILES[model], ["A file."])
    path = Path("/etc/hansa/file.toml")
    file = section_of(toml_value(content), model, path)
    assert file == section_of(FILES[model], model, path)
    opened = re.sub(r"^# (\w+ = (?!\"…\").*)$", r"\1", content.decode(), flags=re.MULTILINE)
    assert section_of(tomllib.loads(opened), model, path) == file


def test_a_key_that_the_model_does_not_know_or_needs_is_named() -> None:
    with pytest.raises(ValueError, match="Listen has no key prot"):
        annotated_toml(CoordinatorConfig, {**FILES[CoordinatorConfig], "listen": {"prot": 1}}, [])
    with pytest.raises(ValueError, match="certificate is required"):
        annotated_toml(CoordinatorConfig, {**FILES[CoordinatorConfig], "tls": {"key": "k"}}, [])
