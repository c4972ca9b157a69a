"""Brings the documents of rules that a fetched log names, each held against its hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hansa.errors import UnreachableError
from hansa_audit.fetching.log_source import LogSource, NotThereError
from hansa_audit.fetching.naming_entries import documents_named
from hansa_audit.folder.log_folder import MAX_TEXT_BYTES, LogFolder
from hansa_core.errors import ConfigError, PeerError


def fetch_rules(sources: Iterable[LogSource], folder: LogFolder, size: int) -> Iterator[str]:
    """Bring what the folder lacks, from the first source that shows it; yields a note for each that did not come.

    They are no part of what was signed but by their hashes: a log whose rules are not shown is fetched all the same.
    """
    asked = list(sources)
    for named in documents_named(folder, size):
        if folder.has(named.file):
            continue
        notes: list[str] = []
        for source in tuple(asked):
            try:
                content = source.get(named.file, MAX_TEXT_BYTES)
                named.read(content)
            except UnreachableError:
                asked.remove(source)  # the next document is not waited for
            except (NotThereError, ConfigError):
                notes.append(f"{source.name}: does not show the {named.subject} that entry {named.index} names")
            except PeerError as broken:
                notes.append(f"{source.name}: {named.file}: {broken}; it was not kept")
            else:
                folder.write(named.file, content)
                break
        else:
            yield (
                notes[0]
                if notes
                else f"nobody who was reached shows the {named.subject} that entry {named.index} names"
            )
