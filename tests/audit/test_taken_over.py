"""What an earlier Hansa published is still believed: its roster, and its log as an auditor fetched it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hansa.cli import app
from hansa_core.league.roster import roster_hash
from hansa_local.trust_anchor import load_roster, read_anchor
from hansa_taken_over import ENTRIES, FIXTURE, old_node

PROFILE = FIXTURE / "league" / "auditors" / "bremen" / "profile.toml"


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURE / "fetched", tmp_path / "fetched"))


def test_an_old_roster_is_read_under_the_same_hash(tmp_path: Path) -> None:
    old = old_node(tmp_path)
    anchor = read_anchor(old.node.league / "profile.toml", hint="")
    roster = load_roster(anchor, old.made_at)
    assert [member.city for member in roster.members] == ["bremen", "luebeck"]
    assert roster_hash(roster) == json.loads(first_roster_entry(FIXTURE))["roster"]["hash"]


def first_roster_entry(fixture: Path) -> bytes:
    """What the log said of the roster then."""
    bundle = (fixture / "fetched" / "tile" / "entries" / "000.p" / str(ENTRIES)).read_bytes()
    start = bundle.index(b'"roster":{"hash"')
    end = bundle.index(b"}", start)
    return b"{" + bundle[start : end + 1] + b"}"


def test_an_old_fetched_log_verifies(fetched: Path) -> None:
    result = CliRunner().invoke(app, ["audit", "verify", str(fetched), "--profile", str(PROFILE)])
    assert result.exit_code == 0, result.output
    assert f"{ENTRIES} entries" in result.output
    assert "node.luebeck/witness saw it" in result.output


def test_an_old_fetched_log_with_a_changed_bit_does_not_verify(fetched: Path) -> None:
    bundle = fetched / "tile" / "entries" / "000.p" / str(ENTRIES)
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.write_bytes(content)
    result = CliRunner().invoke(app, ["audit", "verify", str(fetched), "--profile", str(PROFILE)])
    assert result.exit_code == 5
