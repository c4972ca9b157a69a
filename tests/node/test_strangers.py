"""Strangers at a node's ports, and a node without descriptors: coordinators are answered, and no dataset breaks."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from hansa_core.partial.answer import Release
from hansa_core.signing.dsse import Envelope
from hansa_local.clock import utc_now
from hansa_local.peer_clocks import PeerClocks
from hansa_ports import free_ports
from hansa_test_node import CITY, TRIPS, NodeHome, ingest, make_node, write_source
from hansa_wire.rpc.node_rpc import NodeClient
from hansa_wire.rpc.tls import dial_aio

DEADLINE_S = 60.0
FEW_FILES = 256


@dataclass(frozen=True)
class ServingNode:
    """A node's process, and its two ports."""

    home: NodeHome
    process: subprocess.Popen[str]
    port: int
    log_port: int

    @property
    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def ask(self, query: Envelope) -> Release:
        """The answer over a connection of its own."""

        async def one() -> Envelope:
            member, keys = self.home.roster.member(CITY), self.home.league / "coordinator"
            channel = dial_aio(
                "127.0.0.1",
                self.port,
                ca_pem=member.ca_pem,
                server_name=member.server_name,
                cert_pem=(keys / "tls.pem").read_bytes(),
                key_pem=(keys / "tls.key").read_bytes(),
            )
            async with channel, asyncio.timeout(DEADLINE_S):
                await channel.channel_ready()  # it is dialled again, as a coordinator does
                answered = await NodeClient(channel, CITY, PeerClocks(utc_now)).ask(
                    query, self.home.credential, deadline_s=DEADLINE_S
                )
                return answered.envelope

        outcome = self.home.opened(asyncio.run(one())).outcome
        assert isinstance(outcome, Release)
        return outcome

    def new_data(self) -> None:
        """The next version of the trips, with one more row."""
        write_source(self.home.home, TRIPS.name, extra=1)
        ingest(self.home.config, self.home.roster, TRIPS)


@contextmanager
def serving(folder: Path, *, open_files: int) -> Iterator[ServingNode]:
    """A node that may have `open_files` files open and no more."""
    home = make_node(folder / "league", base_port=free_ports(8)[0])
    port, log_port = free_ports(2)
    path = home.home / "node.toml"
    said = tomlkit.parse(path.read_text(encoding="utf-8"))
    said["listen"].update({"port": port})
    said["log"].update({"port": log_port})
    path.write_text(tomlkit.dumps(said), encoding="utf-8")
    command = [sys.executable, "-m", "hansa", "node", "serve", "--config", str(path)]
    limited = ["sh", "-c", 'ulimit -n "$0"; exec "$@"', str(open_files), *command]
    with subprocess.Popen(limited, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            while "node started" not in (line := process.stderr.readline()):
                assert line, "the node has ended"
            yield ServingNode(home, process, port, log_port)
        finally:
            process.kill()


@contextmanager
def flood(node: ServingNode) -> Iterator[list[int]]:
    """Twice as many strangers as the node may have descriptors, at each port, again and again.

    Gives how many descriptors the node had, when they were all there.
    """
    had: list[int] = []
    is_over = threading.Event()

    def come_and_go() -> None:
        while not is_over.is_set():
            with ExitStack() as strangers:
                for port in (node.port, node.log_port):
                    for _ in range(2 * FEW_FILES):
                        strangers.enter_context(socket.create_connection(("127.0.0.1", port)))
                is_over.wait(1.0)
                had.append(node.open_files)
                is_over.wait(3.0)  # until their handshakes have failed

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        yield had
    finally:
        is_over.set()
        thread.join()


def test_more_strangers_than_descriptors_keep_no_coordinator_out_and_no_dataset_from_changing(tmp_path: Path) -> None:
    with serving(tmp_path, open_files=FEW_FILES) as node, flood(node) as had:
        while not had:
            time.sleep(0.1)
        node.new_data()
        assert node.ask(node.home.signed(node.home.query())).data_version == 2
    assert max(had) < FEW_FILES - 32  # some are the node's own, whatever strangers do


def test_a_full_table_of_descriptors_refuses_nothing_and_heals_without_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path, open_files=FEW_FILES) as node:
        before = node.ask(node.home.signed(node.home.query()))
        limits = resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE, (node.open_files + 1, limits[1]))  # its caller's
        node.new_data()
        during = node.ask(node.home.signed(node.home.query()))
        resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE, limits)
        deadline = time.monotonic() + DEADLINE_S
        while node.ask(node.home.signed(node.home.query())).data_version == 1:  # it is tried again after a while
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert (before.data_version, during.data_version) == (1, 1)
