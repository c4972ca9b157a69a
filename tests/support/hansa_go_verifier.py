"""The verifier in tests/other_tools: Go's own packages for notes and logs, built once for all tests of a run."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[1] / "other_tools"
_GOPATH = Path("/usr/share/gocode")


@dataclass(frozen=True)
class GoVerifier:
    """The built program."""

    program: Path

    def complaint(self, folder: Path, files: Sequence[Path] = (), *, quorum: int = 0) -> str | None:
        """What it finds wrong with a fetched log, or with evidence from it; None: nothing."""
        done = self._run(f"-quorum={quorum}", str(folder), *map(str, files))
        assert done.returncode in (0, 1), done.stderr
        return done.stderr.strip() if done.returncode else None

    def write(self, folder: Path, size: int) -> None:
        """Write a log of Go's own."""
        assert self._run(f"-write={size}", str(folder)).returncode == 0

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, timeout=60, check=False)


def skip_without_go() -> None:
    """Skip the running test where Go and its packages are not installed."""
    if shutil.which("go") is None or not (_GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("the log is held against Go's packages: `make system-packages`, as root, installs them")


def built_verifier(factory: pytest.TempPathFactory) -> GoVerifier:
    """The verifier; whichever worker comes first builds it."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    sources = sorted(SOURCES.glob("*.go"))
    program = shared / f"verify-{hashlib.sha256(b''.join(map(Path.read_bytes, sources))).hexdigest()[:16]}"
    with _alone(shared / "go.lock"):
        if not program.exists():
            _build(program, shared / "go-cache")
    return GoVerifier(program)


def _build(program: Path, cache: Path) -> None:
    environment = {"GO111MODULE": "off", "GOPATH": str(_GOPATH), "GOCACHE": str(cache), "GOFLAGS": ""}
    command = ["go", "build", "-o", str(program), "."]
    done = subprocess.run(
        command, cwd=SOURCES, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
