"""The published JSON Schemas and samples are what the models say, and editors can trust them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

ROOT = Path(__file__).parents[1]
CONTRACTS = sorted((ROOT / "contracts").glob("*.yaml"))
MANIFESTS = sorted((ROOT / "demo").rglob("manifests/**/*.yaml"))


def schema(name: str) -> Any:
    text = (ROOT / "docs" / "schema" / name).read_text(encoding="utf-8")
    return jsonschema_rs.validator_for(json.loads(text))


def document(path: Path) -> Any:
    """As an editor sees it: a date is its text."""
    return json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))


@pytest.mark.parametrize(
    ("script", "folder"), [("generate_schemas.py", "docs/schema"), ("generate_samples.py", "deploy")]
)
def test_the_committed_files_are_what_the_models_say(script: str, folder: str, tmp_path: Path) -> None:
    def run(option: str, where: Path) -> int:
        command = [sys.executable, str(ROOT / "docs" / script), option, str(where)]
        return subprocess.run(command, check=False, capture_output=True).returncode

    assert run("--check", ROOT / folder) == 0
    assert run("--check", tmp_path) == 1
    assert run("--write", tmp_path) == 0
    assert run("--check", tmp_path) == 0


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_every_contract_of_the_league_satisfies_the_schema(path: Path) -> None:
    schema("contract.json").validate(document(path))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_manifest_of_the_demo_satisfies_the_schema(path: Path) -> None:
    schema("manifest.json").validate(document(path))


def test_a_misspelt_key_does_not_satisfy_the_schema() -> None:
    contract = document(CONTRACTS[0])
    assert not schema("contract.json").is_valid({**contract, "titel": "x"})
    assert not schema("contract.json").is_valid({key: value for key, value in contract.items() if key != "unit"})
    manifest = document(MANIFESTS[0])
    assert not schema("manifest.json").is_valid({**manifest, "treshold": 3})
    assert not schema("manifest.json").is_valid({**manifest, "source": {"format": "xlsx", "path": "x"}})
