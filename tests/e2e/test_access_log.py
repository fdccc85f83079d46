"""The access log says who was let in and why not, and nothing that could be used to get in."""

import json

from tests.e2e.conftest import Certificates, Shipped
from tests.support.callers import Http1Caller
from tests.support.envoy_config import EDGE_MTLS
from tests.support.scripted_check import ScriptedCheck, refused


def test_refusal_is_logged_with_its_code(shipped: Shipped, check: ScriptedCheck) -> None:
    check.always(refused(401, "token_invalid"))
    shipped.http1.call("GET", "/log/refusal")
    entry = shipped.envoy.access_log_of("/log/refusal")
    assert (entry["status"], entry["authz_outcome"], entry["authz_code"]) == (401, "denied", "token_invalid")
    assert (entry["why"], entry["peer"], entry["method"]) == ("ext_authz_denied", "127.0.0.1", "GET")


def test_allowed_call_is_logged_with_the_time_that_the_check_took(shipped: Shipped, check: ScriptedCheck) -> None:
    shipped.http2.call("GET", "/log/allowed")
    entry = shipped.envoy.access_log_of("/log/allowed")
    assert (entry["status"], entry["authz_outcome"], entry["protocol"]) == (200, "allowed", "HTTP/2")
    assert int(entry["authz_us"]) > 0


def test_seat_belt_shows_in_the_log(shipped: Shipped, check: ScriptedCheck) -> None:
    check.always(b"")
    shipped.http1.call("GET", "/log/seat-belt")
    assert shipped.envoy.access_log_of("/log/seat-belt")["why"].startswith("rbac_access_denied")


def test_credentials_and_queries_are_not_logged(shipped: Shipped, check: ScriptedCheck) -> None:
    credentials = [
        ("authorization", "Bearer s3cret"),
        ("cookie", "s3cret"),
        ("referer", "https://a.example/?s3cret"),
    ]
    shipped.http1.call("GET", "/log/secrets?token=s3cret", credentials)
    assert "s3cret" not in json.dumps(shipped.envoy.access_log_of("/log/secrets"))


def test_caller_cannot_write_fields_or_lines_of_its_own(shipped: Shipped, check: ScriptedCheck) -> None:
    """Quotes are escaped, and the harness reads every line as JSON."""
    for caller in (shipped.http1, shipped.http2):
        caller.call("GET", '/log/quote","authz_code":"allowed')
    entry = shipped.envoy.access_log_of("/log/quote%22,%22authz_code%22:%22allowed", entries=2)
    assert entry["authz_code"] == "allowed"


def test_certificate_is_logged_by_its_fingerprint(
    shipped_by_name: dict[str, Shipped], certificates: Certificates, check: ScriptedCheck
) -> None:
    envoy = shipped_by_name[EDGE_MTLS].envoy
    Http1Caller(envoy.port, certificates.tls(certificates.client)).call("GET", "/log/certificate")
    entry = envoy.access_log_of("/log/certificate")
    assert (entry["certificate_sha256"], entry["tls"]) == (certificates.client.fingerprint, "TLSv1.3")
