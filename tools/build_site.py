"""Builds the documentation as a site with the Python API; a broken internal link is an error: `make site`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
API = """# Python API

What `import hansa` offers an analyst.

::: hansa
    options:
      members: {members}
"""


def main() -> None:
    """Copy the pages, add the README as the start page and the API reference, and build strictly."""
    sys.path.insert(0, str(ROOT / "client"))
    import hansa

    with tempfile.TemporaryDirectory(prefix="hansa-site-") as temporary:
        pages = Path(temporary, "docs")
        shutil.copytree(ROOT / "docs", pages, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        shutil.copy(ROOT / "README.md", pages / "index.md")
        (pages / "api.md").write_text(API.format(members=sorted(hansa.__all__)), encoding="utf-8")
        config = Path(temporary, "mkdocs.yml")
        settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").replace("ROOT", str(ROOT))
        config.write_text(settings, encoding="utf-8")
        built = (
            "build",
            "--strict",
            "--quiet",
            "--clean",
            "--site-dir",
            str(ROOT / "site"),
            "--config-file",
            str(config),
        )
        subprocess.run([sys.executable, "-m", "mkdocs", *built], check=True)
    print(f"{ROOT / 'site' / 'index.html'}: {len(list((ROOT / 'site').rglob('*.html')))} pages")


if __name__ == "__main__":
    main()
