"""Requests too large to be checked are refused before the check, and what is let through is small enough for it."""

import pytest

from tests.e2e.conftest import Shipped
from tests.support.callers import Headers, StreamReset
from tests.support.scripted_check import ScriptedCheck
from tests.support.upstream import HttpApplication

OVERSIZED: list[Headers] = [
    [("x-padding", "a" * 65_536)],
    [("authorization", "Bearer " + "a" * 65_536)],
    [(f"x-padding-{number}", "a" * 8_192) for number in range(8)],
    [(f"x-padding-{number}", "a") for number in range(120)],
]


@pytest.mark.parametrize("headers", OVERSIZED, ids=["one header", "credential", "eight headers", "120 headers"])
def test_oversized_headers_are_refused_before_the_check(
    shipped: Shipped, check: ScriptedCheck, application: HttpApplication, headers: Headers
) -> None:
    before = len(application.requests)
    assert shipped.http1.call("GET", "/orders", headers).status == 431
    with pytest.raises(StreamReset):
        shipped.http2.call("GET", "/orders", headers)
    assert not check.checks
    assert len(application.requests) == before


def test_the_largest_headers_that_envoy_takes_are_checked(shipped: Shipped, check: ScriptedCheck) -> None:
    """A CheckRequest above the check server's receive limit would count as an error: this is the largest there is."""
    credential = "Bearer " + "a" * 59_000
    for caller in (shipped.http1, shipped.http2):
        assert caller.call("GET", "/orders", [("authorization", credential)]).status == 200
    assert [each.headers["authorization"] for each in check.checks] == [credential, credential]
