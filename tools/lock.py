"""The locks of what CI installs and a release describes: exact versions with hashes: `make lock`.

The first line of each holds a hash of the dependencies that pyproject.toml declares: `--check` needs no network.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "requirements"
# What each lock is of. The first is resolved by itself, and the others take its versions.
EXTRAS: Mapping[str, Sequence[str]] = {
    "dev": ("dev", "docs", "mutants", "release", "containers"),
    "analyst": (),
    "node": ("node", "postgres"),
    "wheel": ("node", "coordinator", "audit", "demo", "plot"),  # whatever the wheel can ask for
}
# What a coordinator loads, so that its image needs neither Arrow nor DuckDB: the wheel is installed beside it without
# its own dependencies, and a test starts it with exactly these.
COORDINATOR = (
    "cryptography",
    "grpcio",
    "grpcio-health-checking",
    "grpcio-reflection",
    "protobuf",
    "pydantic",
    "rfc8785",
    "typer",
)
# What `hansa demo --prepare` takes its rows from, beside what a node needs: for the image that founds its league.
FOUNDING = ("permittimelines",)
# What builds this project as an editable install, and the two dependencies that are published as sources only.
BUILD = ("hatchling", "editables", "setuptools", "wheel")


def main() -> None:
    """Write the locks, or say which are stale."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="only say whether pyproject.toml has changed since")
    if not parser.parse_args().check:
        for name, extras in EXTRAS.items():
            _write(name, [f"--extra={extra}" for extra in extras] + ["pyproject.toml"])
        _write("coordinator", ["-"], "\n".join(COORDINATOR))
        _write("founding", ["-"], "\n".join(FOUNDING))
        _write("build", ["-"], "\n".join(BUILD))
    for stale in (name for name in (*EXTRAS, "coordinator", "founding", "build") if not _is_fresh(name)):
        sys.exit(f"requirements/{stale}.lock: pyproject.toml declares other dependencies; run `make lock`")


def _write(name: str, sources: Sequence[str], stdin: str = "") -> None:
    """Resolve one lock, for every platform and every Python that the project allows."""
    first = name == next(iter(EXTRAS))
    options = ["--quiet", "--universal", "--generate-hashes", "--no-header", "--no-annotate"]
    constraints = [] if first else [f"--constraint={FOLDER / next(iter(EXTRAS))}.lock"]
    command = [sys.executable, "-m", "uv", "pip", "compile", *options, *constraints, *sources]
    resolved = subprocess.run(command, cwd=ROOT, check=True, input=stdin, stdout=subprocess.PIPE, text=True).stdout
    (FOLDER / f"{name}.lock").write_text(f"# {_declared()}\n{resolved}", encoding="utf-8")


def _is_fresh(name: str) -> bool:
    lock = FOLDER / f"{name}.lock"
    return lock.is_file() and lock.read_text(encoding="utf-8").partition("\n")[0] == f"# {_declared()}"


def _declared() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    said = {name: project.get(name) for name in ("requires-python", "dependencies", "optional-dependencies")}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    main()
