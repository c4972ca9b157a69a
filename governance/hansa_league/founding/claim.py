"""Claims the folder of a new league, and removes what was written when founding fails."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from hansa_core.errors import ConfigError
from hansa_league.files.league_layout import LeagueLayout
from hansa_local.private_files import make_private_folder


@contextmanager
def claimed(layout: LeagueLayout) -> Iterator[None]:
    """An empty or absent folder, to be filled; if that fails, what was written is taken away again.

    Raises ConfigError if the folder holds anything, or if the disk refuses.
    """
    root = layout.root
    existed = root.exists()
    try:
        root.mkdir(parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise ConfigError(f"{root}: is not empty; name a new or an empty folder for the league")
        # The first folder of two racing commands wins; the other one fails here, before it could take anything away.
        make_private_folder(layout.governance)
    except OSError as failure:
        raise ConfigError(f"{root}: cannot hold a league ({failure.strerror}); name another folder") from failure
    try:
        yield
    except BaseException as error:
        _take_away(layout, root_too=not existed)
        if isinstance(error, OSError):
            raise ConfigError(
                f"{error.filename or root}: cannot be written ({error.strerror}); make room or name another folder"
            ) from error
        raise


def _take_away(layout: LeagueLayout, *, root_too: bool) -> None:
    for path in layout.everything():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
            path.with_name(f"{path.name}.new").unlink(missing_ok=True)
    if root_too:
        with suppress(OSError):  # somebody else's file in it stays
            layout.root.rmdir()
