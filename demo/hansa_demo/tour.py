"""The tour: a league's own questions, asked of all cities and printed as tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from hansa import Answer, League, RefusedError
from hansa_demo.demo_league import TourStop


def tour(league: League, stops: Sequence[TourStop], console: Console) -> list[Answer]:
    """Ask and print every stop; what was answered. Raises whatever a broken league raises: a refusal is part of it."""
    answers: list[Answer] = []
    for number, stop in enumerate(stops, start=1):
        console.print(Text(f"{number}. {stop.title}", style="bold"))
        console.print(Padding(Syntax(stop.sql, "sql", background_color="default", word_wrap=True), (0, 0, 0, 3)))
        try:
            answer = league.sql(stop.sql, partial=stop.partial)
        except RefusedError as refusal:
            console.print(Padding(Text(str(refusal), style="yellow"), (0, 0, 0, 3)))
        else:
            console.print(answer)
            answers.append(answer)
        console.print(Text(stop.remark, style="italic"))
        console.print()
    return answers
