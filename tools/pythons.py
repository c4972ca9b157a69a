"""Runs most tests under each other Python from 3.11 on that is found here: `make test-pythons`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from locked import install_editable

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
# What another Python could break: all but leagues of processes, and tools that are not ours. aics-tlog needs 3.12.
TESTED = tuple(
    f"tests/{each}" for each in ("core", "wire", "local", "governance", "audit", "node", "coordinator", "client")
)
_AICS = "tests/other_tools/test_aics_tlog.py"

_WORKERS = ("-p", "no:cacheprovider", "-n", "auto", "--dist", "loadgroup")


def main() -> None:
    """One environment for each, and the tests in it; the first failure ends it."""
    tried = []
    for version in VERSIONS:
        python = _found(version)
        if python is None or version == f"{sys.version_info.major}.{sys.version_info.minor}":
            continue
        tried.append(version)
        with tempfile.TemporaryDirectory(prefix="hansa-python-") as folder:
            subprocess.run([python, "-m", "venv", folder], check=True)
            inside = str(Path(folder, "bin", "python"))
            install_editable(Path(inside), "dev")
            also = () if version == "3.11" else (_AICS,)
            subprocess.run([inside, "-m", "pytest", "-q", *_WORKERS, *TESTED, *also], cwd=ROOT, check=True)
    print(f"tried under {', '.join(tried) or 'no other Python: none is here'}")


def _found(version: str) -> str | None:
    """On the path, or among pyenv's."""
    on_path = shutil.which(f"python{version}")
    if on_path is not None and subprocess.run([on_path, "-c", ""], check=False, capture_output=True).returncode == 0:
        return on_path
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    return next((str(each) for each in sorted(versions.glob(f"{version}.*/bin/python"))), None)


if __name__ == "__main__":
    main()
