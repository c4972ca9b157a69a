"""A demo league on disk: roster, keys, and for each city a node with its own data, mapped and published."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from hansa.league.create import create_league
from hansa.profile import load_profile
from hansa_demo.permits import write_city_source
from hansa_demo.processes import Service, run_hansa, running
from hansa_wire.roster_file import FileRoster

HOST = "127.0.0.1"
CITIES = ("los-angeles", "san-diego", "san-francisco", "seattle")
CONTRACT = "housing.permits.1.yaml"
PURPOSE = "housing-policy"
OUTBOUND = ("seattle",)  # behind a firewall: its node attaches to the coordinator
_COMPLETE = ".demo-complete"  # absent while a league is being made: a crash leaves no half a league to start


def make_league(directory: Path, *, say: Callable[[str], None]) -> None:
    """Make the whole league under `directory`, which must not hold one yet."""
    say("making keys, certificates and a signed roster")
    create_league(
        directory,
        name="sharing-cities-demo",
        cities=CITIES,
        contracts=[contract_file()],
        purposes=[PURPOSE],
        outbound=OUTBOUND,
        ports=free_ports(len(CITIES) + 1),
        host=HOST,
    )
    say("each city maps its own files and publishes its tables")
    with ThreadPoolExecutor(max_workers=2) as pool:
        for city in pool.map(lambda city: make_node(directory, city), CITIES):
            say(f"  {city} is ready")
    (directory / _COMPLETE).touch()


def make_node(directory: Path, city: str) -> str:
    """Set up one city's node: its folder, its source file, its manifest, and the ingest in a process of its own."""
    home = node_home(directory, city)
    run_hansa("node", "init", str(home), "--league", str(directory), "--city", city)
    write_city_source(city, home / "source")
    manifest = resources.files("hansa_demo").joinpath("manifests", f"{city}.yaml").read_text(encoding="utf-8")
    (home / "manifests" / "housing.permits.yaml").write_text(manifest, encoding="utf-8")
    run_hansa("node", "ingest", "housing.permits", "--config", str(home / "node.toml"))
    return city


@contextmanager
def running_league(directory: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The league's processes by name, from when all of them listen until the block ends."""
    nodes, coordinators = _services(directory)
    listening = [node for node in nodes if node.host is not None]
    attaching = [node for node in nodes if node.host is None]
    # Whoever dials comes after those who are dialled, and would otherwise wait before dialling again.
    with running(listening) as cities, running(coordinators) as hubs, running(attaching) as others:
        yield cities | hubs | others


def holds_league(directory: Path) -> bool:
    """Whether `directory` has a demo league that was made to the end."""
    return (directory / _COMPLETE).exists()


def _services(directory: Path) -> tuple[list[Service], list[Service]]:
    """A node for each city, and the coordinators, where the roster says that they listen."""
    profile = load_profile(directory / "profile.toml")
    source = FileRoster(
        path=profile.roster,
        governance_keys=profile.governance_keys,
        governance_threshold=profile.governance_threshold,
    )
    roster = source.load(datetime.now(UTC).replace(tzinfo=None))
    logs = directory / "logs"
    logs.mkdir(exist_ok=True)
    nodes = [
        Service(
            name=member.city,
            arguments=("node", "serve", "--config", str(node_home(directory, member.city) / "node.toml")),
            host=member.host,
            port=member.port,
            log=logs / f"{member.city}.log",
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


def contract_file() -> Path:
    """The contract that the demo cities share: beside the package in a wheel, in `contracts/` in a checkout."""
    packaged = Path(str(resources.files("hansa_demo"))) / "contracts" / CONTRACT
    return packaged if packaged.exists() else Path(__file__).parents[2] / "contracts" / CONTRACT


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
