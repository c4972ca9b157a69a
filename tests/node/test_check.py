"""What `hansa node check` finds, and what the other commands tell an operator."""

from __future__ import annotations

import hashlib
import re
import resource
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hansa_core.errors import ConfigError
from hansa_local.clock import utc_now
from hansa_node.app import resources, service
from hansa_node.app.check import Weight, check
from hansa_node.app.cli import app
from hansa_node.app.config import read_config
from hansa_node.app.init import init_node
from hansa_process import assert_full_disk_is_told
from hansa_test_node import CITY, OTHER_CITY, TRIPS, NodeHome, make_node

RUN = CliRunner()


@pytest.fixture
def own(tmp_path: Path) -> NodeHome:
    """A node whose files the test may change."""
    return make_node(tmp_path / "league")


def found(node: NodeHome, days: int = 0) -> list[str]:
    """What is not in order, `days` from now."""
    config = read_config(node.home / "node.toml")
    findings = check(config, utc_now() + timedelta(days=days))
    return [str(finding) for finding in findings if finding.weight is not Weight.OK]


def test_a_node_in_order_has_nothing_to_fix(node: NodeHome) -> None:
    assert found(node) == []
    done = RUN.invoke(app, ["check", "--config", str(node.home / "node.toml")])
    assert done.exit_code == 0
    assert "town.trips/1: level open, data version 1" in done.stdout
    assert f"log: read at {read_config(node.home / 'node.toml').log.host}:" in done.stdout


def test_a_full_disk_behind_standard_output_ends_the_check_without_a_traceback(node: NodeHome) -> None:
    assert_full_disk_is_told("node", "check", "--config", node.home / "node.toml")


Break = Callable[[NodeHome], object]


def rewrite(path: str, old: str, new: str) -> Break:
    def change(node: NodeHome) -> None:
        file = node.home / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return change


def swap(path: str) -> Break:
    """Put the other city's file of that name there."""

    def change(node: NodeHome) -> None:
        name = Path(path).name
        (node.home / path).write_bytes((node.league / "cities" / OTHER_CITY / name).read_bytes())

    return change


BREAKS: dict[str, tuple[Break, str]] = {
    "no roster": (lambda node: (node.home / "roster.json").unlink(), "FIX   roster: .*roster.json: cannot be read"),
    "a tampered roster": (rewrite("roster.json", '"sig": "', '"sig": "AAAA'), "FIX   roster: the roster cannot be"),
    "foreign governors": (
        rewrite("node.toml", 'governance_keys = ["', 'governance_keys = ["' + "ab" * 32 + '", "'),
        "FIX",
    ),
    "not in the roster": (rewrite("node.toml", f'city = "{CITY}"', 'city = "bremem"'), "did you mean bremen"),
    "another city's answer key": (swap("keys/answer.key"), "is not the answer key that the roster names for bremen"),
    "another city's log key": (swap("keys/log.key"), "is not the log key that the roster names for bremen"),
    "another city's witness key": (swap("keys/witness.key"), "is not the witness key that the roster names for bremen"),
    "another city's certificate": (swap("keys/tls.pem"), "is not the certificate that the roster pins for bremen"),
    "no certificate": (lambda node: (node.home / "keys/tls.pem").write_text("x"), "is no certificate in PEM"),
    "another city's TLS key": (swap("keys/tls.key"), "is not the key of .*tls.pem; install the two that were made"),
    "a key open to others": (lambda node: (node.home / "keys/answer.key").chmod(0o644), "chmod 600"),
    "a misspelt policy": (rewrite("policy.toml", "version", "vresion"), "did you mean version"),
    "a purpose nobody has": (rewrite("policy.toml", '"statistics"', '"statistic"'), "the league has no purpose"),
    "a dataset without a rule": (rewrite("policy.toml", '"town.trips/1", ', ""), "no rule speaks about town.trips/1"),
    "a changed contract": (rewrite("contracts/town.trips.1.yaml", "Trips", "Tripz"), "is not the file of town.trips/1"),
    "a wrong manifest": (rewrite("manifests/town.trips.yaml", "level: open", "level: opne"), "town.trips/1: .*level"),
    "no manifest": (lambda node: (node.home / "manifests/town.trips.yaml").unlink(), "town.trips.yaml: cannot be read"),
    "a manifest that changed after ingest": (
        rewrite("manifests/town.permits.yaml", "population", "threshold: 20\npopulation"),
        "contract or manifest changed",
    ),
    "nothing ingested": (lambda node: (node.home / "data/town.trips.1/current").unlink(), "run `hansa node ingest"),
    "a promise not kept": (rewrite("node.toml", '"town.trips/1" = ', '# "town.trips/1" = '), "name its manifest"),
    "one population at two levels": (rewrite("manifests/town.trips.yaml", "travellers", "applicants"), "one level"),
}


@pytest.mark.parametrize("case", BREAKS)
def test_what_a_person_must_fix_is_named(own: NodeHome, case: str) -> None:
    change, said = BREAKS[case]
    change(own)
    findings = found(own)
    assert len(findings) >= 1
    assert re.search(said, "\n".join(findings)), findings
    done = RUN.invoke(app, ["check", "--config", str(own.home / "node.toml")])
    assert done.exit_code == 1


def test_a_corrupt_dataset_file_is_named(own: NodeHome) -> None:
    file = own.home / "data" / "town.trips.1" / "v000001.duckdb"
    file.chmod(0o600)
    file.write_bytes(b"half a file")
    assert any(
        "is no intact dataset file; check the disk, and run `hansa node ingest` again" in line for line in found(own)
    )


