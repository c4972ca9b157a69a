"""The page of configuration keys is what the models say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def generate(option: str, page: Path) -> int:
    command = [sys.executable, str(ROOT / "docs" / "generate_config.py"), option, str(page)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_the_page_is_current_and_a_page_that_is_not_is_found(tmp_path: Path) -> None:
    page = tmp_path / "config.md"
    assert generate("--write", page) == 0
    assert page.read_text(encoding="utf-8") == (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    page.write_text(page.read_text(encoding="utf-8").replace("7410", "7411"), encoding="utf-8")
    assert generate("--check", page) == 1
