"""The program run in this process, and an API whose answers are written down beforehand."""

import io
import json
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from authzctl import app, session

URL = "http://127.0.0.1:8080"
KEY = "aza_" + "k" * 49

Reply = httpx.Response | Exception


def answer(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    """An answer of the API."""
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): text for name, text in headers.items()})


def problem(status: int, code: str, detail: str, **more: Any) -> httpx.Response:
    """An error of the API, as RFC 9457 writes it."""
    body = {"type": f"urn:authz:problem:{code}", "title": code, "status": status, "code": code, "detail": detail}
    return httpx.Response(status, json=body | more, headers={"Content-Type": "application/problem+json"})


@dataclass
class ScriptedApi:
    """Answers each call with what stands next for it; the last answer is given again and again."""

    requests: list[httpx.Request] = field(default_factory=list)
    script: dict[str, deque[Reply]] = field(default_factory=dict)

    def on(self, call: str, *replies: Reply) -> None:
        """What `GET /clients?limit=1` and the like are answered with; without a query, any query will do."""
        self.script[call] = deque(replies)

    def handle(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        self.requests.append(request)
        call = f"{request.method} {request.url.path.removeprefix('/api/v1')}"
        query = urlencode(list(request.url.params.multi_items()))
        replies = self.script.get(f"{call}?{query}") or self.script.get(call)
        if replies is None:
            raise AssertionError(f"nobody expects {call}?{query}")
        reply = replies.popleft() if len(replies) > 1 else replies[0]
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    @property
    def calls(self) -> list[str]:
        """Each request's method and path."""
        return [f"{each.method} {each.url.path.removeprefix('/api/v1')}" for each in self.requests]

    def body(self, number: int = -1) -> Any:
        """What a request carried."""
        return json.loads(self.requests[number].content)


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture(name="api")
def an_api_that_is_scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedApi:
    scripted = ScriptedApi()
    monkeypatch.setattr(session, "transport", lambda: httpx.MockTransport(scripted.handle))
    return scripted


@pytest.fixture(name="pauses")
def the_pauses_between_attempts(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """They are written down instead of being made."""
    made: list[float] = []
    monkeypatch.setattr("authzctl.api.time.sleep", made.append)
    return made


@pytest.fixture(name="home", autouse=True)
def a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With nothing kept, and a key for the local API in the environment."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "AUTHZCTL_CA", "AUTHZCTL_ALLOW_HTTP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AUTHZCTL_URL", URL)
    monkeypatch.setenv("AUTHZCTL_API_KEY", KEY)
    return tmp_path


@pytest.fixture(name="run")
def the_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], pauses: list[float]) -> Run:
    """`run("clients", "list", stdin="")`."""

    def run(*arguments: str, stdin: str = "") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["authzctl", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app.main()
        printed = capsys.readouterr()
        assert KEY not in printed.out + printed.err
        return Outcome(int(ended.value.code or 0), printed.out, printed.err)

    return run