def test_a_store_that_others_can_read_is_named(own: NodeHome) -> None:
    own.config.store.touch(mode=0o644)
    assert any("store: " in line and "chmod 600" in line for line in found(own))


LEAST = {
    "LEAST_DISK_BYTES": ("disk of the store", "MiB free at", "move it to a larger disk"),
    "LEAST_MEMORY_BYTES": ("memory", "MiB", "give the machine or its container more"),
    "LEAST_OPEN_FILES": ("open files", "", "raise the hard limit"),
}


@pytest.mark.parametrize("least", LEAST)
def test_a_machine_that_has_too_little_is_told_by_check_and_at_start(
    node: NodeHome, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, least: str
) -> None:
    what, has, remedy = LEAST[least]
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, min(files, 2**40)))  # a number, also where it is none
    monkeypatch.setattr(resources, least, 2**62)
    config = read_config(node.home / "node.toml")
    lines = [line for line in found(node) if line.startswith(f"FIX   {what}: ")]
    assert len(lines) == 1
    assert has in lines[0]
    assert remedy in lines[0]
    service.tell_of_shortage(config)
    told = [record.__dict__ for record in caplog.records if record.message == "resources are short"]
    assert what in [each["what"] for each in told]
    assert all(remedy in each["remedy"] for each in told)


def test_a_container_has_the_memory_that_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(resources, "_CGROUP_LIMITS", (limit,))
    limit.write_text("max\n")
    whole = resources.memory_bytes()
    limit.write_text("104857600\n")
    assert (resources.memory_bytes(), whole > 104857600) == (104857600, True)


@pytest.mark.parametrize(("days", "weight"), [(340, "soon"), (366, "FIX ")])
def test_what_expires_is_named_before_and_after(node: NodeHome, days: int, weight: str) -> None:
    findings = found(node, days)
    assert findings
    assert all(line.startswith(weight) for line in findings)
    assert any("roster" in line for line in findings)


def test_a_certificate_that_expires_soon_is_named(node: NodeHome) -> None:
    assert any("TLS certificate" in line and "renew it within" in line for line in found(node, 340))


def test_a_new_nodes_folder_is_closed_to_others_and_holds_no_key_that_a_node_does_not_need(
    node: NodeHome, tmp_path: Path
) -> None:
    home = tmp_path / "new"
    list(init_node(home, league=node.league, city=CITY))
    for path in (home, *home.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert sorted(path.name for path in (home / "keys").iterdir()) == [
        "answer.key",
        "log.key",
        "tls.key",
        "tls.pem",
        "witness.key",
    ]


def test_init_takes_no_folder_that_holds_anything(own: NodeHome) -> None:
    with pytest.raises(ConfigError, match="is not empty"):
        list(init_node(own.home, league=own.league, city=CITY))


def test_init_names_the_nearest_city_and_makes_nothing(own: NodeHome, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean bremen"):
        list(init_node(tmp_path / "new", league=own.league, city="bremem"))
    assert not (tmp_path / "new").exists()


def test_init_needs_a_leagues_folder(tmp_path: Path) -> None:
    done = RUN.invoke(app, ["init", str(tmp_path / "new"), "--league", str(tmp_path), "--city", CITY])
    assert done.exit_code == 2
    assert "give the folder that `hansa league new` made" in done.stderr


def test_ingest_tells_the_operator_what_became_of_each_column(own: NodeHome) -> None:
    done = RUN.invoke(app, ["ingest", "town.trips", "--config", str(own.home / "node.toml")])
    assert done.exit_code == 0, done.stderr
    assert "minutes" in done.stdout
    folder = own.home / "data" / "town.trips.1"
    digest = hashlib.sha256((folder / "v000002.duckdb").read_bytes()).hexdigest()
    assert (folder / "current").read_text() == f"v000002.duckdb {digest}\n"


def test_ingest_of_a_dataset_that_the_node_does_not_name_lists_those_it_does(node: NodeHome) -> None:
    done = RUN.invoke(app, ["ingest", "town.trees", "--config", str(node.home / "node.toml")])
    assert done.exit_code == 2
    assert "town.trips/1" in done.stderr


@pytest.mark.parametrize("text", ["town.trips", "town.trips/1"])
def test_a_dataset_is_named_with_or_without_its_version(node: NodeHome, text: str) -> None:
    assert node.config.dataset_named(text) == TRIPS


def test_a_name_that_two_versions_share_is_not_guessed(node: NodeHome) -> None:
    second = replace(TRIPS, version=2)
    config = node.config.model_copy(update={"datasets": {**node.config.datasets, second: Path("m.yaml")}})
    with pytest.raises(ConfigError, match="names 2 datasets"):
        config.dataset_named("town.trips")
    assert config.dataset_named("town.trips/2") == second


@pytest.mark.parametrize("command", ["check", "serve", "ingest"])
def test_a_misspelt_key_ends_a_command_with_2_and_one_line(tmp_path: Path, command: str) -> None:
    (tmp_path / "node.toml").write_text("citty = 1")
    named = ["town.trips"] if command == "ingest" else []
    done = RUN.invoke(app, [command, *named, "--config", str(tmp_path / "node.toml")])
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "node.toml: citty is no known key; did you mean city?" in done.stderr


def test_the_configuration_is_found_through_the_environment(node: NodeHome) -> None:
    done = RUN.invoke(app, ["check"], env={"HANSA_NODE_CONFIG": str(node.home / "node.toml")})
    assert done.exit_code == 0


@pytest.mark.parametrize("command", ["init", "ingest", "check", "serve"])
def test_every_help_has_an_example(command: str) -> None:
    assert f"Example: hansa node {command}" in RUN.invoke(app, [command, "--help"]).stdout
