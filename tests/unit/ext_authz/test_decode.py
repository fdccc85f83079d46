"""From the bytes of a CheckRequest to facts."""

import contextlib
from typing import Final

import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st

from authz_server.core.facts import CertificateForm, CheckFacts
from authz_server.core.policy import identify
from authz_server.core.profile import ProfileKey
from authz_server.ext_authz.decode import ClientIpFrom, Decoder
from authz_server.wire import ext_authz_pb2 as wire
from tests.support.requests import IDS, a_check_request, facts

PEER: Final = Decoder(ClientIpFrom.PEER, CertificateForm.PEER)
METADATA: Final = Decoder(ClientIpFrom.METADATA, CertificateForm.PEER)
ENVOY: Final = Decoder(ClientIpFrom.ENVOY, CertificateForm.PEER)
XFCC: Final = Decoder(ClientIpFrom.PEER, CertificateForm.XFCC)

NAMES = st.sampled_from(
    [*IDS, "authorization", "x-request-id", "content-type", "x-authz-subject", "x-authz-client-id", "accept"]
)
VALUES = st.one_of(st.text(max_size=20), st.sampled_from(["", "cl_acme", "a,b", "application/grpc+proto"]))


def test_everything_that_a_check_needs_is_read() -> None:
    headers = IDS | {
        "authorization": "Bearer x",
        "x-request-id": "r-1",
        "content-type": "application/grpc",
        "x-authz-role": "admin",
    }
    request = a_check_request(headers, method="POST", route="orders", certificate="pem")
    assert PEER.decode(request, ()) == facts(
        authorization="Bearer x",
        method="POST",
        route="orders",
        certificate="pem",
        request_id="r-1",
        grpc_caller=True,
        authz_headers=("x-authz-role",),
        headers=headers,
    )


@pytest.mark.parametrize(
    "request_",
    [
        wire.CheckRequest(),
        wire.CheckRequest(attributes=wire.AttributeContext()),
        wire.CheckRequest(attributes=wire.AttributeContext(request=wire.AttributeContext.Request())),
    ],
    ids=["nothing", "no request", "no http"],
)
def test_nothing_at_all_is_read_as_nothing(request_: wire.CheckRequest) -> None:
    for decoder in (PEER, METADATA, ENVOY):
        assert decoder.decode(request_.SerializeToString(), ()) == CheckFacts()


@given(st.dictionaries(NAMES, VALUES))
@example({"x-client-id": "", "x-profile-id": ""})
def test_both_forms_of_headers_are_read_alike(headers: dict[str, str]) -> None:
    """Envoy fills one of the two. Bytes beyond ASCII are in no alphabet of ours, so how they are read is all one."""
    ascii_only = {name: value.encode("ascii", "replace").decode() for name, value in headers.items()}
    rows = [(name, value.encode()) for name, value in ascii_only.items()]
    as_map = PEER.decode(a_check_request(ascii_only), ())
    as_rows = PEER.decode(a_check_request({}, rows=rows), ())
    assert as_rows._replace(authz_headers=()) == as_map._replace(authz_headers=())
    assert sorted(as_rows.authz_headers) == sorted(as_map.authz_headers)


def test_any_header_can_be_looked_up_and_one_that_came_twice_is_joined_by_commas() -> None:
    rows = [("X-API-Key", b"a"), ("x-api-key", b"b")]
    for request in (a_check_request({"x-api-key": "a,b"}), a_check_request({}, rows=rows)):
        headers = PEER.decode(request, ()).headers
        assert headers.get("x-api-key") == "a,b"
        assert headers.get("x-other") is None


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("other", ["cl_acme", "pr_production", "", "x"])
def test_id_that_came_twice_is_malformed_whichever_maps_hold_it(name: str, other: str) -> None:
    good = [(key, value.encode()) for key, value in IDS.items()]
    for request in (
        a_check_request(IDS | {name: f"{IDS[name]},{other}"}),
        a_check_request({}, rows=[*good, (name, other.encode())]),
        a_check_request({name: other}, rows=good),
        a_check_request({}, rows=[*good, (name.title(), other.encode())]),
    ):
        assert not isinstance(identify(PEER.decode(request, ())), ProfileKey)


def test_header_map_may_use_value_instead_of_raw_value() -> None:
    request = wire.CheckRequest()
    rows = request.attributes.request.http.header_map.headers
    rows.extend(wire.HeaderValue(key=name, value=value) for name, value in IDS.items())
    assert identify(PEER.decode(request.SerializeToString(), ())) == ProfileKey("cl_acme", "pr_production")


def test_forged_names_in_capitals_are_found_among_raw_headers() -> None:
    rows = [("X-AUTHZ-ROLE", b"admin"), ("x-authz", b"1"), ("x_authz_role", b"1")]
    assert PEER.decode(a_check_request({}, rows=rows), ()).authz_headers == ("x-authz-role",)


