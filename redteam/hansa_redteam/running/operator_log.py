"""The operator's log of a league that runs here: in a file, as `hansa node serve` writes it, and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hansa_local.log import KeyValueFormatter

_PARTS = ("hansa_node", "hansa_coordinator", "hansa_wire", "hansa_local", "hansa_redteam")


@contextmanager
def operator_log(path: Path) -> Iterator[None]:
    """What every part of the league logs goes to `path` until the block ends."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(KeyValueFormatter())
    loggers = [logging.getLogger(part) for part in _PARTS]
    kept = [(logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, (level, propagates) in zip(loggers, kept, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagates
        handler.close()
