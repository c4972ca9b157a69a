"""Costs of a question in each process, beside heavy questions and at rest: processor time, waits, memory, and aims.

Processor time, not wall time, and medians of groups of questions: what else the machine does then changes little. How
fast its cores are at that moment is told by the reference, a signature check that is timed beside each group.
"""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import psutil

import hansa
from hansa_core.league.members import Member
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, sign, verify
from hansa_demo.league import make_league, node_home, running_league
from hansa_demo.leagues.flights import FLIGHTS
from hansa_league.files.league_layout import LeagueLayout
from heavy_asker import AT_ONCE
from report import figure, heading, percentile, row

GROUPS = 9
IN_A_GROUP = 50
WARM_UP = 40
LIGHT = 100
IDLE_S = 5.0
CONNECTIONS = 200
_CHECKS = 200

_REPEATED = """
    SELECT city, COUNT(*) AS n, SUM(distance) AS km, AVG(air_time) AS aloft
    FROM mobility.departures GROUP BY city ORDER BY city"""
# `{n}` is another number each time, so that nothing comes from a stored release; no row has it, so none is left out.
_LIGHT = """
    SELECT COUNT(*) AS n, AVG(departure_delay) AS late
    FROM mobility.departures WHERE city = '{city}' AND arrival_delay <> {n}"""
Cpu = dict[str, float]


def measure() -> None:
    """Print the sections, over three cities with 336,776 real departures."""
    with tempfile.TemporaryDirectory(prefix="hansa-bench-") as temporary:
        directory = Path(temporary)
        make_league(directory, FLIGHTS, say=lambda _: None)
        with running_league(directory) as started:
            processes = {name: psutil.Process(process.pid) for name, process in started.items()}
            _idle(processes, _libraries(directory))
            with hansa.connect(directory / "profile.toml") as league:
                _repeated(league, processes)
                member = league.roster.members[0]
            _connections(directory, member, processes[member.city])
            _beside_heavy(directory)


def _libraries(directory: Path) -> dict[str, int]:
    """Bytes of a process that has loaded a node's libraries and opened a city's file, and nothing else."""
    city = FLIGHTS.cities[0]
    file = min(node_home(directory, city).glob("**/v000001.duckdb"))
    script = str(Path(__file__).with_name("bare_memory.py"))
    told = subprocess.run([sys.executable, script, str(file)], check=True, capture_output=True, text=True)
    return dict(json.loads(told.stdout))


def _idle(processes: dict[str, psutil.Process], libraries: dict[str, int]) -> None:
    heading("at rest, before the first question")
    alone, own = (libraries[name] / 2**20 for name in ("resident", "own"))
    figure("reference: a node's libraries with one file open", alone, f"MiB (RSS), {own:.0f} of it not shared")
    before = _cpu_s(processes)
    time.sleep(IDLE_S)
    used = _since(before, processes)
    for name, process in processes.items():
        resident = process.memory_info().rss
        own = process.memory_full_info().uss
        loads = ", pandas" if any("pandas" in held.path for held in process.memory_maps()) else ""
        aim = "" if name == "coordinator" else "; aim 150"
        times = f", {resident / libraries['resident']:.2f} × reference" if aim else ""
        figure(name, resident / 2**20, f"MiB (RSS{aim}), {own / 2**20:.0f} of it not shared{loads}{times}")
        figure("  shared pages counted by share", process.memory_full_info().pss / 2**20, "MiB (PSS)")
        figure(f"  {name}: processor time", 1000 * used[name] / IDLE_S, "ms in a second")


def _repeated(league: hansa.League, processes: dict[str, psutil.Process]) -> None:
    heading(f"processor time of a repeated question to three cities, medians of {GROUPS} groups of {IN_A_GROUP}")
    for _ in range(WARM_UP):
        league.sql(_REPEATED)
    sdk: list[float] = []
    coordinator: list[float] = []
    nodes: list[float] = []
    checks: list[float] = []
    for _ in range(GROUPS):
        checks.append(_signature_check_s())
        before, own = _cpu_s(processes), process_time()
        for _ in range(IN_A_GROUP):
            league.sql(_REPEATED)
        sdk.append((process_time() - own) / IN_A_GROUP)
        used = _since(before, processes)
        coordinator.append(used.pop("coordinator") / IN_A_GROUP)
        nodes.append(sum(used.values()) / len(used) / IN_A_GROUP)
    figure("reference: a signature check", 1e6 * median(checks), "µs")
    for name, spent, aim_ms in (("SDK", sdk, 5.0), ("coordinator", coordinator, 2.0), ("each node", nodes, 1.5)):
        times = median(each / check for each, check in zip(spent, checks, strict=True))
        figure(name, 1000 * median(spent), f"ms (aim {aim_ms:g}), {times:.0f} × reference")


