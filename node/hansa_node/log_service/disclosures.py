"""Disclosures: one field of one opening for an entitled auditor, shown after the log has recorded the read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from hansa_core.evidence.log_entries import OpeningRead
from hansa_core.evidence.opening import encode_disclosure
from hansa_node.clock import Clock
from hansa_node.log.own_log import OwnLog
from hansa_node.log_service.visitors import Visitor, VisitorRole
from hansa_node.store.errors import StoreUnavailableError

MOST_OPENINGS = 4096
"""How many entries one request goes through."""
MAX_SHOWN_BYTES = 8 * 1024 * 1024
"""After how many bytes of openings an answer ends; one opening alone may be longer."""


class LogStatus(Protocol):
    """What the witnesses make of the own log. `is_confirmed`: whether it takes entries yet."""

    @property
    def is_confirmed(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureReader:
    """`readers`: the cities whose auditors are entitled. `status`: of `log`, which records each read.

    Blocking: for a thread.
    """

    log: OwnLog
    readers: Collection[str]
    status: LogStatus
    clock: Clock

    def may_read(self, visitor: Visitor | None) -> bool:
        """Whether the visitor is shown openings at all."""
        return visitor is not None and visitor.role is VisitorRole.AUDITOR and visitor.city in self.readers

    def read(self, index: int, field: str, reader: Visitor) -> bytes | None:
        """The field as `decode_disclosure` reads it; None where there is no such, or retention deleted it.

        Raises StoreUnavailableError where the read cannot be recorded: then nothing is shown.
        """
        if not self.status.is_confirmed:
            raise StoreUnavailableError("nothing is signed before the witnesses were heard; ask again in a minute")
        opening = self.log.opening(index)
        disclosure = opening.disclosure(field) if opening else None
        if disclosure is None:
            return None
        self.log.append(OpeningRead(index=index, field=field, reader=reader.city), now=self.clock())
        return encode_disclosure(disclosure)

    def read_many(self, first: int, last: int, fields: Sequence[str], reader: Visitor) -> bytes:
        """The fields of all openings from entry `first` to `last`, a line each: its entry's number, and the disclosure.

        The first line is the last entry that was come to: where there is too much for one answer, one asks again from
        there. One entry of the log tells of it all. Raises StoreUnavailableError as `read` does.
        """
        if not self.status.is_confirmed:
            raise StoreUnavailableError("nothing is signed before the witnesses were heard; ask again in a minute")
        last = min(last, first + MOST_OPENINGS - 1, self.log.size - 1)
        lines: list[bytes] = []
        size = 0
        for index, opening in self.log.openings(first, last):
            shown = (opening.disclosure(field) for field in fields)
            content = [b"%d %s\n" % (index, encode_disclosure(each)) for each in shown if each is not None]
            size += sum(map(len, content))
            if lines and size > MAX_SHOWN_BYTES:
                last = index - 1
                break
            lines += content
        if lines:
            read = OpeningRead(index=first, fields=tuple(fields), until=last, reader=reader.city)
            self.log.append(read, now=self.clock())
        return b"".join((b"%d\n" % last, *lines))
