"""One round of a watch: fetch each log, verify it, and hold it against what others have of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hansa.errors import TrustError, UnreachableError
from hansa_audit.fetching.auditor_profile import roster_of
from hansa_audit.fetching.fetch_log import DEFAULT_MAX_ENTRIES, ContradictionError, MirrorError, fetch_log
from hansa_audit.fetching.log_source import NotAllowedError
from hansa_audit.fetching.places import Wanted, wanted_log
from hansa_audit.folder.findings import FileRule
from hansa_audit.folder.held_log import HeldLog, open_log
from hansa_audit.folder.log_folder import CHECKPOINT
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_audit.watching.bounded_source import DEFAULT_MAX_BYTES, bounded, size_of
from hansa_audit.watching.other_heads import (
    ToldHead,
    contradicted_by,
    mirrors_contradiction,
    told_heads,
    withheld_from,
)
from hansa_audit.watching.watch_folder import WatchFolder
from hansa_audit.watching.watched_log import WatchedLog, WatchState
from hansa_core.errors import ConfigError, PeerError
from hansa_core.league.roster import Roster
from hansa_local.profile import AuditorProfile

_AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRound:
    """What a round is about. `max_age_s`: how old a log may be; None: any age.

    `max_entries`, `max_bytes`: how large a log, and its folder, may become: a city that lies fills no disk.
    """

    profile: AuditorProfile
    cities: tuple[str, ...]
    folder: WatchFolder
    max_age_s: int | None = None
    max_entries: int = DEFAULT_MAX_ENTRIES
    max_bytes: int = DEFAULT_MAX_BYTES

    def run(self, now: datetime) -> tuple[WatchedLog, ...]:
        """The state of each log, in the order of `cities`.

        Raises ConfigError where the profile or the roster is at fault.
        """
        roster, document = roster_of(self.profile, now)
        wanted = {city: self._bounded(city, roster) for city in self.cities or roster.cities}
        with ThreadPoolExecutor(_AT_ONCE) as threads:  # a slow city holds no other one up
            asked = {city: threads.submit(self._fetched, wanted[city], roster, document, now) for city in wanted}
        states = {city: state.result() for city, state in asked.items()}
        logs = {city: open_log(self.folder.log_of(city)) for city, state in states.items() if _has_sound_log(state)}
        heads = tuple(told_heads(logs))
        for city, log in logs.items():
            states[city] = _held_against_others(states[city], log, wanted[city], heads)
        return tuple(states.values())

    def _bounded(self, city: str, roster: Roster) -> Wanted:
        room = self.max_bytes - size_of(self.folder.log_of(city))
        return bounded(wanted_log(city, self.profile, roster), room)

    def _fetched(self, wanted: Wanted, roster: Roster, document: bytes, now: datetime) -> WatchedLog:
        city, root = wanted.member.city, self.folder.log_of(wanted.member.city)
        unread: WatchedLog | None = None
        try:
            fetched = fetch_log(wanted, root, roster=roster, document=document, max_entries=self.max_entries)
            if wanted.own is not None and fetched.source != wanted.own.name:
                text = "; ".join(fetched.notes) or "the city itself did not answer"
                unread = WatchedLog(city=city, state=WatchState.OUTAGE, text=text)
        except (UnreachableError, MirrorError) as away:
            unread = WatchedLog(city=city, state=WatchState.OUTAGE, text=str(away))
        except NotAllowedError as closed:
            unread = WatchedLog(city=city, state=WatchState.NOT_ALLOWED, text=str(closed))
        except ConfigError as own:  # what lies at the auditor's side: other logs are watched all the same
            unread = WatchedLog(city=city, state=WatchState.BLOCKED, text=str(own))
        except ContradictionError as forked:
            return WatchedLog(city=city, state=WatchState.FORK, text=forked.text)
        except TrustError as broken:
            return WatchedLog(city=city, state=WatchState.UNSOUND, text=broken.text)
        except PeerError as broken:
            return WatchedLog(city=city, state=WatchState.UNSOUND, text=str(broken))
        if unread is not None and not (root / CHECKPOINT).exists():
            return unread
        try:
            return self._verified(city, unread, now)
        except (ConfigError, PeerError) as broken:  # the folder lacks what its log is checked by
            return WatchedLog(city=city, state=WatchState.UNSOUND, text=str(broken))

    def _verified(self, city: str, unread: WatchedLog | None, now: datetime) -> WatchedLog:
        """What the folder holds. `unread`: why the city itself was not read, which counts where all of it holds."""
        verdict = verify_folder(self.folder.log_of(city), anchor=self.profile)
        state = WatchedLog(
            city=city,
            state=WatchState.SOUND,
            text=f"{verdict.size} entries, everything holds",
            size=verdict.size,
            root=verdict.root.hex(),
        )
        now_unix_s = int(now.replace(tzinfo=UTC).timestamp())
        if not verdict.holds:
            first = verdict.findings[0]
            is_fork = any(finding.rule is FileRule.CONSISTENCY for finding in verdict.findings)
            more = len(verdict.findings) - 1 + verdict.dropped
            text = f"{first.place.english}: {first.text}" + (f", and {more} more findings" if more else "")
            return replace(state, state=WatchState.FORK if is_fork else WatchState.UNSOUND, text=text)
        if unread is not None:
            return replace(unread, size=state.size, root=state.root)
        if self.max_age_s is not None and verdict.freshness.is_stale(now_unix_s, self.max_age_s):
            return replace(state, state=WatchState.STALE, text="no quorum of witnesses confirmed it lately")
        return state


def _has_sound_log(state: WatchedLog) -> bool:
    """Whether entries of it can be relied on, old as they may be."""
    return state.size is not None and state.state.badness < WatchState.UNSOUND.badness


def _held_against_others(state: WatchedLog, log: HeldLog, wanted: Wanted, told: tuple[ToldHead, ...]) -> WatchedLog:
    why = mirrors_contradiction(log, wanted)
    if why is not None:
        return replace(state, state=WatchState.FORK, text=why)
    heads = tuple(head for head in told if head.origin == wanted.member.log_origin)
    doubts = (*(contradicted_by(log, head) for head in heads), withheld_from(log, heads))
    doubt = next((each for each in doubts if each is not None), None)  # another city's word alone proves no fork
    return state if doubt is None else replace(state, state=WatchState.UNSOUND, text=doubt)
