"""Remakes the generated wire code from the protos: `python protos/generate.py`, or `--check` to compare only."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent
PACKAGE = "hansa_protos/v1"


def _generate(target: Path) -> None:
    """Write all generated modules and stubs below `target`."""
    protos = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / PACKAGE).glob("*.proto"))
    services = [name for name in protos if "\nservice " in (ROOT / name).read_text(encoding="utf-8")]
    # The stub plugins are installed beside the interpreter, which need not be on the PATH.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    common = ["protoc", f"--proto_path={ROOT}"]
    messages = [f"--python_out={target}", f"--mypy_out=quiet:{target}", *protos]
    stubs = [f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}", *services]
    for arguments in (messages, stubs):
        if protoc.main([*common, *arguments]) != 0:
            raise SystemExit("protoc failed; its message is above")


def _generated(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / PACKAGE).glob("*_pb2*.py*")}


def main() -> None:
    """Generate into a fresh folder, then compare with the committed code or replace it."""
    with tempfile.TemporaryDirectory() as folder:
        _generate(Path(folder))
        fresh, committed = _generated(Path(folder)), _generated(ROOT)
    if "--check" in sys.argv[1:]:
        stale = sorted(name for name in fresh.keys() | committed.keys() if fresh.get(name) != committed.get(name))
        if stale:
            raise SystemExit(f"generated code differs: {', '.join(stale)}; run python protos/generate.py")
        return
    for name in committed.keys() - fresh.keys():
        (ROOT / PACKAGE / name).unlink()
    for name, content in fresh.items():
        (ROOT / PACKAGE / name).write_bytes(content)


if __name__ == "__main__":
    main()
