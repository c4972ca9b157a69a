"""Cells run in a real Jupyter kernel, and what each of them shows there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# In a process of its own: the kernel's client has threads and sockets that outlive a test.
_RUN = """
import json, sys
import nbformat
from nbclient import NotebookClient

cells = [nbformat.v4.new_code_cell(code) for code in json.load(sys.stdin)]
notebook = nbformat.v4.new_notebook(cells=cells)
client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": sys.argv[1]}})
client.allow_errors = True
client.execute()
json.dump([cell.outputs for cell in cells], sys.stdout)
"""


@dataclass(frozen=True)
class Shown:
    """What one cell came to. `results`: each thing it displayed, by kind; `errors`: the tracebacks as text."""

    printed: str
    results: list[dict[str, Any]]
    errors: list[str]


def run_in_kernel(cells: Sequence[str], directory: Path) -> list[Shown]:
    """Run the cells one after the other in one kernel that works in `directory`."""
    ran = subprocess.run(
        [sys.executable, "-c", _RUN, str(directory)],
        input=json.dumps(list(cells)),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return [_shown(outputs) for outputs in json.loads(ran.stdout)]


def _shown(outputs: Sequence[dict[str, Any]]) -> Shown:
    return Shown(
        printed="".join(one["text"] for one in outputs if one["output_type"] == "stream" and one["name"] == "stdout"),
        results=[one["data"] for one in outputs if "data" in one],
        errors=["\n".join(one["traceback"]) for one in outputs if one["output_type"] == "error"],
    )
