"""The city's secret for suppressed cells: made once, kept with the keys, and in no log."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from hansa_core.errors import ConfigError
from hansa_local.private_files import write_private

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class CitySecret:
    """The file that holds it, 64 hex digits. `is_made`: where there is none, it is made; else one is used once."""

    path: Path
    is_made: bool = True

    def read(self) -> bytes:
        """The secret. Raises ConfigError where the file cannot be read or written, or holds something else."""
        try:
            text = self.path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return self._made() if self.is_made else secrets.token_bytes(_SECRET_BYTES)
        except (OSError, UnicodeDecodeError):
            text = ""
        if not re.fullmatch("[0-9a-f]{64}", text):
            raise ConfigError(
                f"{self.path}: is not the city's secret for suppressed cells, 64 hex digits that the node can read;"
                " restore it from the backup of the keys"
            )
        return bytes.fromhex(text)

    def _made(self) -> bytes:
        secret = secrets.token_bytes(_SECRET_BYTES)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_private(self.path, f"{secret.hex()}\n".encode())
        except OSError as failure:
            raise ConfigError(
                f"{self.path}: cannot be written ({failure.strerror}); let the node write there"
            ) from None
        return secret
