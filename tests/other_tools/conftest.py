"""The verifier on Go's packages, and logs for it."""

from __future__ import annotations

import pytest

from hansa_go_verifier import GoVerifier, built_verifier


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> GoVerifier:
    return built_verifier(tmp_path_factory)
