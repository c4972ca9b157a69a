"""Which city an analyst's certificate speaks for: one name, of a member, issued by that member."""

from __future__ import annotations

import pytest

from hansa_core.errors import RefusedError
from hansa_test_tls import TestAuthority
from hansa_wire.rpc.pins import analyst_city

BREMEN, LUEBECK = TestAuthority("bremen"), TestAuthority("luebeck")
AUTHORITIES = {"bremen": BREMEN.ca_pem, "luebeck": LUEBECK.ca_pem}


def test_a_certificate_of_one_analyst_speaks_for_the_city_that_issued_it() -> None:
    assert analyst_city(BREMEN.issue("analyst.bremen").cert_pem, AUTHORITIES) == "bremen"
    assert analyst_city(BREMEN.issue("desk.example", "analyst.bremen").cert_pem, AUTHORITIES) == "bremen"


@pytest.mark.parametrize(
    "names", [("analyst.bremen", "analyst.luebeck"), ("analyst.luebeck", "analyst.bremen"), ("desk.example",)]
)
def test_a_certificate_that_names_no_analyst_or_several_speaks_for_no_city(names: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError, match="exactly one analyst"):
        analyst_city(BREMEN.issue(*names).cert_pem, AUTHORITIES)
