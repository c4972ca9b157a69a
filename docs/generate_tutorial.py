"""`docs/tutorial.md`, its outputs and pictures made by running it against the demo league: `make docs`."""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, chdir, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# A block, and behind it what it came to: the text it printed, the picture it drew, or neither.
_BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n(?:\n```text\n.*?```\n|\n!\[[^\]]*\]\([^)]*\)\n)?", re.DOTALL)
_DRAWN_FIGURE = re.compile(r'aria-label="([^"]*)"')
_NONCE_MADE = re.compile(r"\bquery [0-9a-f]{64}")  # the hash of a signed query is another one each time


@dataclass
class Tutorial:
    """A run of the page's blocks, one after the other. `pictures`: SVG by file name."""

    names: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)

    def remade(self, page: str) -> str:
        """The page with what its blocks come to now."""
        return _BLOCK.sub(lambda match: self._remade_block(match["code"]), page)

    def _remade_block(self, code: str) -> str:
        shown = self._run(code)
        block = f"```python\n{code}```\n"
        if hasattr(shown, "to_dict") and hasattr(shown, "facet"):
            return f"{block}\n{self._draw(shown)}\n"
        return f"{block}\n```text\n{shown}\n```\n" if shown else block

    def _run(self, code: str) -> Any:
        """What the block printed and its last expression shows, as at a prompt; a chart as it is."""
        tree = ast.parse(code)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(tree, "tutorial", "exec"), self.names)  # noqa: S102  the page is ours
            value = None
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), "tutorial", "eval"), self.names)  # noqa: S307
        if hasattr(value, "to_dict") and hasattr(value, "facet"):
            return value
        text = printed.getvalue() + ("" if value is None else repr(value))
        return _NONCE_MADE.sub("query …", "\n".join(line.rstrip() for line in text.splitlines()))

    def _draw(self, chart: Any) -> str:
        import vl_convert

        spec = chart.to_dict()
        name = f"tutorial-{len(self.pictures) + 1}.svg"
        self.pictures[name] = vl_convert.vegalite_to_svg(spec)
        return f"![{spec['title']['text']}](images/{name})"


def drawn_figures(svg: str) -> list[str]:
    """What a picture says to a screen reader: its figures, whatever the fonts of the machine that drew it."""
    return sorted(_DRAWN_FIGURE.findall(svg))


def main(arguments: Sequence[str]) -> int:
    """`--write FILE` the page anew, or `--check FILE`: 1 if a run comes to something else.

    `--league DIR`: one that is up; without it the run starts its own.
    """
    match arguments:
        case ["--write" | "--check" as what, file, *rest] if not rest or (len(rest) == 2 and rest[0] == "--league"):
            page = Path(file).resolve()
        case _:
            sys.stderr.write("give --write FILE or --check FILE, and --league DIR if one is running\n")
            return 2
    with ExitStack() as stack:
        league = Path(rest[1]) if rest else stack.enter_context(_own_league())
        stack.enter_context(chdir(league))
        tutorial = Tutorial()
        text = tutorial.remade(page.read_text(encoding="utf-8"))
    images = page.parent / "images"
    if what == "--write":
        page.write_text(text, encoding="utf-8")
        for name, svg in tutorial.pictures.items():
            (images / name).write_text(svg, encoding="utf-8")
        return 0
    stale = [name for name, svg in tutorial.pictures.items() if not _is_current(images / name, svg)]
    if text != page.read_text(encoding="utf-8") or stale:
        sys.stderr.write(f"{' and '.join([page.name, *stale])}: a run comes to something else; run: make docs\n")
        return 1
    return 0


def _is_current(file: Path, svg: str) -> bool:
    return file.exists() and drawn_figures(file.read_text(encoding="utf-8")) == drawn_figures(svg)


@contextmanager
def _own_league() -> Iterator[Path]:
    from hansa_demo.league import make_league, running_league

    with TemporaryDirectory() as directory:
        league = Path(directory) / "league"
        make_league(league, say=lambda _: None)
        with running_league(league):
            yield league


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
