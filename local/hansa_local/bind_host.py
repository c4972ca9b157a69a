"""Bind host: what a service listens on, given the address at which others dial it."""

from __future__ import annotations

from ipaddress import ip_address


def bind_host(advertised: str) -> str:
    """A loopback address itself; else all of the machine, for a public one may belong to what stands before it."""
    if advertised == "localhost":
        return advertised
    try:
        address = ip_address(advertised)
    except ValueError:
        return "0.0.0.0"  # noqa: S104  whoever gives an address that others dial wants to be dialled
    if address.is_loopback or address.is_unspecified:
        return advertised
    return "::" if address.version == 6 else "0.0.0.0"  # noqa: S104  as above
