"""New files for people: written where none is, so that nothing of theirs is lost."""

from __future__ import annotations

from pathlib import Path

from hansa_core.errors import ConfigError


def write_new(path: Path, text: str) -> None:
    """Makes the folder, too. Raises ConfigError where the file is there, or cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{path}: is there already; name another file with --out, or move it away") from None
    except OSError as failure:
        raise ConfigError(f"{path}: cannot be written ({failure.strerror}); name another file with --out") from None
