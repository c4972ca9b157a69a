"""Addresses of a new league: where each coordinator and each city's node and log are dialled."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import chain

from hansa_core.errors import ConfigError
from hansa_core.league.names import is_origin
from hansa_core.nearest import nearest

NODE_PORT = 7410
LOG_PORT = 7420
COORDINATOR_PORT = 7400
_GIVEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+)(?::(?P<port>\d{1,5})(?::(?P<log_port>\d{1,5}))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a city's node is asked, and where its log is read; of a coordinator `log_port` is of no use."""

    host: str
    port: int
    log_port: int

    @property
    def origin(self) -> str | None:
        """The log's origin at this address; None where others cannot dial it: a loopback, or no name in ASCII."""
        try:
            address = ip_address(self.host)
            if address.is_loopback or address.is_unspecified:
                return None
        except ValueError:
            if self.host == "localhost":
                return None
        origin = f"{self.host.lower()}:{self.log_port}/log"
        return origin if is_origin(origin) else None


def given_addresses(
    texts: Sequence[str], cities: Collection[str], coordinators: Collection[str]
) -> Mapping[str, Address]:
    """Addresses as people give them, NAME=HOST[:PORT[:LOGPORT]], by name. An IPv6 address stands in brackets.

    A port that is left out is the usual one. Raises ConfigError that names what is wrong.
    """
    found: dict[str, Address] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        matched = _GIVEN.fullmatch(rest)
        if not equals or matched is None:
            raise ConfigError(f"address: {text!r} is none; write CITY=HOST, CITY=HOST:PORT or CITY=HOST:PORT:LOGPORT")
        if name not in cities and name not in coordinators:
            known = nearest(name, [*cities, *coordinators])
            raise ConfigError(f"address: {name} is neither a city nor a coordinator of the new league; {known}")
        if name in found:
            raise ConfigError(f"address: {name} has two; keep one")
        if name in coordinators and matched["log_port"]:
            raise ConfigError(f"address: {text!r}: a coordinator has no log; leave the second port out")
        found[name] = Address(
            host=matched["host"].strip("[]"),
            port=int(matched["port"] or (NODE_PORT if name in cities else COORDINATOR_PORT)),
            log_port=int(matched["log_port"] or LOG_PORT),
        )
    return found


def check_apart(coordinators: Mapping[str, Address], cities: Mapping[str, Address]) -> None:
    """Raise ConfigError where two would listen at one place, or at a port that there is not."""
    places = chain(
        ((name, each.host, each.port) for name, each in {**coordinators, **cities}.items()),
        ((f"the log of {name}", each.host, each.log_port) for name, each in cities.items()),
    )
    taken: dict[tuple[str, int], str] = {}
    for name, host, port in places:
        if not 1 <= port <= 65535:
            raise ConfigError(f"address: {name} has port {port}; give 1 to 65535")
        if (host, port) in taken:
            raise ConfigError(
                f"address: {taken[host, port]} and {name} are both at {host}:{port}; give one another port"
            )
        taken[host, port] = name
