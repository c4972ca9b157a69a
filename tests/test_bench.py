"""The bench of a question's steps follows the code: what it times is there, and its stand-in is called alike."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

from hansa_wire.rpc.coordinator_rpc import CoordinatorClient


def test_the_bench_times_steps_that_are_there_and_stands_in_for_the_coordinator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "bench"))
    steps = importlib.import_module("steps")
    assert all(callable(getattr(owner, name)) for owner, name, _ in steps._STEPS)
    assert inspect.signature(steps._OneCity.ask).parameters.keys() == (
        inspect.signature(CoordinatorClient.ask).parameters.keys()
    )
