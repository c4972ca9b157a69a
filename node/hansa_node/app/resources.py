"""Least disk, memory and open files of a node, and what this machine has of them."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hansa_node.app.config import NodeConfig

LEAST_DISK_BYTES = 256 * 2**20
LEAST_MEMORY_BYTES = 512 * 2**20
LEAST_OPEN_FILES = 1024
_LEAST_TO_WRITE_BYTES = 8 * 2**20  # decisions, and the write-ahead log around them
_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource. `text`: how much there is. `remedy`: what to do about it where `is_short`; empty elsewhere.

    `is_used_up`: so little is left that the node cannot record a decision.
    """

    name: str
    text: str
    remedy: str
    is_used_up: bool = False

    @property
    def is_short(self) -> bool:
        return bool(self.remedy)


def resources_of(config: NodeConfig) -> Iterator[Resource]:
    """Disk where the store and the datasets lie, memory, and the hard limit of open files."""
    for name, place in (("disk of the store", config.store.parent), ("disk of the datasets", config.data_dir)):
        yield _disk(name, place)
    memory = memory_bytes()
    least = f"at least {_mib(LEAST_MEMORY_BYTES)} are needed: give the machine or its container more"
    yield Resource(name="memory", text=_mib(memory), remedy=least if memory < LEAST_MEMORY_BYTES else "")
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    is_unlimited = files == resource.RLIM_INFINITY
    yield Resource(
        name="open files",
        text="no limit" if is_unlimited else f"{files:,}",
        remedy=(
            f"at least {LEAST_OPEN_FILES:,} are needed: raise the hard limit (LimitNOFILE=, ulimit -Hn)"
            if not is_unlimited and files < LEAST_OPEN_FILES
            else ""
        ),
    )


def memory_bytes() -> int:
    """What this process may use: the machine's memory, or the container's part of it."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for file in _CGROUP_LIMITS:
        try:
            limits.append(int(file.read_text(encoding="ascii")))
        except (OSError, ValueError):  # no such hierarchy; `max`: no limit
            continue
    return min(limits)


def _disk(name: str, place: Path) -> Resource:
    there = next(folder for folder in (place, *place.absolute().parents) if folder.exists())
    found = os.statvfs(there)
    free = found.f_bavail * found.f_frsize
    least = f"at least {_mib(LEAST_DISK_BYTES)} are needed: free space there, or move it to a larger disk"
    text = f"{_mib(free)} free at {place}"
    remedy = least if free < LEAST_DISK_BYTES else ""
    return Resource(name=name, text=text, remedy=remedy, is_used_up=free < _LEAST_TO_WRITE_BYTES)


def _mib(amount: int) -> str:
    return f"{amount // 2**20:,} MiB"
