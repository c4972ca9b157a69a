"""A demo league on disk: roster, keys, and for each city a node with its own data, mapped and published."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from hansa_core.errors import ConfigError
from hansa_demo.demo_league import DemoLeague, contract_file
from hansa_demo.leagues import league_called
from hansa_demo.leagues.permits import PERMITS
from hansa_demo.processes import Service, run_hansa, running
from hansa_league.founding.create import create_league
from hansa_local.clock import utc_now
from hansa_local.profile import load_profile
from hansa_local.trust_anchor import load_roster

HOST = "127.0.0.1"
CITIES = PERMITS.cities
_COMPLETE = ".demo-complete"  # absent while a league is being made: a crash leaves no half a league to start


def make_league(
    directory: Path,
    league: DemoLeague = PERMITS,
    *,
    addresses: Sequence[str] = (),
    coordinators: int = 1,
    say: Callable[[str], None],
) -> None:
    """Make the whole league under `directory`, which must not hold one yet.

    `addresses`: as `create_league` takes them; whoever has none listens on a free port of the loopback interface.
    `coordinators`: how many.
    """
    say("making keys, certificates and a signed roster")
    create_league(
        directory,
        name=league.roster_name,
        cities=league.cities,
        contracts=[contract_file(contract) for contract in league.contracts],
        purposes=league.purposes,
        outbound=league.outbound,
        addresses=addresses,
        ports=free_ports(2 * len(league.cities) + coordinators),
        replicas=coordinators,
        host=HOST,
    )
    say("each city maps its own files and publishes its tables")
    with ThreadPoolExecutor(max_workers=2) as pool:
        for city in pool.map(lambda city: make_node(directory, league, city), league.cities):
            say(f"  {city} is ready")
    (directory / _COMPLETE).write_text(league.name, encoding="utf-8")


def make_node(directory: Path, league: DemoLeague, city: str) -> str:
    """Set up one city's node: its folder, its source files, its manifests, and each ingest in a process of its own."""
    home = node_home(directory, city)
    run_hansa("node", "init", str(home), "--league", str(directory), "--city", city)
    _take_part_in_registers(home / "node.toml")
    source = home / "source"
    source.mkdir(mode=0o700)
    league.write_source(city, source)
    for path in source.iterdir():
        path.chmod(0o600)
    for contract in league.contracts:
        manifest = home / "manifests" / f"{contract.name}.yaml"
        manifest.write_text(league.manifest(contract, city), encoding="utf-8")
        run_hansa("node", "ingest", contract.name, "--config", str(home / "node.toml"))
    return city


def _take_part_in_registers(settings: Path) -> None:
    """Let the city's log say that its questions may stand in a public register."""
    default, text = "# register = false", settings.read_text(encoding="utf-8")
    assert text.count(default) == 1, f"{settings} no longer shows the default of log.register"
    settings.write_text(text.replace(default, "register = true"), encoding="utf-8")


@contextmanager
def running_league(directory: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The league's processes by name, from when all of them listen until the block ends."""
    nodes, coordinators = services_in(directory)
    listening = [node for node in nodes if node.host is not None]
    attaching = [node for node in nodes if node.host is None]
    # Whoever dials comes after those who are dialled, and would otherwise wait before dialling again.
    with running(listening) as cities, running(coordinators) as hubs, running(attaching) as others:
        yield cities | hubs | others


def league_in(directory: Path) -> DemoLeague | None:
    """The demo league that was made in `directory`; None if there is none, or half of one."""
    complete = directory / _COMPLETE
    if not complete.exists():
        return None
    try:
        return league_called(complete.read_text(encoding="utf-8"))
    except ValueError as unknown:
        raise ConfigError(f"{complete}: {unknown}; remove the folder and make the league anew") from None


def services_in(directory: Path) -> tuple[list[Service], list[Service]]:
    """A node for each city, and the coordinators, where the roster says that they listen."""
    profile = load_profile(directory / "profile.toml")
    roster = load_roster(profile, utc_now())
    logs = directory / "text-logs"  # logs/ is where an auditor fetches the cities' logs to
    logs.mkdir(exist_ok=True)
    nodes = [
        Service(
            name=member.city,
            arguments=("node", "serve", "--config", str(node_home(directory, member.city) / "node.toml")),
            host=member.host,
            port=member.port,
            log=logs / f"{member.city}.log",
            says=("log open",) if member.host is not None else ("log open", "attached"),
        )
        for member in roster.members
    ]
    coordinators = [
        Service(
            name=entry.name,
            arguments=("coordinator", "serve", "--config", str(directory / "coordinator" / "coordinator.toml")),
            host=entry.host,
            port=entry.port,
            log=logs / f"{entry.name}.log",
        )
        for entry in roster.coordinators
    ]
    return nodes, coordinators


def node_home(directory: Path, city: str) -> Path:
    """Where a city's node keeps its configuration, source and datasets."""
    return directory / "nodes" / city


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on at this moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for free in sockets:
            free.bind((HOST, 0))
        return [free.getsockname()[1] for free in sockets]
    finally:
        for free in sockets:
            free.close()
