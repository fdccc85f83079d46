"""What a caller says about itself after its body: HTTP/2 trailers, which reach an application that speaks HTTP/2."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.e2e.conftest import Certificates, StartEnvoy
from tests.support.callers import Http2Caller, StreamReset
from tests.support.envoy_config import EDGE_MTLS, NAMES, SIDECAR, Config, Surroundings, http_filter
from tests.support.http2_upstream import Http2Application
from tests.support.scripted_check import ScriptedCheck

METHOD = "/orders.v1.Orders/List"
FORGED = [("x-authz-client-id", "cl_admin"), ("x-authz-role", "admin")]
HARMLESS = ("x-checksum", "abc")

Calling = Callable[..., Http2Caller]


@pytest.fixture
def http2_application() -> Iterator[Http2Application]:
    """An application that shows its trailers."""
    running = Http2Application()
    yield running
    running.stop()


@pytest.fixture
def calling(
    start_envoy: StartEnvoy, surroundings: Surroundings, certificates: Certificates, http2_application: Http2Application
) -> Calling:
    """Start a configuration with that application behind `app_grpc`, and call it."""

    def call(name: str, *changes: Callable[[Config], None]) -> Http2Caller:
        envoy = start_envoy(name, *changes, around=replace(surroundings, app_grpc=http2_application.port))
        return Http2Caller(envoy.port, certificates.tls() if name == EDGE_MTLS else None)

    return call


@pytest.mark.parametrize("name", NAMES)
def test_forged_identity_in_trailers_does_not_reach_the_application(
    name: str, calling: Calling, check: ScriptedCheck, http2_application: Http2Application
) -> None:
    """The other trailers do: they belong to the caller and the application."""
    answer = calling(name).call("POST", METHOD, body=b"x", trailers=[*FORGED, HARMLESS])
    assert answer.status == 200
    assert http2_application.trailers == [(HARMLESS,)]


def test_without_the_mutation_of_trailers_a_forged_identity_arrives(
    calling: Calling, check: ScriptedCheck, http2_application: Http2Application
) -> None:
    """The attack is real: the removal of headers finds no trailers."""

    def keep_trailers(config: Config) -> None:
        del http_filter(config, "header_mutation")["mutations"]["request_trailers_mutations"]

    answer = calling(SIDECAR, keep_trailers).call("POST", METHOD, body=b"x", trailers=FORGED)
    assert answer.status == 200
    assert http2_application.trailers == [tuple(FORGED)]


def test_underscores_in_the_name_of_a_trailer_are_refused(
    calling: Calling, check: ScriptedCheck, http2_application: Http2Application
) -> None:
    """Applications that read x_authz_client_id as x-authz-client-id never see it."""
    with pytest.raises(StreamReset):
        calling(SIDECAR).call("POST", METHOD, body=b"x", trailers=[("x_authz_client_id", "cl_admin")])
    assert http2_application.trailers == []
