"""Installs the wheel for an analyst and for a city, by their locks, and tries what each needs: `make test-installs`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Timer

from locked import install

ROOT = Path(__file__).parents[1]
_START_S = 120  # after which a node that has not started is ended


def main() -> None:
    """Build the wheel once; then each install in a fresh environment."""
    with tempfile.TemporaryDirectory(prefix="hansa-installs-") as temporary:
        folder = Path(temporary)
        _run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)])
        (wheel,) = folder.glob("*.whl")
        analyst = _installed(folder / "analyst", str(wheel), "analyst")
        _run([analyst / "hansa", "--help"])
        _run([analyst / "python", "-c", "import hansa; hansa.connect, hansa.col, hansa.mean"])
        _run([analyst / "hansa", "audit", "--help"])
        _lacks(analyst, "aiohttp", "grpc_health", "pandas", "pytest")
        _cities(folder, _installed(folder / "node", f"{wheel}[node]", "node"))
    print("plain hansa asks and audits; hansa[node] founds, ingests, checks and serves: each from the wheel alone")


def _cities(folder: Path, node: Path) -> None:
    """Found a league with the installed commands, and let one city ingest, check and serve."""
    _lacks(node, "pandas", "pytest", "permittimelines")
    contract = folder / "town.trees.1.yaml"
    contract.write_text(CONTRACT, encoding="utf-8")
    league, city = folder / "league", folder / "city"
    named = ("--name", "towns", "--city", "aarhus", "--city", "bergen", "--contract", str(contract))
    _run([node / "hansa", "league", "new", str(league), *named, "--base-port", "17400"])
    _run([node / "hansa", "node", "init", str(city), "--league", str(league), "--city", "aarhus"])
    (city / "trees.csv").write_text("nr,kind\n1,oak\n2,elm\n3,oak\n", encoding="utf-8")
    (city / "manifests").mkdir(exist_ok=True)
    (city / "manifests" / "town.trees.yaml").write_text(MANIFEST, encoding="utf-8")
    config = city / "node.toml"
    _run([node / "hansa", "node", "ingest", "town.trees", "--config", str(config)])
    serving = subprocess.Popen(
        [node / "hansa", "node", "serve", "--config", str(config)], stderr=subprocess.PIPE, text=True
    )
    assert serving.stderr is not None
    too_late = Timer(_START_S, serving.kill)
    too_late.start()
    try:
        started = next((line for line in serving.stderr if "node started" in line), None)
        assert started, "the node did not start"
    finally:
        too_late.cancel()
        serving.terminate()
        serving.wait(20)


def _installed(folder: Path, wheel: str, lock: str) -> Path:
    _run([sys.executable, "-m", "venv", str(folder)])
    install(folder / "bin" / "python", wheel, locks=(lock,))
    return folder / "bin"


def _lacks(place: Path, *modules: str) -> None:
    """Whatever the install does not bring, its imports cannot need."""
    found = "from importlib.util import find_spec; import sys; sys.exit(any(map(find_spec, sys.argv[1:])))"
    _run([place / "python", "-c", found, *modules])


def _run(command: Sequence[str | Path]) -> None:
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


CONTRACT = """\
contract: town.trees/1
title: Trees of a town
unit: tag
entity: tag
unit_scope: city
least_level: open
columns:
  tag: {type: text, meaning: the number on the tag, identifier: true, required: true}
  kind: {type: text, meaning: the kind of tree, required: true, domain: [oak, elm]}
"""
MANIFEST = """\
contract: town.trees/1
population: trees of the town
level: open
source: {format: csv, path: ../trees.csv}
mapping:
  tag: {from: nr}
  kind: {from: kind}
"""

if __name__ == "__main__":
    main()
