"""The command tree: parts are found by name, and say what a light install lacks."""

from __future__ import annotations

import sys

import pytest
from typer.testing import CliRunner

from hansa.cli import app


def test_a_command_whose_extra_is_not_installed_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("hansa_demo")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "permittimelines", None)
    done = CliRunner().invoke(app, ["demo"])
    assert done.exit_code == 2
    assert done.stderr == "hansa demo needs permittimelines, which comes with: pip install 'hansa[demo]'\n"


def test_an_unknown_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["dmeo"]).exit_code == 2
