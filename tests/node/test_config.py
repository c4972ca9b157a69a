"""What a node's TOML file may say; every mistake stops the start and names what to mend."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from hansa_core.contract.ids import ContractId
from hansa_core.errors import ConfigError
from hansa_node.app.config import read_config

DEPLOY = Path(__file__).parents[2] / "deploy"
KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
LEAST = f"""
city = "seattle"
roster = "roster.json"
governance_keys = ["{KEY}"]
governance_threshold = 1
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "node.toml"
    path.write_text(text)
    return path


def test_the_least_a_file_must_say_gives_safe_defaults(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, LEAST))
    assert config.listen.host == "127.0.0.1"
    assert config.roster == tmp_path / "roster.json"
    assert config.store == tmp_path / "state" / "store.sqlite"
    assert config.datasets == {}
    assert config.governance_keys == (bytes.fromhex(KEY),)


def test_relative_paths_are_relative_to_the_file_and_absolute_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, LEAST + 'data_dir = "/srv/data"\n[datasets]\n"housing.permits/1" = "m/permits.yaml"')
    monkeypatch.chdir(tmp_path)
    config = read_config(Path("node.toml"))
    assert config.data_dir == Path("/srv/data")
    assert config.datasets == {ContractId("housing.permits", 1): tmp_path / "m" / "permits.yaml"}


def test_a_node_that_only_dials_out_names_whom(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, LEAST + 'attach = ["coordinator"]\n[listen]\nenabled = false'))
    assert config.attach == ("coordinator",)
    assert not config.listen.enabled


def test_a_configuration_is_frozen(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, LEAST))
    with pytest.raises(ValidationError):
        config.city = "other"
    with pytest.raises(TypeError):
        config.datasets[ContractId("a.b", 1)] = tmp_path  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LEAST + 'polcy = "p"', "polcy is no known key; did you mean policy"),
        (LEAST + "[listen]\nprot = 1", r"listen\.prot is no known key; did you mean port"),
        (LEAST + "[lissen]\nport = 1", "lissen is no known key; did you mean listen"),
        (LEAST.replace('city = "seattle"', ""), "city is missing"),
        (LEAST + "[listen]\nenabled = false", r"listen\.enabled is false, and attach is empty"),
        (LEAST + "[listen]\nenabled = 0", r"listen\.enabled must be true or false"),
        (LEAST + "attach = [7]", r"attach\[0\] must be a text"),
        (LEAST + 'attach = "coordinator"', "attach must be a list"),
        (LEAST.replace('"seattle"', "7"), "city must be a text"),
        (LEAST.replace('"seattle"', '""'), "city is empty"),
        (LEAST + "[listen]\nport = 70000", r"listen\.port is 70000; write 65535 or less"),
        (LEAST + "[listen]\nport = true", r"listen\.port must be a whole number"),
        (LEAST + 'listen = "here"', "listen must be a table"),
        (LEAST.replace("= 1", "= 2"), "governance_threshold is 2, more than .*; write a whole number from 1 to 1"),
        (LEAST.replace("= 1", "= 0"), "governance_threshold is 0; write 1 or more"),
        (
            LEAST.replace(KEY, "abc"),
            r"governance_keys\[0\]: the key must be .* 64 lower-case hex digits",
        ),
        (LEAST.replace(f'["{KEY}"]', "[]"), "governance_keys is empty; list at least one"),
        (LEAST.replace(f'["{KEY}"]', "[1]"), r"governance_keys\[0\] must be a text"),
        (LEAST + '[datasets]\n"permits" = "m.yaml"', "datasets.permits: is no dataset"),
        (LEAST + '[datasets]\n"housing.permits/1" = 3', "datasets.'housing.permits/1' must be a text"),
        ("city = ", "is no TOML"),
    ],
)
def test_a_misspelt_or_wrong_key_stops_the_node_from_starting(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError, match=said) as stopped:
        read_config(path)
    assert str(path) in str(stopped.value)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        read_config(tmp_path / "nowhere.toml")


def test_the_sample_configuration_loads() -> None:
    assert read_config(DEPLOY / "node.toml").datasets.keys() == {ContractId("housing.permits", 1)}


def test_the_defaults_that_the_sample_names_are_the_real_ones(tmp_path: Path) -> None:
    text = (DEPLOY / "node.toml").read_text()
    uncommented = "\n".join(line.removeprefix("# ") if " = " in line else line for line in text.splitlines())
    assert tomllib.loads(uncommented) != tomllib.loads(text)
    assert read_config(written(tmp_path, uncommented)) == read_config(written(tmp_path, text))
