"""Tools that are not ours and need a newer Python are left to `make test-pythons`, which has one."""

from __future__ import annotations

import sys

collect_ignore = [] if sys.version_info >= (3, 12) else ["test_aics_tlog.py"]
