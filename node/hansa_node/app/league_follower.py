"""League follower: a newer roster file comes into force while the node runs, and the log tells of it first."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from threading import Lock

from hansa_core.errors import ConfigError
from hansa_core.league.roster import Roster
from hansa_local.roster_follower import RosterFollower
from hansa_node.app.config import NodeConfig
from hansa_node.app.declared import read_contracts
from hansa_node.app.identity import member_of
from hansa_node.context import NodeContext
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log.keys import keys_of
from hansa_node.store.errors import StoreUnavailableError
from hansa_node.witnessing.status import WitnessStatus

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""Seconds between two looks at the roster file where nobody asks; a question looks for itself."""

_OWN_FIELDS = ("tls_spki", "answer_key", "log_key", "witness_key", "log_origin", "witness_name")


class LeagueFollower:
    """Puts the roster of the configured file in force once it is newer. `status`: whether the log may grow.

    A roster that the node cannot serve under ends it; one that cannot be taken at this moment is tried again. The work
    is done in `executor` to its end, even where the question that began it is given up. `seconds`: they never go back.
    """

    def __init__(
        self,
        config: NodeConfig,
        context: NodeContext,
        status: WitnessStatus,
        executor: Executor,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._context = context
        self._status = status
        self._executor = executor
        self._seconds = seconds
        self._file = RosterFollower(config, context.league.now.roster, context.clock)
        self._turn = Lock()
        self._recording: Roster | None = None
        self._told: str | None = None
        self._not_before_s = 0.0

    async def look(self) -> None:
        """Return once a newer roster in the file is in force, or is told to be none.

        Raises ConfigError where the node cannot serve under it, and StoreCorruptError: then the node ends.
        """
        if self._status.is_confirmed and not self._file.is_settled() and self._seconds() >= self._not_before_s:
            await asyncio.get_running_loop().run_in_executor(self._executor, self._look)

    def _look(self) -> None:
        with self._turn, self._context.stop.fatal_errors():
            newer = self._recording or self._file.look()
            if newer is None:
                return
            try:
                _check_city(self._config, self._context.league.now.roster, newer)
            except ConfigError as fatal:
                self._context.stop.fail(fatal)
                raise
            try:
                self._take(newer)
            except (ConfigError, StoreUnavailableError) as hindrance:
                self._tell(newer, str(hindrance))
                self._not_before_s = self._seconds() + LOOK_EVERY_S  # no question waits for what just did not go

    def _take(self, newer: Roster) -> None:
        """Log it, then put it in force. Raises ConfigError, or StoreUnavailableError: then the earlier one stays."""
        context, before = self._context, self._context.league.now.roster
        read_contracts(self._config, newer)
        league = LeagueInForce(city=context.city, roster=newer)
        self._recording = newer  # the log may tell of it even where writing fails: then no other may come before it
        context.store.accept_roster(league.roster_ref, keys_of(newer.member(context.city)), now=context.clock())
        context.league.swap(league)
        self._recording = None
        self._file.accept(newer)
        _tell_restart(before, newer, context.city)

    def _tell(self, newer: Roster, reason: str) -> None:
        if reason != self._told:
            log.error("roster not in force yet", extra={"version": newer.version, "remedy": reason})
        self._told = reason


def _check_city(config: NodeConfig, before: Roster, newer: Roster) -> None:
    """Raise ConfigError unless the city is a member by its old names and keys, and what it serves is the same."""
    known, found = member_of(before, config), member_of(newer, config)
    for name in _OWN_FIELDS:
        if getattr(known, name) != getattr(found, name):
            raise ConfigError(
                f"{config.roster}: version {newer.version} names another {name} for {found.city}; install the city's"
                " own key for it and start the node again, or ask the governors to publish this one"
            )
    for contract in config.datasets:
        if newer.contracts.get(contract) != before.contracts.get(contract):
            raise ConfigError(
                f"{config.roster}: version {newer.version} no longer has the contract {contract} as it is served here;"
                " change `datasets` in node.toml or ingest again, then start the node"
            )


def _tell_restart(before: Roster, newer: Roster, city: str) -> None:
    """Say what only a restart takes from the newer roster."""
    if (before.member(city).log_port is None) != (newer.member(city).log_port is None):
        remedy = "the roster says anew whether this city serves its log; restart the node"
        log.warning("restart needed", extra={"version": newer.version, "remedy": remedy})
