"""Bind host: what a service listens on, given the address at which others dial it."""

from __future__ import annotations

from ipaddress import ip_address


def bind_host(advertised: str) -> str:
    """An address itself, so that no other of the machine is opened; of a name, which may be a proxy's, all of them."""
    if advertised == "localhost":
        return advertised
    try:
        ip_address(advertised)
    except ValueError:
        return "0.0.0.0"  # noqa: S104  whoever gives a name that others dial wants to be dialled
    return advertised
