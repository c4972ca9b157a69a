"""What `hansa audit verify` finds of every tampering with a fetched log is what docs/tampering.md says."""

from __future__ import annotations

from pathlib import Path

from hansa_tamperings import tamper_table

PAGE = Path(__file__).parents[2] / "docs" / "tampering.md"


def test_the_table_of_what_tampering_is_found_is_what_a_run_finds(tmp_path: Path) -> None:
    table = tamper_table(tmp_path)
    assert table in PAGE.read_text(encoding="utf-8"), f"docs/tampering.md must have:\n{table}"
