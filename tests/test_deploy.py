"""Files of `deploy/` that operators start: units that confine, images without a shell and without rights."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
MOST_EXPOSED = 2.0

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed: make system-packages"
)


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_exposes_little(unit: Path) -> None:
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert exposure is not None, said
    assert float(exposure[1]) <= MOST_EXPOSED


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_has_no_fault_but_that_hansa_is_not_installed_here(unit: Path) -> None:
    said = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False).stderr
    faults = [line for line in said.splitlines() if unit.name in line]
    assert [line for line in faults if "is not executable" not in line] == []


@pytest.mark.parametrize("role", ["node", "coordinator"])
def test_an_image_runs_without_rights_and_without_a_shell(role: str) -> None:
    last = (DEPLOY / f"Dockerfile.{role}").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    assert last.startswith("scratch\n")
    assert "USER 10001:10001\n" in last
    assert 'ENTRYPOINT ["hansa"]\n' in last
    assert "HEALTHCHECK" in last
    assert "RUN" not in last


def test_an_image_is_built_from_every_package_of_the_wheel() -> None:
    let_in = {line.removeprefix("!") for line in (DEPLOY.parent / ".dockerignore").read_text().splitlines()}
    wheel = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    packages = {package.partition("/")[0] for package in wheel["targets"]["wheel"]["packages"]}
    assert packages <= let_in


def test_the_containers_of_a_league_have_no_rights_and_write_to_their_volumes_alone() -> None:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    served = {name: each for name, each in composed["services"].items() if name != "league"}
    assert {"los-angeles", "san-diego", "san-francisco", "seattle", "coordinator", "coordinator-2"} <= served.keys()
    for each in served.values():
        assert each["read_only"] is True
        assert each["cap_drop"] == ["ALL"]
        assert each["security_opt"] == ["no-new-privileges:true"]
        assert each["mem_limit"]
