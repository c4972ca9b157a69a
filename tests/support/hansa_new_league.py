"""A small league on disk for tests, made as `hansa league new` makes it."""

from __future__ import annotations

from pathlib import Path

from hansa_core.league.roster import Roster
from hansa_league.founding.create import DEFAULT_VALID_DAYS, create_league
from hansa_ports import free_ports

CITIES = ("luebeck", "bremen", "hamburg")
CONTRACT_TEXT = """\
contract: housing.permits/1
title: Permits
unit: permit_id
unit_scope: city
least_level: open
columns:
  permit_id: {type: text, meaning: The permit's number, identifier: true, required: true}
"""


def write_contract(folder: Path) -> Path:
    """A contract's file, as a league's founder hands it in."""
    path = folder / "permits.yaml"
    path.write_text(CONTRACT_TEXT, encoding="utf-8")
    return path


def new_league(folder: Path) -> tuple[Path, Roster]:
    """The league's directory below `folder`, and its roster."""
    directory = folder / "league"
    return directory, create_league(directory, name="hanse", cities=CITIES, contracts=[write_contract(folder)])


def new_coordinator_config(folder: Path, *, valid_days: int = DEFAULT_VALID_DAYS) -> Path:
    """The configuration of a coordinator on a port that the system chooses, whose nodes are all down."""
    directory = folder / "league"
    ports = [*free_ports(1), *range(1, 2 * len(CITIES) + 1)]
    contracts = [write_contract(folder)]
    create_league(directory, name="hanse", cities=CITIES, contracts=contracts, ports=ports, valid_days=valid_days)
    return directory / "coordinator" / "coordinator.toml"
