"""Writes the bill of materials of the wheel: what plain hansa requires, and what its extras add, as CycloneDX.

Its components are those of requirements/wheel.lock, with version and hashes: not what developing or testing needs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = ROOT / "requirements"


def main() -> None:
    """`sbom.py FILE`."""
    bom = _listed()
    required = {_name(line) for line in (LOCKS / "analyst.lock").read_text(encoding="utf-8").splitlines()}
    for component in bom["components"]:
        component["scope"] = "required" if component["name"] in required else "optional"
        component["description"] = component["description"].partition("--hash")[0].strip()
    direct = {canonicalize_name(Requirement(each).name) for each in _project()["dependencies"]}
    [root] = [each for each in bom["dependencies"] if each["ref"] == bom["metadata"]["component"]["bom-ref"]]
    root["dependsOn"] = sorted(each["bom-ref"] for each in bom["components"] if each["name"] in direct)
    Path(sys.argv[1]).write_text(json.dumps(bom, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _listed() -> dict[str, Any]:
    """What cyclonedx-py makes of the lock; its warning that the root lacks dependencies, which follow, is not shown."""
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", str(LOCKS / "wheel.lock")]
    options = ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application", "--output-format", "JSON"]
    done = subprocess.run([*command, *options, "--output-reproducible"], check=True, stdout=subprocess.PIPE)
    bom: dict[str, Any] = json.loads(done.stdout)
    return bom


def _name(line: str) -> str:
    return line.partition("==")[0]


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


if __name__ == "__main__":
    main()
