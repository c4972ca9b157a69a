"""A complete local league in a folder: authorities, keys, certificates, signed roster, credentials, profiles."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from hansa_core.errors import ConfigError
from hansa_core.league.names import check_distinct, check_label, check_purpose, check_shown_text
from hansa_core.league.roster import Roster
from hansa_core.league.witnesses import MAX_WITNESSES
from hansa_league.files.league_layout import LeagueLayout
from hansa_league.founding.addresses import Address, check_apart, given_addresses
from hansa_league.founding.claim import claimed
from hansa_league.founding.contract_files import read_contract_files
from hansa_league.founding.holders import CityHolder, CoordinatorHolder
from hansa_league.founding.write_league import write_league
from hansa_league.keys.certificates import Validity
from hansa_local.clock import utc_now

DEFAULT_BASE_PORT = 7400
DEFAULT_PURPOSE = "statistics"
DEFAULT_VALID_DAYS = 365
MAX_VALID_DAYS = 3650
MAX_REPLICAS = 16
_CLOCK_SKEW = timedelta(minutes=5)  # holders' clocks may be late: what is made now already held a little earlier


def create_league(
    directory: Path,
    *,
    name: str,
    cities: Sequence[str],
    contracts: Sequence[Path],
    purposes: Sequence[str] = (DEFAULT_PURPOSE,),
    host: str = "127.0.0.1",
    base_port: int = DEFAULT_BASE_PORT,
    ports: Sequence[int] | None = None,
    addresses: Sequence[str] = (),
    outbound: Collection[str] = (),
    replicas: int = 1,
    witness_threshold: int | None = None,
    valid_days: int = DEFAULT_VALID_DAYS,
    now: datetime | None = None,
) -> Roster:
    """Make the league and return its roster. Every city serves every contract, and one key of each city governs.

    `ports`: the coordinators', then each city's in order, then each city's log's in the same order; by default they
    count up from `base_port`.
    `addresses`: where others dial a city or a coordinator, as NAME=HOST[:PORT[:LOGPORT]]; those that are named use none
    of `ports`. What they bind is their own affair, and names may resolve later.
    `outbound`: cities that do not listen; their nodes attach to the coordinators, and their ports stay unused.
    `replicas`: how many coordinators; the first is `coordinator`, the others `coordinator-2` and so on.
    `witness_threshold`: how many other cities cosign each log; by default a majority of those that any city has.
    `valid_days`: how long roster, certificates and credentials hold. `now`: naive UTC; by default the clock's.
    A majority of the governance keys is needed for the next roster; this first one carries all their signatures.
    Raises ConfigError, and leaves nothing behind, if an argument or the folder will not do.
    """
    now = utc_now() if now is None else now.replace(microsecond=0)
    _check_words(name, cities, purposes, valid_days)
    _check_shape(cities, outbound, replicas)
    names = ("coordinator", *(f"coordinator-{number}" for number in range(2, replicas + 1)))
    given = given_addresses(addresses, cities, names)
    ports = _checked_ports(base_port, ports, 2 * len(cities) + replicas)
    hubs = {
        each: given.get(each) or Address(host=host, port=port, log_port=port)
        for each, port in zip(names, ports, strict=False)
    }
    places = _addresses(host, cities, outbound, ports[replicas:], given)
    check_apart(hubs, {city: at for city, at in places.items() if at is not None})
    documents = read_contract_files(contracts)
    layout = LeagueLayout(directory.absolute())
    with claimed(layout):
        validity = Validity(not_before=now - _CLOCK_SKEW, not_after=now + timedelta(days=valid_days))
        coordinators = tuple(CoordinatorHolder.new(each, validity, host=at.host) for each, at in hubs.items())
        holders = tuple(CityHolder(city, validity, host=None if at is None else at.host) for city, at in places.items())
        try:
            roster = Roster(
                league=name,
                version=1,
                expires=validity.not_after,
                purposes=tuple(purposes),
                contracts={contract: hashlib.sha256(content).hexdigest() for contract, content in documents.items()},
                governance_keys=tuple(holder.governance_key.public_key for holder in holders),
                governance_threshold=len(holders) // 2 + 1,
                witness_threshold=_majority(tuple(places.values())) if witness_threshold is None else witness_threshold,
                coordinators=tuple(
                    coordinator.entry(host=hubs[coordinator.name].host, port=hubs[coordinator.name].port)
                    for coordinator in coordinators
                ),
                members=tuple(holder.member(at=places[holder.city], contracts=tuple(documents)) for holder in holders),
            )
        except ValueError as broken:
            raise ConfigError(f"league: {broken}") from broken
        write_league(layout, roster, coordinators, holders, documents)
    return roster


def _check_words(name: str, cities: Sequence[str], purposes: Sequence[str], valid_days: int) -> None:
    """Raise ConfigError for what a person may mistype, before any key is made."""
    if not cities:
        raise ConfigError("cities: a league has at least one city; name it")
    if not purposes:
        raise ConfigError("purposes: a league has at least one purpose; name it")
    if not 1 <= valid_days <= MAX_VALID_DAYS:
        raise ConfigError(f"valid_days is {valid_days}; give 1 to {MAX_VALID_DAYS}")
    try:
        check_shown_text(name, "name")
        for city in cities:
            check_label(city, "city")
        for purpose in purposes:
            check_purpose(purpose, "purpose")
        check_distinct(tuple(cities), "cities")
        check_distinct(tuple(purposes), "purposes")
    except ValueError as broken:
        raise ConfigError(str(broken)) from None


def _check_shape(cities: Sequence[str], outbound: Collection[str], replicas: int) -> None:
    for city in outbound:
        if city not in cities:
            raise ConfigError(f"outbound: {city} is no city of the new league; name one of {', '.join(cities)}")
    if not 1 <= replicas <= MAX_REPLICAS:
        raise ConfigError(f"replicas is {replicas}; give 1 to {MAX_REPLICAS}")


def _addresses(
    host: str, cities: Sequence[str], outbound: Collection[str], ports: Sequence[int], given: Mapping[str, Address]
) -> Mapping[str, Address | None]:
    """Each city's; None for those that do not listen. `ports`: the cities', then their logs'."""
    for city in outbound:
        if city in given:
            raise ConfigError(f"address: {city} is outbound, so nobody dials it; leave one of the two out")
    count = len(cities)
    return {
        city: None if city in outbound else given.get(city) or Address(host=host, port=port, log_port=log_port)
        for city, port, log_port in zip(cities, ports[:count], ports[count:], strict=True)
    }


def _majority(addresses: Sequence[Address | None]) -> int:
    """More than half of the witnesses of the city that has the fewest: a city that listens; 0 where it has none."""
    witnesses = min(max(0, sum(address is not None for address in addresses) - 1), MAX_WITNESSES)
    return witnesses // 2 + 1 if witnesses else 0


def _checked_ports(base_port: int, ports: Sequence[int] | None, wanted: int) -> tuple[int, ...]:
    chosen = tuple(range(base_port, base_port + wanted)) if ports is None else tuple(ports)
    if len(chosen) != wanted or len(set(chosen)) != wanted:
        raise ConfigError(
            f"ports: give {wanted} different ones: the coordinators', one for each city, one for each log"
        )
    if min(chosen) < 1 or max(chosen) > 65535:
        raise ConfigError(f"ports {min(chosen)} to {max(chosen)} leave 1 to 65535; give another base port")
    return chosen
