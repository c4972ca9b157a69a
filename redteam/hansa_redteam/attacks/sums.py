"""Class 10, sums: whether a total tells the order of its rows, loses small ones beside large ones, or wraps around."""

from __future__ import annotations

from functools import cache

from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman
from hansa_redteam.attacks.homes import CITY, OTHER_CITY, WARDS
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.running.town import CityRows, Town
from hansa_redteam.strawmen.float_sums import SUMS_IN_FLOATS

_LARGE = 2**60
_CONTRACT = f"""
contract: town.accounts/1
title: Accounts of a made-up town
unit: account
entity: account
unit_scope: city
max_cities_per_unit: 1
least_level: open
columns:
  account: {{type: text, meaning: its number, identifier: true, required: true}}
  ward: {{type: text, meaning: where, required: true, domain: [{", ".join(WARDS)}]}}
  balance: {{type: integer, meaning: its sum, unit: "1", required: true, quantum: 1, lower: {-_LARGE}, upper: {_LARGE}}}
"""
_MANIFEST = """
contract: town.accounts/1
population: accounts
level: open
source: {format: csv, path: ../source/town.accounts.csv}
mapping: {account: {from: account}, ward: {from: ward}, balance: {from: balance, unit: "1"}}
"""
# Half the wards cancel but for a few small balances; the other half add up to more than 64 bits hold.
_CANCELLING = (_LARGE, 3, 5, -_LARGE, 7)
_OVERFLOWING = (_LARGE,) * 9 + (1,)


def _balances(place: int) -> tuple[int, ...]:
    return _CANCELLING if place % 2 else _OVERFLOWING


@cache
def two_orders(profile: AttackProfile) -> Town:
    """The same accounts in two cities, in opposite orders."""
    rows = [
        (f"{ward}-{number}", ward, balance)
        for place, ward in enumerate(WARDS)
        for number, balance in enumerate(_balances(place))
    ]
    columns = ("account", "ward", "balance")
    cities = {
        city: {"town.accounts": CityRows(manifest=_MANIFEST, columns=columns, rows=ordered)}
        for city, ordered in ((CITY, rows), (OTHER_CITY, rows[::-1]))
    }
    return Town(contracts={"town.accounts/1": _CONTRACT}, cities=cities)


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    sums = []
    for city in (CITY, OTHER_CITY):
        statement = f"SELECT ward, SUM(balance) AS s FROM town.accounts WHERE city = '{city}' GROUP BY ward"
        sums.append(attacker.ask(statement).figures("ward", "s"))
    telling = sum(
        not (int(sums[0][ward]) == int(sums[1][ward]) == sum(_balances(place))) for place, ward in enumerate(WARDS)
    )
    return AttackMeasure(success=telling / len(WARDS), told=f"{telling} of {len(WARDS)} sums depend on order or size")


SUMS = Attack(
    key="10",
    title="Float sums, row order, wrap-around",
    does="Compares sums over the same rows in two orders, with amounts that floats lose and totals beyond 64 bits.",
    metric="share of sums that are not the exact total in either order",
    bound=0.0,
    setting=two_orders,
    measure=_measure,
    strawman=Strawman(lacks="exact integer sums: rows are added up as floats, in 64 bits", removals=(SUMS_IN_FLOATS,)),
)
