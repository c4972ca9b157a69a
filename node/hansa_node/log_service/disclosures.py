"""Disclosures: one field of one opening for an entitled auditor, shown after the log has recorded the read."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from hansa_core.evidence.entries import OpeningRead
from hansa_core.evidence.opening import encode_disclosure
from hansa_node.clock import Clock
from hansa_node.log.own_log import OwnLog
from hansa_node.log_service.visitors import Visitor, VisitorRole
from hansa_node.store.errors import StoreUnavailableError


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureReader:
    """`readers`: the cities whose auditors are entitled. `may_log`: whether the log takes entries yet.

    Blocking: for a thread.
    """

    log: OwnLog
    readers: Collection[str]
    may_log: Callable[[], bool]
    clock: Clock

    def may_read(self, visitor: Visitor | None) -> bool:
        """Whether the visitor is shown openings at all."""
        return visitor is not None and visitor.role is VisitorRole.AUDITOR and visitor.city in self.readers

    def read(self, index: int, field: str, reader: Visitor) -> bytes | None:
        """The field as `decode_disclosure` reads it; None where there is no such, or retention deleted it.

        Raises StoreUnavailableError where the read cannot be recorded: then nothing is shown.
        """
        if not self.may_log():
            raise StoreUnavailableError("nothing is signed before the witnesses were heard; ask again in a minute")
        opening = self.log.opening(index)
        disclosure = opening.disclosure(field) if opening else None
        if disclosure is None:
            return None
        self.log.append(OpeningRead(index=index, field=field, reader=reader.city), now=self.clock())
        return encode_disclosure(disclosure)
