"""One running demo league for all end-to-end tests: real processes, real mutual TLS, real data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import hansa
from hansa_demo.league import make_league, running_league
from hansa_running_league import RunningLeague


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLeague]:
    directory = tmp_path_factory.mktemp("league")
    make_league(directory, say=lambda _: None)
    with running_league(directory) as processes, hansa.connect(directory / "profile.toml") as league:
        yield RunningLeague(directory, processes, league)
        for process in processes.values():  # some tests start a node anew
            process.terminate()
            process.wait()
