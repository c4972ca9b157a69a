"""Record lines: the lines that each row of delimited text takes, for a quoted cell may go on over several."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from hansa_tables.source import TextForm

csv.field_size_limit(1 << 24)  # shapes of areas take megabytes; the module's own limit is 128 kB


def cells_of(lines: Iterator[str], form: TextForm, *, strict: bool = True) -> Any:
    """The rows as a csv.reader gives them. `strict`: a quoted cell that does not end as one raises csv.Error."""
    doubled = form.escape == form.quote
    if not form.quote:
        return csv.reader(lines, delimiter=form.delimiter, quoting=csv.QUOTE_NONE, strict=strict)
    return csv.reader(
        lines,
        delimiter=form.delimiter,
        quotechar=form.quote,
        doublequote=doubled,
        escapechar=None if doubled or not form.escape else form.escape,
        strict=strict,
    )


def records(lines: Iterator[str], form: TextForm) -> Iterator[list[str]]:
    """The lines of each row; a comment is a record by itself, whatever quotes it has."""
    for line in lines:
        if is_comment(line, form) or not form.quote or form.quote not in line:
            yield [line]
            continue
        taken = [line]
        next(cells_of(_taking(line, lines, taken), form, strict=False), None)
        yield taken


def is_comment(line: str, form: TextForm) -> bool:
    """Whether a line, or the first cell of one, is a comment."""
    return bool(form.comment) and line.startswith(form.comment)


def quoted_cell_at_fault(line: str, form: TextForm) -> int:
    """The place, from 0, of the first quoted cell that does not end in a line, or goes on after its quote."""
    cell, at = 0, 0
    while at < len(line):
        if line[at] == form.quote:
            end = _end_of_quoted(line, at + 1, form)
            if line[end : end + 1] not in (form.delimiter, "\r", "\n", ""):
                return cell
            at = end
        following = line.find(form.delimiter, at)
        if following < 0:
            return cell
        cell, at = cell + 1, following + 1
    return cell


def _end_of_quoted(line: str, at: int, form: TextForm) -> int:
    """Where a quoted cell ends, after its quote; `at`: where it starts, after the first one."""
    while at < len(line):
        if line[at] == form.escape and line[at + 1 : at + 2] == form.quote:
            at += 2
        elif line[at] == form.quote:
            return at + 1
        else:
            at += 1
    return at


def _taking(first: str, rest: Iterator[str], taken: list[str]) -> Iterator[str]:
    yield first
    for line in rest:
        taken.append(line)
        yield line
