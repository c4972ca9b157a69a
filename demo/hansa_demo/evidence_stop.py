"""The last stop of a tour: the receipts of its answers held against a city's log, the way an auditor does it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from hansa import Answer
from hansa_audit.fetching.auditor_profile import load_auditor, roster_of
from hansa_audit.fetching.fetch_log import fetch_log
from hansa_audit.fetching.places import wanted_log
from hansa_audit.verifying.verdict import Verdict
from hansa_audit.verifying.verdict_text import verdict_lines
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.tlog.proof import decode_proof
from hansa_demo.demo_league import DemoLeague
from hansa_local.clock import utc_now
from hansa_local.profile import AuditorProfile

_COMMANDS = """\
hansa audit fetch {city} logs/{city} --profile auditors/{auditor}/profile.toml
hansa audit verify logs/{city} --profile auditors/{auditor}/profile.toml --receipt answers/"""
_PATIENCE_S = 10.0  # cosignatures follow the entries, and mirrors follow them, within seconds
_POLL_S = 0.3


def show_evidence(home: Path, demo: DemoLeague, answers: Sequence[Answer], console: Console) -> None:
    """Print it. Another city's auditor reads the log; that of a city which only dials out, at its mirrors."""
    city = (demo.outbound or demo.cities)[0]
    auditor = next(each for each in demo.cities if each != city)
    console.print(Text(f"{len(demo.tour) + 1}. And who checks the cities?", style="bold"))
    commands = Syntax(_COMMANDS.format(city=city, auditor=auditor), "sh", background_color="default", word_wrap=True)
    console.print(Padding(commands, (0, 0, 0, 3)))
    receipts = [answer.evidence.answers[city].receipt for answer in answers if city in answer.evidence.answers]
    verdict = _verdict(city, load_auditor(home / "auditors" / auditor / "profile.toml"), receipts)
    console.print(Padding(verdict_lines(verdict, int(time.time())), (0, 0, 0, 3)))
    remark = f"{city} signs every answer and every refusal into this log before it leaves, and other cities cosign it."
    console.print(Text(remark, style="italic"))
    console.print()


def _verdict(city: str, profile: AuditorProfile, receipts: Iterable[bytes]) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="hansa-audit-") as temporary:
        folder, answers = Path(temporary, "log"), Path(temporary, "answers")
        answers.mkdir()
        wanted = 0
        for number, receipt in enumerate(receipts):
            (answers / f"{number}.tlog-proof").write_bytes(receipt)
            wanted = max(wanted, decode_proof(receipt).index + 1)
        _fetch(city, profile, folder, wanted)
        return verify_folder(folder, anchor=profile, receipts=sorted(answers.iterdir()))


def _fetch(city: str, profile: AuditorProfile, folder: Path, wanted: int) -> None:
    """Bring the log to `folder`, waiting a little until it has `wanted` entries."""
    roster, document = roster_of(profile, utc_now())
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        fetched = fetch_log(wanted_log(city, profile, roster), folder, roster=roster, document=document)
        if fetched.size >= wanted or time.monotonic() > deadline:
            return
        time.sleep(_POLL_S)
