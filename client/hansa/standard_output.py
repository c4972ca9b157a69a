"""Standard output of a command: a failure to write to it ends the command with a plain error."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_STDOUT_FD = 1
_READER_GONE = 1
_CANNOT_WRITE = 2


class StandardOutputError(OSError):
    """Standard output cannot be written, as on a full disk. A pipe that its reader closed is a BrokenPipeError."""


class _StandardOutput(io.FileIO):
    """The file behind standard output, whose errors cannot be taken for those of another file."""

    def write(self, content: ReadableBuffer, /) -> int:
        try:
            return super().write(content)
        except BrokenPipeError:
            raise
        except OSError as failure:
            raise StandardOutputError(failure.errno, failure.strerror) from None


@contextmanager
def standard_output() -> Iterator[None]:
    """Run a whole command in here: what it wrote is flushed at its end, and every error of that is judged here.

    Raises SystemExit 2, after one line on standard error, if standard output cannot be written, and SystemExit 1 if
    its reader closed it. Buffered or not, nothing is left for the interpreter to fail on as it exits.
    """
    if sys.stdout is None:  # closed by whoever started the process
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  as long-lived as the process
    else:
        sys.stdout = _watched(sys.stdout)
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except StandardOutputError as failure:
        _discard_the_rest()
        sys.stderr.write(
            f"Configuration: standard output: cannot be written ({failure.strerror}); "
            "free some space there, or write to another place\n"
        )
        raise SystemExit(_CANNOT_WRITE) from None
    except BrokenPipeError:  # whoever reads has seen enough, as in `hansa query … | head`
        _discard_the_rest()
        raise SystemExit(_READER_GONE) from None


def _watched(shown: TextIO) -> io.TextIOWrapper:
    """Standard output again, on the same file and with the same buffering."""
    assert isinstance(shown, io.TextIOWrapper), "the interpreter's own standard output"
    shown.flush()
    file = _StandardOutput(_STDOUT_FD, "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(file),
        encoding=shown.encoding,
        errors="replace" if shown.errors == "strict" else shown.errors,  # a character less, and no traceback
        line_buffering=shown.line_buffering,
        write_through=shown.write_through,
    )


def _discard_the_rest() -> None:
    """What is still buffered goes nowhere: the interpreter flushes once more when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDOUT_FD)
    os.close(nowhere)
