"""Class 18, metadata: suppressed values in buffers, dictionaries, refusals, receipts, catalogue and health."""

from __future__ import annotations

from collections.abc import Iterator

from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman
from hansa_redteam.attacks.homes import CONTRACT, WARDS, marked, marks
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker, AttackReply
from hansa_redteam.running.public_bytes import log_pages, spoken
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.running.traces import traces, unpacked
from hansa_redteam.strawmen.masked_cells import MASKED_BUFFERS

QUESTIONS = (
    f"SELECT ward, SUM(income) AS s FROM {CONTRACT} GROUP BY ward",
    f"SELECT ward, AVG(income) AS a, COUNT(*) AS n FROM {CONTRACT} GROUP BY ward",
    f"SELECT SUM(income) AS s FROM {CONTRACT} WHERE ward IN ('w00', 'w01')",
    f"SELECT kind, MEDIAN(income) AS m FROM {CONTRACT} GROUP BY kind",
    f"SELECT MAX(income) AS m FROM {CONTRACT}",
    f"SELECT surname, COUNT(*) AS n FROM {CONTRACT} GROUP BY surname",
    f"SELECT ward, kind, COUNT(*) AS n FROM {CONTRACT} GROUP BY ward, kind",
    f"SELECT COUNT(DISTINCT home) AS n FROM {CONTRACT} WHERE ward = 'w03'",
)


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    content = [part for statement in QUESTIONS for part in _bytes(attacker.ask(statement))]
    content += [*spoken(stage, QUESTIONS), *log_pages(stage)]
    texts = [f"Marked-{ward}" for ward in WARDS]
    found = {trace for part in content for trace in traces(part, marks(), texts)}
    numbers = sum(isinstance(trace, int) for trace in found)
    told = f"{numbers} of {len(WARDS)} suppressed sums and {len(found) - numbers} surnames in {len(content)} messages"
    return AttackMeasure(success=len(found) / len(WARDS), told=told)


def _bytes(reply: AttackReply) -> Iterator[bytes]:
    for one in reply.given:
        yield one.envelope.payload
        yield one.receipt
    for release in reply.releases():
        yield unpacked(release.partial_ipc)


METADATA = Attack(
    key="18",
    title="Metadata and buffers",
    does="Searches every byte that leaves the city, Arrow buffers under null bits, refusals, receipts, descriptions,"
    " health and log pages, for suppressed sums and names.",
    metric="marked values found, as a share of the suppressed cells",
    bound=0.0,
    setting=marked,
    measure=_measure,
    strawman=Strawman(
        lacks="building each release anew: suppressed values are masked where they stand", removals=MASKED_BUFFERS
    ),
)
