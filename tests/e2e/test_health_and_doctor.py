"""`hansa health` and `hansa doctor` beside a running league, as its operators and analysts type them."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from hansa_running_league import RunningLeague, eventually

pytestmark = pytest.mark.xdist_group("league")


def configs(demo: RunningLeague) -> dict[str, Path]:
    return {
        "node": demo.node_config("seattle"),
        "coordinator": demo.directory / "coordinator" / "coordinator.toml",
        "analyst": demo.profile,
    }


@pytest.mark.parametrize("role", ["node", "coordinator"])
def test_a_process_in_order_is_healthy(demo: RunningLeague, role: str) -> None:
    done = demo.run("health", "--config", str(configs(demo)[role]), "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["role"], said["healthy"]) == (0, role, True)
    assert demo.run("health", "--config", str(configs(demo)[role])).stdout.startswith(f"{role} ")


@pytest.mark.parametrize("role", ["node", "coordinator", "analyst"])
def test_a_way_in_order_fails_nowhere(demo: RunningLeague, role: str) -> None:
    done = demo.run("doctor", "--config", str(configs(demo)[role]))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "nothing fails"), done.stdout


@pytest.mark.parametrize("listens", [True, False])
def test_a_killed_node_is_named_by_everybody_with_who_mends_it(demo: RunningLeague, listens: bool) -> None:
    city = next(member.city for member in demo.league.roster.members if (member.host is not None) is listens)
    node = str(demo.node_config(city))
    demo.stop(city, signal.SIGKILL)
    try:
        own = demo.run("health", "--config", node)
        assert own.returncode == 1
        assert "nothing runs there; start it" in own.stdout
        coordinator = ("health", "--config", str(configs(demo)["coordinator"]))
        eventually(lambda: f"warning {city}" in demo.run(*coordinator).stdout)
        by_coordinator = demo.run("doctor", "--config", str(configs(demo)["coordinator"]), "--json")
        trouble = {part["name"]: part["state"] for part in json.loads(by_coordinator.stdout)["parts"] if part["remedy"]}
        assert trouble == {city: "warning"} | ({f"the node of {city}, TCP": "failed"} if listens else {})
        by_analyst = demo.run("doctor", "--config", str(configs(demo)["analyst"]))
        assert by_analyst.returncode == 1
        assert f"failed  {city}: " in by_analyst.stdout
    finally:
        demo.start(city)
        eventually(lambda: demo.run("health", "--config", node).returncode == 0)
        eventually(demo.all_answer)


def test_a_file_of_no_role_is_told_what_would_be(demo: RunningLeague, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("a = 1\n")
    for command in ("health", "doctor"):
        done = demo.run(command, "--config", str(tmp_path / "x.toml"))
        assert (done.returncode, done.stdout) == (2, "")
        assert "is no configuration of a role that is installed here (analyst, coordinator, node)" in done.stderr


def test_versions_name_all_parts(demo: RunningLeague) -> None:
    done = demo.run("--version")
    assert done.returncode == 0
    assert {"hansa", "protocol", "python", "grpcio", "node", "coordinator"} <= {
        line.split()[0] for line in done.stdout.splitlines()
    }
