"""Private files: copies that a reader makes of a table for the time that it is read, which nobody else may open."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class PrivateFiles:
    """Names in `folder` that start with `prefix`; the block's end removes every file."""

    folder: Path
    prefix: str
    _made: list[Path] = field(default_factory=list)

    def new(self) -> Path:
        """A new, empty file that only its owner reads and writes."""
        path = self.folder / f"{self.prefix}{len(self._made)}"
        path.touch(mode=0o600, exist_ok=False)
        self._made.append(path)
        return path

    @property
    def made(self) -> tuple[Path, ...]:
        """The files so far."""
        return tuple(self._made)

    def __enter__(self) -> PrivateFiles:
        return self

    def __exit__(self, *failure: object) -> None:
        for path in self._made:
            path.unlink(missing_ok=True)
