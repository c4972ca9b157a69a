"""Live progress of each city on a terminal; nothing in a pipe."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from hansa.answering.stage import Stage
from hansa_core.printable import printable
from hansa_wire.codec.progress import CityEvent, CityState

_ENDS = {
    CityState.ANSWERED: ("✓", "green"),
    CityState.REFUSED: ("–", "yellow"),
    CityState.TIMED_OUT: ("✗", "red"),
    CityState.UNREACHABLE: ("✗", "red"),
    CityState.FAILED: ("✗", "red"),
}


class ProgressBoard(AbstractContextManager["ProgressBoard"]):
    """One line for each city and one for the stage, while a question is under way; it vanishes with the answer."""

    def __init__(self, console: Console) -> None:
        self._last: dict[str, CityEvent] = {}
        self._stage: Stage | None = None
        self._spinner = Spinner("dots")
        self._live = Live(console=console, get_renderable=self._board, transient=True, refresh_per_second=12)
        self._shows = console.is_terminal

    def __enter__(self) -> Self:
        if self._shows:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._shows:
            self._live.stop()

    def tell(self, event: CityEvent) -> None:
        """Show what the coordinator says of one city."""
        self._last[event.city] = event

    def reach(self, stage: Stage) -> None:
        """Show how far the question is."""
        self._stage = stage

    def _board(self) -> Table:
        board = Table.grid(padding=(0, 2))
        for city, event in sorted(self._last.items()):
            mark, style = _ENDS.get(event.state, (None, "dim"))
            state = " ".join(part for part in (event.state.value.replace("_", " "), printable(event.code)) if part)
            elapsed = f"{event.elapsed_ms:,} ms" if mark else ""
            board.add_row(
                Text(mark, style=style) if mark else self._spinner,
                Text(printable(city)),
                Text(state, style=style),
                Text(elapsed, style="dim"),
            )
        if self._stage is not None:
            board.add_row(self._spinner, Text("question"), Text(self._stage.value, style="dim"), "")
        return board
