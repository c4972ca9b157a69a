"""Remakes the corpora of statements: `.venv/bin/python tests/golden/remake_statements.py`.

`sql`, `params` and `rewrite` are written by hand; all else is what the SQL front end says today. To add a statement,
add its `sql` (and, if it is refused, a `rewrite` that works), run this, and review the difference as code.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "core"), str(ROOT / "client"), str(ROOT / "tests" / "support")]

from hansa_statements import CORPORA, expectation, read_golden  # noqa: E402

_HEADER = "# Statements and what becomes of them. Remade by tests/golden/remake_statements.py; reviewed as code.\n"


def main() -> None:
    """Write the files anew."""
    for corpus in CORPORA:
        entries = []
        for entry in read_golden(corpus):
            found = expectation(entry["sql"], corpus, entry.get("params", ()))
            names = ("sql", "params", "rewrite") if "refused" in found else ("sql", "params")
            entries.append({name: entry[name] for name in names if name in entry} | found)
        text = "\n".join(yaml.safe_dump([entry], sort_keys=False, allow_unicode=True, width=120) for entry in entries)
        corpus.write_text(_HEADER + text, encoding="utf-8")


if __name__ == "__main__":
    main()
