"""New files for people: written where none is, so that nothing of theirs is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hansa_core.errors import ConfigError


def check_new(path: Path) -> None:
    """Raises ConfigError where something is there already: worth asking before the work for it is done."""
    if os.path.lexists(path):
        raise ConfigError(f"{path}: is there already; name another file with --out, or move it away")


def write_with_schema(path: Path, text: str, schema_name: str, schema: str) -> None:
    """Write a new file and, beside it, the rules that an editor checks it by, old or new; makes the folder, too.

    The rules come first: where they cannot be written, no file stands in the way of another try. Raises ConfigError
    where the file is there, or one of the two cannot be written.
    """
    check_new(path)
    rules = path.parent / schema_name
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with _writing(rules):
        rules.write_text(schema, encoding="utf-8")
    with _writing(path), path.open("x", encoding="utf-8") as file:
        file.write(text)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as failure:
        raise ConfigError(f"{path}: cannot be written ({failure.strerror}); name a file elsewhere with --out") from None
