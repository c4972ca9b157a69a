"""Builds the images, starts a league of containers, breaks it fault by fault, and fails if a promise is broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import docker
from docker.models.containers import Container

from hansa_container_engine import base_image, engine
from hansa_fault_table import End, Row, Truth, end_of, heading, line

ROOT = Path(__file__).parents[1]
_COMPOSE = (str(Path(sys.executable).parent / "docker-compose"), "--file", str(ROOT / "deploy" / "compose.yaml"))
_STATEMENT = "SELECT city, COUNT(*) AS n FROM housing.permits GROUP BY city\n"
_QUESTIONS = 5
_UP_S, _RECOVERY_S = 300, 120.0


def main() -> int:
    """Print a line for each fault. Returns 1 if an answer was wrong or lost, or the league did not recover."""
    with engine() as client:
        os.environ["BASE_IMAGE"] = base_image(client)
        began = time.monotonic()
        _compose("build")
        print(f"images built in {time.monotonic() - began:.0f} s: {_sizes(client)}", flush=True)
        try:
            return 0 if _broken(client) else 1
        finally:
            _compose("--profile", "ask", "down", "--volumes", "--remove-orphans")


def _broken(client: docker.DockerClient) -> bool:
    began = time.monotonic()
    _compose("up", "--detach", "--wait", f"--wait-timeout={_UP_S}")
    print(f"league up and healthy in {time.monotonic() - began:.0f} s", flush=True)
    with Asker.started() as asker:
        truth = asker.truth()
        print(f"first whole answer after {time.monotonic() - began:.0f} s\n{heading()}", flush=True)
        rows = [_run(name, broken, asker, truth) for name, broken in _faults(Containers(client)).items()]
    return all(row.holds for row in rows)


def _run(name: str, broken: AbstractContextManager[None], asker: Asker, truth: Truth) -> Row:
    """Break the league, ask while it is broken, mend it, and ask until all cities answer."""
    ends: Counter[End] = Counter()
    with broken:
        for _ in range(_QUESTIONS):
            ends[asker.end(truth)] += 1
    ended = time.monotonic()
    recovered_s = None
    while recovered_s is None and time.monotonic() - ended < _RECOVERY_S:
        end = asker.end(truth)
        ends[end] += 1
        recovered_s = time.monotonic() - ended if end is End.ANSWERED else None
    row = Row(fault=name, ends=ends, recovered_s=recovered_s)
    print(line(row), flush=True)
    return row


@dataclass(frozen=True, slots=True)
class Asker:
    """An analyst in a container of the league's network, who asks once for each line that it is sent."""

    said: IO[str]
    heard: IO[str]

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Asker]:
        run = ("--profile", "ask", "run", "--rm", "--no-deps", "--no-TTY", "--entrypoint", "python3")
        script = ("--volume", f"{ROOT / 'faults'}:/faults:ro", "ask", "/faults/container_asker.py")
        with subprocess.Popen(
            [*_COMPOSE, *run, *script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            yield cls(process.stdin, process.stdout)
            process.stdin.close()

    def answer(self) -> Mapping[str, Any]:
        self.said.write(_STATEMENT)
        self.said.flush()
        answer: Mapping[str, Any] = json.loads(self.heard.readline())
        return answer

    def truth(self) -> Truth:
        """What all cities answer together, before anything is broken."""
        answer = self.answer()
        if None in answer.get("figures", {None: None}).values():
            raise SystemExit(f"the league is not whole before anything was broken: {answer}")
        truth: Truth = answer["figures"]
        return truth

    def end(self, truth: Truth) -> End:
        answer = self.answer()
        if "refused" in answer:
            return End.REFUSED
        return end_of(answer["figures"], answer["reasons"], truth)


@dataclass(frozen=True, slots=True)
class Containers:
    """The league's containers, each broken for as long as a block lasts."""

    client: docker.DockerClient

    @contextmanager
    def killed(self, service: str) -> Iterator[None]:
        container = self._of(service)
        container.kill()
        try:
            yield
        finally:
            container.start()

    @contextmanager
    def paused(self, service: str) -> Iterator[None]:
        container = self._of(service)
        container.pause()
        try:
            yield
        finally:
            container.unpause()

    @contextmanager
    def restarted(self, service: str) -> Iterator[None]:
        self._of(service).restart(timeout=15)
        yield

    @contextmanager
    def disconnected(self, service: str) -> Iterator[None]:
        (network,) = self.client.networks.list(names=["hansa_league"])
        container = self._of(service)
        network.disconnect(container)
        try:
            yield
        finally:
            network.connect(container, aliases=[service])

    def _of(self, service: str) -> Container:
        wanted = ["com.docker.compose.project=hansa", f"com.docker.compose.service={service}"]
        labels: dict[str, str | list[str] | bool] = {"label": wanted}
        (container,) = self.client.containers.list(all=True, filters=labels)
        return container


def _faults(league: Containers) -> Mapping[str, AbstractContextManager[None]]:
    return {
        "a listening node is killed": league.killed("los-angeles"),
        "a node that dials out is killed": league.killed("seattle"),
        "a listening node hangs": league.paused("san-diego"),
        "a node that dials out hangs": league.paused("san-francisco"),
        "a node is restarted": league.restarted("los-angeles"),
        "a listening node is cut off": league.disconnected("san-diego"),
        "a node that dials out is cut off": league.disconnected("seattle"),
        "the other coordinator is killed": league.killed("coordinator-2"),
        "the coordinator is killed": league.killed("coordinator"),
        "the coordinator is restarted": league.restarted("coordinator"),
    }


def _sizes(client: docker.DockerClient) -> str:
    images = (client.images.get(f"hansa-{role}") for role in ("node", "coordinator"))
    return ", ".join(f"{image.tags[0].partition(':')[0]} {image.attrs['Size'] / 1e6:.0f} MB" for image in images)


def _compose(*arguments: str) -> None:
    subprocess.run([*_COMPOSE, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
