"""Release key: everything that makes two releases the same one."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.contract.level import Level

PLAN_HASH_BYTES = 32
NO_PARAMETERS = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseKey:
    """The plan, how it was protected, and on which data. Raises ValueError at birth.

    `plan_hash`: 32 bytes. `parameters`: RFC 8785 JSON of epsilon and what else the level's mechanism was told; `{}`
    where it has none. `data_version`, `protection_version`: counted from 1.
    """

    plan_hash: bytes
    level: Level
    parameters: str = NO_PARAMETERS
    data_version: int
    protection_version: int

    def __post_init__(self) -> None:
        if len(self.plan_hash) != PLAN_HASH_BYTES:
            raise ValueError(f"plan_hash has {len(self.plan_hash)} bytes; a SHA-256 has {PLAN_HASH_BYTES}")
        if self.data_version < 1 or self.protection_version < 1:
            raise ValueError(f"versions {self.data_version} and {self.protection_version} must count from 1")
