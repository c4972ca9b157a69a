"""An auditor of a running league: fetches logs over HTTPS and verifies them, as `hansa audit` does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hansa_audit.fetching.auditor_profile import load_auditor, roster_of
from hansa_audit.fetching.fetch_log import Fetched, fetch_log
from hansa_audit.fetching.places import wanted_log
from hansa_audit.folder.held_log import open_log
from hansa_audit.verifying.verdict import Verdict
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.evidence.entry import Entry
from hansa_core.league.roster import Roster
from hansa_core.league.witnesses import log_url, quorum_of, witnesses_of
from hansa_local.clock import utc_now
from hansa_local.profile import AuditorProfile


@dataclass(frozen=True)
class Auditor:
    """`profile_file`: the auditor's. `folder`: holds a folder for each log."""

    profile_file: Path
    folder: Path

    @property
    def roster(self) -> Roster:
        return self._league[0]

    def of(self, city: str) -> Path:
        """Where the city's log lies once it is fetched."""
        return self.folder / city

    def fetch(self, city: str) -> Fetched:
        """Bring the log up to date, from the city or, if it only dials out, from a mirror."""
        return self._fetch(city, self.of(city))

    def fetch_mirrored(self, city: str) -> Fetched:
        """The same from what the first of the city's witnesses mirrors, into a folder of its own."""
        mirror = witnesses_of(self.roster, city)[0]
        return self._fetch(f"{log_url(mirror)}/mirror/{city}", self.folder / f"{city}-mirrored")

    def verify(self, city: str) -> Verdict:
        """Whether the fetched log holds, by the governors whom the auditor trusts."""
        return verify_folder(self.of(city), anchor=self._profile)

    def entries(self, city: str) -> list[Entry]:
        """Those of the fetched log."""
        return [entry for _, entry in open_log(self.of(city)).entries()]

    def keep_receipts(self, city: str, receipts: list[bytes]) -> list[Path]:
        """Put receipts beside the log, where they are held against it."""
        kept = self.of(city) / "receipts"
        kept.mkdir(exist_ok=True)
        paths = [kept / f"{number}.tlog-proof" for number in range(len(receipts))]
        for path, receipt in zip(paths, receipts, strict=True):
            path.write_bytes(receipt)
        return paths

    def quorum(self, city: str) -> int:
        return quorum_of(self.roster, city)

    @cached_property
    def _profile(self) -> AuditorProfile:
        return load_auditor(self.profile_file)

    @cached_property
    def _league(self) -> tuple[Roster, bytes]:
        return roster_of(self._profile, utc_now())

    def _fetch(self, node: str, folder: Path) -> Fetched:
        roster, document = self._league
        return fetch_log(wanted_log(node, self._profile, roster), folder, roster=roster, document=document)
