"""One node on disk for all tests that only read it; whoever changes its files makes a node of their own."""

from __future__ import annotations

import pytest

from hansa_test_node import NodeHome, make_node


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> NodeHome:
    return make_node(tmp_path_factory.mktemp("node") / "league")
