"""Installs from the locks alone: every file is of a version and a hash that a lock names, build backends included."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def install(python: Path, *what: str, locks: tuple[str, ...]) -> None:
    """Install the locks one after the other, then `what`, for which nothing more may be needed.

    Without build isolation, because an isolated build fetches its backend without a hash; a backend that is needed
    stands in an earlier lock. Without an index at the end, so that a lock which lacks a dependency fails here.
    """
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-build-isolation")
    for lock in locks:
        subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements" / f"{lock}.lock"], check=True)
    subprocess.run([*pip, "--no-index", *what], check=True)


def install_editable(python: Path, extra: str) -> None:
    """Install this tree, editable, with one of the extras that the lock for development covers."""
    install(python, "--editable", f"{ROOT}[{extra}]", locks=("build", "dev"))


if __name__ == "__main__":
    install_editable(Path(sys.executable), sys.argv[1])