@pytest.mark.parametrize("value", [b"a\xffb", b"a\xe9b", "ä".encode(), b"a!b"])
def test_bytes_beyond_ascii_are_no_id(value: bytes) -> None:
    rows = [("x-client-id", value), ("x-profile-id", b"pr_1")]
    assert not isinstance(identify(PEER.decode(a_check_request({}, rows=rows), ())), ProfileKey)


@pytest.mark.parametrize(
    ("content_type", "is_grpc"),
    [
        ("application/grpc", True),
        ("application/grpc+proto", True),
        ("application/grpc-web", True),
        ("application/json", False),
        ("text/application/grpc", False),
        (" application/grpc", False),
        ("", False),
    ],
)
def test_grpc_callers_are_told_by_their_content_type(content_type: str, is_grpc: bool) -> None:  # noqa: FBT001 - the expectation
    assert PEER.decode(a_check_request({"content-type": content_type}), ()).grpc_caller is is_grpc


FORGED = IDS | {"x-envoy-external-address": "10.9.9.9", "x-client-ip": "10.9.9.9", "x-forwarded-for": "10.9.9.9"}


def test_peer_address_is_the_only_one_believed_by_default() -> None:
    request = a_check_request(FORGED, source_ip="192.0.2.1")
    assert PEER.decode(request, [("x-client-ip", "10.8.8.8")]).client_ip == "192.0.2.1"


def test_address_by_metadata_is_the_only_one_believed_where_so_set() -> None:
    request = a_check_request(FORGED, source_ip="192.0.2.1")
    assert METADATA.decode(request, [("other", "x"), ("x-client-ip", "10.8.8.8")]).client_ip == "10.8.8.8"


@pytest.mark.parametrize(
    "metadata",
    [
        [],
        [("x-client-ip", "10.8.8.8"), ("x-client-ip", "10.8.8.8")],
        [("x-client-ip", b"10.8.8.8")],
        [("x-client-ip-bin", b"10.8.8.8")],
    ],
    ids=["none", "two", "bytes", "binary"],
)
def test_metadata_that_does_not_name_one_address_names_none(metadata: list[tuple[str, str | bytes]]) -> None:
    assert METADATA.decode(a_check_request(FORGED), metadata).client_ip is None


def test_address_by_the_envoy_in_front_is_its_header() -> None:
    assert ENVOY.decode(a_check_request(FORGED), [("x-client-ip", "10.8.8.8")]).client_ip == "10.9.9.9"
    assert ENVOY.decode(a_check_request(), ()).client_ip is None


def test_unix_socket_peer_has_no_address() -> None:
    request = wire.CheckRequest()
    request.attributes.source.address.pipe.path = "/run/envoy.sock"
    assert PEER.decode(request.SerializeToString(), ()).client_ip is None


def test_certificate_comes_from_the_peer_or_from_the_header_never_from_both() -> None:
    request = a_check_request(IDS | {"x-forwarded-client-cert": "Hash=1"}, certificate="pem")
    peer, xfcc = PEER.decode(request, ()), XFCC.decode(request, ())
    assert (peer.certificate, peer.certificate_form) == ("pem", CertificateForm.PEER)
    assert (xfcc.certificate, xfcc.certificate_form) == ("Hash=1", CertificateForm.XFCC)
    assert XFCC.decode(a_check_request(certificate="pem"), ()).certificate is None
    assert PEER.decode(a_check_request(IDS | {"x-forwarded-client-cert": "Hash=1"}), ()).certificate is None


@given(st.binary(max_size=400), st.sampled_from([PEER, METADATA, ENVOY, XFCC]))
def test_arbitrary_bytes_are_facts_or_no_request(request_: bytes, decoder: Decoder) -> None:
    with contextlib.suppress(DecodeError):
        decoder.decode(request_, ())


@given(st.data(), st.sampled_from([PEER, METADATA, ENVOY, XFCC]))
def test_damaged_requests_are_facts_or_no_request(data: st.DataObject, decoder: Decoder) -> None:
    good = bytearray(a_check_request(IDS | {"x-authz-role": "a"}, rows=[("x-client-id", b"\xff")], route="orders"))
    for _ in range(data.draw(st.integers(1, 6))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(DecodeError):
        decoder.decode(bytes(good[: data.draw(st.integers(0, len(good)))]), ())


def test_header_that_is_no_utf8_is_no_request() -> None:
    request = a_check_request(IDS | {"x-odd": "QQQQ"}).replace(b"QQQQ", b"\xff\xfe\xff\xfe")
    with pytest.raises(DecodeError):
        PEER.decode(request, ())