def _beside_heavy(directory: Path) -> None:
    """One analyst asks heavy questions from many threads, the analyst of another city light ones; all of one node.

    Of one, since each city has a machine of its own: nodes that share this one's cores would be in each other's way.
    """
    heading(
        f"a light question to one node alone, and beside {AT_ONCE} heavy ones of another city's analyst; {LIGHT} each"
    )
    layout = LeagueLayout(directory)
    asked, busy, other = FLIGHTS.cities
    numbers = count(100_000)
    with hansa.connect(layout.analyst(other) / "profile.toml") as league:

        def light() -> float:
            return _seconds(lambda: league.sql(_LIGHT.format(city=asked, n=next(numbers))))

        for _ in range(WARM_UP):
            light()
        alone = [light() for _ in range(LIGHT)]
        with _asking_heavy_questions(layout.analyst(busy) / "profile.toml", asked) as answered:
            beside = [light() for _ in range(LIGHT)]
    row("alone", alone)
    row("beside", beside)
    ratio = percentile(beside, 0.99) / percentile(alone, 0.99)
    figure("p99 beside / p99 alone", ratio, "(aim at most 3)")
    figure("heavy questions answered meanwhile", len(answered), f"each in {percentile(answered, 0.5):.1f} s (median)")


@contextmanager
def _asking_heavy_questions(profile: Path, city: str) -> Iterator[list[float]]:
    """From when the first one was answered until the block ends; how many seconds each took, known at the end."""
    script = str(Path(__file__).with_name("heavy_asker.py"))
    asker = subprocess.Popen([sys.executable, script, str(profile), city], stdout=subprocess.PIPE, text=True)
    assert asker.stdout is not None
    asker.stdout.readline()
    took: list[float] = []
    try:
        yield took
    finally:
        asker.terminate()
        took += map(float, asker.stdout.read().splitlines())
        asker.wait()


def _connections(directory: Path, member: Member, node: psutil.Process) -> None:
    """TLS connections of a roster peer that were made, and say nothing."""
    heading(f"memory of an idle TLS connection to a node, {CONNECTIONS} of them")
    identity = directory / "coordinator"
    context = ssl.create_default_context(cadata=member.ca_pem.decode())
    context.load_cert_chain(identity / "tls.pem", identity / "tls.key")
    context.set_alpn_protocols(["h2"])
    assert member.host is not None
    assert member.port is not None
    before = node.memory_full_info().uss
    with ExitStack() as open_ones:
        for _ in range(CONNECTIONS):
            plain = socket.create_connection((member.host, member.port))
            open_ones.enter_context(context.wrap_socket(plain, server_hostname=member.server_name))
        time.sleep(IDLE_S / 5)  # no longer: a connection that never speaks is ended after some seconds
        grown = node.memory_full_info().uss - before
    figure("each", grown / CONNECTIONS / 1024, "KiB of the node's own memory")


def _cpu_s(processes: dict[str, psutil.Process]) -> Cpu:
    times = {name: process.cpu_times() for name, process in processes.items()}
    return {name: float(spent.user + spent.system) for name, spent in times.items()}


def _since(before: Cpu, processes: dict[str, psutil.Process]) -> Cpu:
    return {name: spent - before[name] for name, spent in _cpu_s(processes).items()}


def _signature_check_s() -> float:
    signer = Ed25519Signer(bytes(32))
    envelope = sign(payload_types.ANSWER, bytes(1000), signer)
    started = process_time()
    for _ in range(_CHECKS):
        verify(envelope, payload_types.ANSWER, [signer.public_key])
    return (process_time() - started) / _CHECKS


def _seconds(call: Callable[[], object]) -> float:
    started = perf_counter()
    call()
    return perf_counter() - started


if __name__ == "__main__":
    measure()
