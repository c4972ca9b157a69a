"""A coordinator's configuration: what it takes, and what stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from hansa_core.errors import ConfigError
from hansa_local.coordinator_config import load_config

SAMPLE = Path(__file__).parents[2] / "deploy" / "coordinator.toml"


def altered(folder: Path, old: str, new: str) -> Path:
    text = SAMPLE.read_text(encoding="utf-8")
    assert old in text
    path = folder / "coordinator.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_the_sample_is_a_configuration_with_safe_defaults() -> None:
    config = load_config(SAMPLE)
    assert (config.listen.host, config.listen.port) == ("127.0.0.1", 7400)
    assert config.limits.max_concurrency == 64
    assert config.roster == SAMPLE.parent / "league" / "roster.json"
    assert config.tls.key == SAMPLE.parent / "league" / "coordinator" / "tls.key"


def test_the_commented_values_of_the_sample_are_the_defaults(tmp_path: Path) -> None:
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    opened = [line.removeprefix("# ") if " = " in line else line for line in lines]
    path = tmp_path / "coordinator.toml"
    path.write_text("\n".join(opened), encoding="utf-8")
    default, stated = load_config(SAMPLE), load_config(path)
    assert stated.listen == default.listen
    assert stated.limits == default.limits


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("governance_threshold = 1", "governance_treshold = 1", "did you mean governance_threshold?"),
        ("# port = 7400", "prot = 7400", "listen.prot is no known key; did you mean port?"),
        ('certificate = "', 'certificat = "', "tls.certificat is no known key; did you mean certificate?"),
        ('name = "coordinator"', "", "name is missing; add it"),
        ("governance_threshold = 1", "governance_threshold = 2", "no roster could pass"),
        ("# port = 7400", "port = 70000", "listen.port"),
        ("# max_concurrency = 64", "max_concurrency = 0", "limits.max_concurrency"),
        ("d75a98", "D75A98", "governance_keys[0]: the key must be"),
        ('name = "coordinator"', "name =", "is no TOML"),
    ],
)
def test_a_wrong_file_stops_the_start_and_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = altered(tmp_path, old, new)
    with pytest.raises(ConfigError) as stopped:
        load_config(path)
    assert said in str(stopped.value)
    assert str(path) in str(stopped.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "absent.toml")
