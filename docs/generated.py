"""Files that are made from the code: written anew, or compared with what stands there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Made = Callable[[Path], Mapping[Path, bytes]]
"""For the file or folder that was named: the content of each file."""


def write_or_check(arguments: Sequence[str], made: Made, *, told: str, remake: str = "make docs") -> int:
    """`--write TARGET`, or `--check TARGET`: 1 if a file is not what would be written, 2 for other arguments.

    `told`: what the files say, in the words of the message. `remake`: the command that writes them.
    """
    match arguments:
        case ["--write", target]:
            for path, content in made(Path(target)).items():
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)
        case ["--check", target]:
            files = made(Path(target))
            stale = [path for path, content in files.items() if not path.exists() or path.read_bytes() != content]
            for path in stale:
                sys.stderr.write(f"{path} is not what {told} say; run: {remake}\n")
            return 1 if stale else 0
        case _:
            sys.stderr.write("give --write TARGET or --check TARGET\n")
            return 2
    return 0
