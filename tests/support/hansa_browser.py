"""A headless Chromium that opens pages, measures them with axe-core, and tries them at several widths and on paper.

It works in a thread of its own, since its driver would take the event loop of a test's.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from ctypes.util import find_library
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]  # a container's root has no sandbox
_WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
PHONE_PX, DESK_PX = 360, 1100

Found = TypeVar("Found")
Scheme = Literal["light", "dark"]
Medium = Literal["screen", "print"]


def skip_without_chromium() -> None:
    """Skip the running test where no Chromium is installed, or nothing to drive it."""
    if _chromium() is None or find_library("atomic") is None:  # which Playwright's driver loads
        pytest.skip("pages are measured in a browser: `make system-packages`, as root, installs Chromium")


@dataclass(frozen=True, kw_only=True)
class View:
    """How a page is looked at."""

    scheme: Scheme = "light"
    medium: Medium = "screen"
    width_px: int = DESK_PX
    scripts: bool = True


@dataclass
class Opened:
    """An open page. `problems`: what its console reported as errors, and what it wanted to load from elsewhere."""

    page: Page
    problems: list[str] = field(default_factory=list)

    def violations(self, *rules: str) -> list[str]:
        """Of WCAG 2.2 AA, by axe-core: rule, element, and why; of all rules, or of those that are named.

        What is folded away is opened first.
        """
        self.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        wanted = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": _WCAG}
        # It would load style sheets again, which the pages' own policy forbids.
        results: dict[str, Any] = Axe().run(self.page, options={"runOnly": wanted, "preload": False}).response
        return [
            f"{rule['id']}: {' '.join(map(str, node['target']))}: {node.get('failureSummary', '')}"
            for rule in results["violations"]
            for node in rule["nodes"]
        ]


class Chromium:
    """The running browser."""

    def __init__(self, browser: Browser, thread: ThreadPoolExecutor) -> None:
        self._browser, self._thread = browser, thread

    def look(self, file: Path, view: View, what: Callable[[Opened], Found]) -> Found:
        """What `what` finds on a page that was opened anew."""
        found: Found = self._thread.submit(self._look, file, view, what).result()
        return found

    def _look(self, file: Path, view: View, what: Callable[[Opened], Any]) -> Any:
        context = self._browser.new_context(
            viewport={"width": view.width_px, "height": 800},
            color_scheme=view.scheme,
            java_script_enabled=view.scripts,
            reduced_motion="reduce",
        )
        try:
            opened = Opened(context.new_page())
            opened.page.on("console", lambda said: opened.problems.append(said.text) if said.type == "error" else None)
            opened.page.on("request", lambda asked: opened.problems.extend(_elsewhere(asked.url)))
            opened.page.emulate_media(media=view.medium)
            opened.page.goto(file.as_uri())
            return what(opened)
        finally:
            context.close()


@contextmanager
def running_chromium() -> Iterator[Chromium]:
    """The browser, as long as the body runs."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        playwright = thread.submit(lambda: sync_playwright().start()).result()
        try:
            start = playwright.chromium.launch
            browser = thread.submit(lambda: start(executable_path=_chromium(), args=_ARGUMENTS)).result()
            try:
                yield Chromium(browser, thread)
            finally:
                thread.submit(browser.close).result()
        finally:
            thread.submit(playwright.stop).result()


def _elsewhere(url: str) -> list[str]:
    return [] if url.startswith(("file:", "data:")) else [f"asked for {url}"]


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)
