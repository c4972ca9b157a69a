"""Asks the league of a profile for each line that it reads, and prints a line of JSON: runs in a container."""

from __future__ import annotations

import json
import sys

import hansa
from hansa_core.errors import HansaError


def main() -> None:
    """A line of standard input is a statement whose rows are a city and its figure."""
    for statement in sys.stdin:
        print(json.dumps(asked(statement)), flush=True)


def asked(statement: str) -> dict[str, object]:
    """`figures` by city, `reasons` of every city; `refused` where nothing came, with what was said."""
    try:
        with hansa.connect() as league:
            answer = league.sql(statement, deadline_s=5.0, partial=True)
    except HansaError as silent:
        return {"refused": str(silent)}
    city, figure = (answer.table.column(index).to_pylist() for index in range(2))
    reasons = {report.city: report.rule or str(report.state) for report in answer.cities}
    return {"figures": dict(zip(city, figure, strict=True)), "reasons": reasons}


if __name__ == "__main__":
    main()
