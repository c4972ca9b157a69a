"""The lock of what CI installs: exact versions and hashes of everything behind the extras: `make lock`.

Its first line holds a hash of the dependencies that pyproject.toml declares, so that `--check` needs no network.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "dev.lock"
EXTRAS = ("dev", "docs", "mutants", "release")


def main() -> None:
    """Write the lock, or say that it is stale."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="only say whether pyproject.toml has changed since")
    chosen = parser.parse_args()
    if not chosen.check:
        LOCK.write_text(f"# {_declared()}\n{_resolved()}", encoding="utf-8")
    elif LOCK.read_text(encoding="utf-8").partition("\n")[0] != f"# {_declared()}":
        sys.exit(f"{LOCK.relative_to(ROOT)}: pyproject.toml declares other dependencies; run `make lock`")


def _declared() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    said = {name: project.get(name) for name in ("requires-python", "dependencies", "optional-dependencies")}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _resolved() -> str:
    extras = [f"--extra={name}" for name in EXTRAS]
    command = ["uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header", "--no-annotate"]
    source = [*extras, "pyproject.toml"]
    return subprocess.run(
        [sys.executable, "-m", *command, *source], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


if __name__ == "__main__":
    main()
