"""Public bytes of a league that need no question: descriptions, verdicts of dry runs, health and the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from hansa.asking.connect import open_session
from hansa_audit.fetching.auditor_profile import load_auditor, roster_of
from hansa_audit.fetching.fetch_log import fetch_log
from hansa_audit.fetching.fetch_opening import fetch_all_openings
from hansa_audit.fetching.places import wanted_log
from hansa_audit.folder.held_log import open_log
from hansa_core.errors import RefusedError
from hansa_core.evidence.body import OPENING_FIELDS
from hansa_local.clock import utc_now
from hansa_redteam.running.stage import AttackedLeague
from hansa_wire.rpc.tls import dial_sync

# Whoever reads these of an opening is told them: the question as its asker wrote it, and who asked.
OF_THE_ASKER = frozenset({"query", "credential"})


def spoken(stage: AttackedLeague, statements: Sequence[str] = ()) -> Iterator[bytes]:
    """Descriptions, the verdicts of dry runs, and what health and reflection say."""
    for word in stage.league.published():
        if word.proof is not None:
            yield word.proof.envelope.payload
    for statement in statements:
        try:
            verdicts = stage.league.dry_run(statement)
        except RefusedError:
            continue
        for verdict in verdicts:
            if verdict.proof is not None:
                yield verdict.proof.envelope.payload
    yield from _health(stage)


def log_pages(stage: AttackedLeague) -> Iterator[bytes]:
    """Every page of each city's log, and the openings that its own auditor is shown, without the asker's own words."""
    for city in stage.configs:
        profile = load_auditor(stage.directory / "auditors" / city / "profile.toml")
        roster, document = roster_of(profile, utc_now())
        wanted = wanted_log(city, profile, roster)
        with TemporaryDirectory(prefix="hansa-log-") as temporary:
            folder = Path(temporary)
            fetch_log(wanted, folder, roster=roster, document=document)
            fields = [field for field in OPENING_FIELDS if field not in OF_THE_ASKER]
            fetch_all_openings(wanted, open_log(folder), fields)
            yield from (path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def _health(stage: AttackedLeague) -> Iterator[bytes]:
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    session, address = open_session(stage.directory / "profile.toml")
    with closing(session), dial_sync(**asdict(address)) as channel:
        said = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=30)
        yield said.SerializeToString()
