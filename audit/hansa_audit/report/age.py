"""For which time a log speaks, in a reader's language."""

from __future__ import annotations

from hansa_audit.folder.freshness import Freshness
from hansa_audit.languages.language import Language


def as_of(fresh: Freshness, now_unix_s: int, language: Language) -> str:
    """The time, how long ago that is, and who says so."""
    age_s, at = fresh.age_s(now_unix_s), fresh.as_of_unix_s
    if age_s is None or at is None:
        return language.gettext("of no known time: no witness saw it, and no entry of it can be read")
    time, ago = language.time(at), language.age(age_s, ago=True)
    if fresh.seen_at_unix_s is None:
        return language.gettext(
            "as of %(time)s, %(ago)s, by its newest entry; no witness says that it is the newest", time=time, ago=ago
        )
    return language.gettext("as of %(time)s, %(ago)s, when enough witnesses knew nothing newer", time=time, ago=ago)
