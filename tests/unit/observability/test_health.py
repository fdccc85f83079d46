"""What the probes are told, and what a request that is none gets."""

import json
from http import HTTPStatus
from typing import cast

import pytest

from authz_server.checking.ports import Readiness
from authz_server.observability.health import Answer, Route, answer, routes, written

READY = Readiness()


def served(readiness: Readiness = READY) -> dict[str, Route]:
    """The routes of a server in this state."""
    return routes(lambda: readiness, lambda: b"authz_ready 1\n")


def test_alive_is_200_whatever_the_state() -> None:
    assert answer(served(Readiness(reasons=("x",))), b"GET", b"/healthz").status is HTTPStatus.OK


def test_ready_is_200_with_warnings_beside_it() -> None:
    found = answer(served(Readiness(warnings=("the file is wrong",))), b"GET", b"/readyz?verbose")
    assert found.status is HTTPStatus.OK
    assert json.loads(found.body) == {"ready": True, "reasons": [], "warnings": ["the file is wrong"]}


def test_not_ready_is_503_with_the_reasons() -> None:
    found = answer(served(Readiness(reasons=("Redis is not reachable",))), b"GET", b"/readyz")
    assert found.status is HTTPStatus.SERVICE_UNAVAILABLE
    assert json.loads(found.body) == {"ready": False, "reasons": ["Redis is not reachable"], "warnings": []}


def test_metrics_are_plain_text_of_version_0_0_4() -> None:
    found = answer(served(), b"GET", b"/metrics")
    assert (found.content_type, found.body) == ("text/plain; version=0.0.4; charset=utf-8", b"authz_ready 1\n")


def test_other_paths_are_404_and_other_methods_405() -> None:
    assert answer(served(), b"GET", b"/").status is HTTPStatus.NOT_FOUND
    found = answer(served(), b"POST", b"/healthz")
    assert (found.status, found.allow) == (HTTPStatus.METHOD_NOT_ALLOWED, "GET, HEAD")


def test_a_route_that_breaks_is_500_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Answer:
        raise ValueError("hunter2")

    found = answer(cast(dict[str, Route], {"/metrics": broken}), b"GET", b"/metrics")
    assert found == Answer(HTTPStatus.INTERNAL_SERVER_ERROR)
    assert "a health route failed" in caplog.text


def test_an_answer_is_http_and_closes_the_connection() -> None:
    text = written(Answer(HTTPStatus.OK, body=b"ok\n"), is_head=False)
    head, _, body = text.partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"HTTP/1.1 200 OK"
    assert b"Content-Length: 3" in head
    assert b"Connection: close" in head
    assert body == b"ok\n"


def test_head_has_the_head_of_get_and_no_body() -> None:
    answered = Answer(HTTPStatus.METHOD_NOT_ALLOWED, body=b"ok\n", allow="GET, HEAD")
    text = written(answered, is_head=True)
    assert text == written(answered, is_head=False).removesuffix(b"ok\n")
    assert b"Allow: GET, HEAD" in text
