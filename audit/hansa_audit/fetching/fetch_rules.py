"""Brings the documents of rules that a fetched log names, each held against its hash."""

from __future__ import annotations

from collections.abc import Iterator

from hansa.errors import UnreachableError
from hansa_audit.fetching.log_source import LogSource, NotThereError
from hansa_audit.fetching.naming_entries import documents_named
from hansa_audit.folder.log_folder import MAX_TEXT_BYTES, LogFolder
from hansa_core.errors import ConfigError, PeerError


def fetch_rules(source: LogSource, folder: LogFolder, size: int) -> Iterator[str]:
    """Bring what the folder lacks; yields a note for each document that did not come.

    They are no part of what was signed but by their hashes: a log whose rules are not shown is fetched all the same.
    """
    for named in documents_named(folder, size):
        if folder.has(named.file):
            continue
        try:
            content = source.get(named.file, MAX_TEXT_BYTES)
            named.read(content)
        except (UnreachableError, NotThereError, ConfigError):
            yield f"{source.name}: does not show the {named.subject} that entry {named.index} names"
        except PeerError as broken:
            yield f"{source.name}: {named.file}: {broken}; it was not kept"
        else:
            folder.write(named.file, content)
