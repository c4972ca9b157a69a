"""Installs the wheel for analyst, city and coordinator, by their locks, and tries what each needs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
        analyst = _installed(folder / "analyst", str(wheel), lock="analyst")
        _run([analyst / "hansa", "--help"])
        _run([analyst / "python", "-c", "import hansa; hansa.connect, hansa.col, hansa.mean"])
        _run([analyst / "hansa", "audit", "--help"])
        _lacks(analyst, "aiohttp", "grpc_health", "pandas", "pytest")
        _cities(folder, _installed(folder / "node", f"{wheel}[node]", lock="node"))
        _coordinator(folder, _installed(folder / "coordinator", "--no-deps", str(wheel), lock="coordinator"))
    print("plain hansa asks and audits; hansa[node] founds, ingests, checks and serves: each from the wheel alone;")
    print("a coordinator serves with its lock alone, without Arrow and DuckDB")


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
    with _serving(node, "node", config):
        pass


def _coordinator(folder: Path, place: Path) -> None:
    """Let the league's coordinator serve, and say how it is."""
    _lacks(place, "pyarrow", "duckdb", "numpy", "sqlglot", "aiohttp", "yaml")
    config = folder / "league" / "coordinator" / "coordinator.toml"
    for command in (["--help"], ["--version"], ["coordinator", "--help"]):
        _run([place / "hansa", *command])
    with _serving(place, "coordinator", config):
        _run([place / "hansa", "health", "--config", str(config)])
        _run([place / "hansa", "doctor", "--help"])


@contextmanager
def _serving(place: Path, role: str, config: Path) -> Iterator[None]:
    """The role's process, from when it has started until the block ends."""
    serving = subprocess.Popen([place / "hansa", role, "serve", "--config", config], stderr=subprocess.PIPE, text=True)
    assert serving.stderr is not None
    too_late = Timer(_START_S, serving.kill)
    too_late.start()
    try:
        started = next((line for line in serving.stderr if f"{role} started" in line), None)
        assert started, f"the {role} did not start"
        yield
    finally:
        too_late.cancel()
        serving.terminate()
        serving.wait(20)
        serving.stderr.close()


def _installed(folder: Path, *wheel: str, lock: str) -> Path:
    _run([sys.executable, "-m", "venv", str(folder)])
    install(folder / "bin" / "python", *wheel, locks=(lock,))
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
