"""Memory of a process that has loaded what a node stands on, and opened one dataset file: no line of a node in it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

# Loaded and not used: what each of them takes by itself is what this process is for.
import aiohttp.web
import cryptography.x509
import grpc.aio
import jsonschema_rs
import numpy
import psutil
import pyarrow
import pydantic

from hansa_node.engines.duckdb.lockdown import open_locked

LOADED = (aiohttp, cryptography, grpc, jsonschema_rs, numpy, pyarrow, pydantic)


def main(file: str) -> None:
    """Print the resident bytes, and what of them is not shared, as JSON. `file`: a version that ingest wrote."""
    with open_locked(Path(file)) as connection:
        connection.execute("SELECT count(*) FROM rows").fetchall()
        taken = psutil.Process().memory_full_info()
    print(json.dumps({"resident": taken.rss, "own": taken.uss}))


if __name__ == "__main__":
    main(*sys.argv[1:])
