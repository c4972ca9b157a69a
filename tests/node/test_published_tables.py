"""What a steward sees of published tables: as served, beforehand, and with a declaration that publishes more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from hansa_node.app.cli import app
from hansa_test_node import NodeHome, make_node


@pytest.fixture
def node(tmp_path: Path) -> NodeHome:
    return make_node(tmp_path / "league")


def run(node: NodeHome, command: str, *options: str) -> Result:
    return CliRunner().invoke(app, [command, *options, "--config", str(node.home / "node.toml")])


def tables(node: NodeHome, *options: str) -> list[dict[str, Any]]:
    result = run(node, "tables", "town.permits", "--json", *options)
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_served_tables_tell_cells_units_and_causes(node: NodeHome) -> None:
    by_kind, in_all = tables(node)
    assert (by_kind["name"], in_all["name"]) == ("by_kind", "in all")
    assert by_kind["causes"]["threshold"] == 1
    assert (by_kind["cells"], by_kind["units"], in_all["units"]) == (4, 112, 112)
    assert by_kind["suppressed_units"] in (pytest.approx(2 / 112), pytest.approx(52 / 112))
    told = run(node, "tables", "town.permits").stdout
    assert "version 1, as it is served" in told
    assert "1 threshold" in told


def test_a_version_of_an_earlier_hansa_tells_cells_and_causes(node: NodeHome) -> None:
    (beside,) = (node.config.data_dir / "town.permits.1").glob("*.tables.json")
    assert beside.stat().st_mode & 0o777 == 0o600
    beside.unlink()
    by_kind, in_all = tables(node)
    assert by_kind["causes"]["threshold"] == 1
    assert by_kind["suppressed_units"] is in_all["suppressed_units"] is None
    assert "not known" in run(node, "tables", "town.permits").stdout


def test_a_preview_follows_the_manifest_and_writes_nothing(node: NodeHome) -> None:
    before = sorted(path.name for path in (node.config.data_dir / "town.permits.1").iterdir())
    change(node, "level: controlled", "level: controlled\nthreshold: 55")
    assert tables(node)[0]["causes"]["threshold"] == 1
    assert tables(node, "--preview")[0]["causes"]["threshold"] == 2
    assert sorted(path.name for path in (node.config.data_dir / "town.permits.1").iterdir()) == before


def test_a_dataset_without_tables_is_told_so(node: NodeHome) -> None:
    result = run(node, "tables", "town.trips")
    assert (result.exit_code, "publishes no tables" in result.output) == (2, True), result.output


@pytest.mark.parametrize(
    ("options", "said"), [(("--preview", "--suggest"), "give one of them"), (("--out", "x.yaml"), "give that too")]
)
def test_options_that_do_not_go_together_are_told(node: NodeHome, options: tuple[str, ...], said: str) -> None:
    result = run(node, "tables", "town.permits", *options)
    assert (result.exit_code, said in result.output) == (2, True), result.output


def test_a_suggestion_publishes_more_and_is_a_manifest_of_the_city(node: NodeHome) -> None:
    """Two towers beside fifty sheds: together they can be told."""
    path = manifest_of(node)
    result = run(node, "tables", "town.permits", "--suggest")
    assert result.exit_code == 0, result.output
    suggested = path.with_name(f"{path.stem}.suggested{path.suffix}")
    assert suggested.stat().st_mode & 0o777 == 0o600
    text, own = suggested.read_text(), path.read_text()
    assert "# - kind: shed and tower merged" in text
    assert "# 100.0% of its units published" in text
    document = yaml.safe_load(text)
    assert document["hierarchies"] == {"kind": {"house": ["house"], "shed, tower": ["shed", "tower"]}}
    assert document["depth"] == {"kind": 1}
    untouched = {key: value for key, value in document.items() if key not in ("hierarchies", "depth", "tables")}
    assert untouched == {key: value for key, value in yaml.safe_load(own).items() if key != "tables"}
    again = run(node, "tables", "town.permits", "--suggest")
    assert (again.exit_code, "is there already" in again.output) == (2, True), again.output
    assert path.read_text() == own
    path.write_text(text)
    by_kind, _ = tables(node, "--preview")
    assert (by_kind["causes"], by_kind["suppressed_units"]) == ({}, 0.0)


def change(node: NodeHome, before: str, after: str) -> None:
    path = manifest_of(node)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def manifest_of(node: NodeHome) -> Path:
    return next(path for contract, path in node.config.datasets.items() if contract.name == "town.permits")
