"""The sample upstream of the laptop stack: any method, any body, connection after connection."""

import http.client
import json
from collections.abc import Iterator

import pytest

from authz_server.dev.upstream import SampleUpstream


@pytest.fixture(name="connection")
def a_connection() -> Iterator[http.client.HTTPConnection]:
    """One connection for all requests of a test, as Envoy keeps its own."""
    upstream = SampleUpstream()
    connection = http.client.HTTPConnection("127.0.0.1", upstream.port, timeout=10)
    yield connection
    connection.close()
    upstream.stop()


@pytest.mark.parametrize("method", ["GET", "DELETE", "PROPFIND", "FOO"])
def test_every_method_is_answered_with_what_was_received(method: str, connection: http.client.HTTPConnection) -> None:
    connection.request(method, "/orders?x=1", headers={"X-Authz-Client-Id": "cl_a"})
    seen = json.load(connection.getresponse())
    assert (seen["method"], seen["path"]) == (method, "/orders?x=1")
    assert seen["headers"]["x-authz-client-id"] == "cl_a"


def test_head_has_no_body_and_the_connection_goes_on(connection: http.client.HTTPConnection) -> None:
    connection.request("HEAD", "/")
    assert connection.getresponse().read() == b""
    connection.request("GET", "/after")
    assert json.load(connection.getresponse())["path"] == "/after"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_read_to_its_end(connection: http.client.HTTPConnection, *, chunked: bool) -> None:
    """Otherwise its rest would be taken for the next request."""
    body = b"GET /smuggled HTTP/1.1\r\n" * 10_000
    pieces = iter([body[:100_000], body[100_000:]]) if chunked else body
    connection.request("POST", "/", body=pieces, encode_chunked=chunked, headers=_framing(len(body), chunked=chunked))
    assert json.load(connection.getresponse())["method"] == "POST"
    connection.request("GET", "/after")
    assert json.load(connection.getresponse())["path"] == "/after"


def _framing(size: int, *, chunked: bool) -> dict[str, str]:
    return {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(size)}
