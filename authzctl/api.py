"""The REST API from its client's side: requests, retries that do nothing twice, pages, and errors as `Failed`."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

import httpx

from authzctl import problems
from authzctl.failures import Misused, Refused, Unreachable
from authzctl.login import Login
from authzctl.plain_text import on_one_line

Body = dict[str, Any]

PAUSES_SECONDS: Final = (0.2, 0.8)  # before the second and the third attempt
PAGE: Final = 200
_CONNECT_SECONDS: Final = 5.0
_SECONDS: Final = 15.0
_LONG_SECONDS: Final = 300.0  # a document of 100,000 profiles
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout)
_PASSING: Final = frozenset((HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT))
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e]{1,255}").fullmatch
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}").fullmatch


@dataclass(frozen=True, slots=True)
class Answer:
    """The object that was answered. `replayed`: the work was done by an earlier attempt, whose answer was lost."""

    body: Body
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `repeatable`: sending it twice does no more than sending it once."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes | None = None
    body: Body | None = None
    repeatable: bool
    seconds: float = _SECONDS
    idempotency_key: str | None = None


class Api:
    """A context manager. Every method raises `Failed` where the answer is not the one that is wanted."""

    def __init__(self, login: Login, transport: httpx.BaseTransport | None = None) -> None:
        self._url = login.url
        self._client = httpx.Client(
            base_url=login.url + "/api/v1",
            headers={"Authorization": f"Bearer {login.api_key}", "Accept": "application/json"},
            verify=_trust(login.ca),
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, query: Mapping[str, Any] | None = None, *, is_long: bool = False) -> Body:
        """Read something."""
        return self._send(
            Call(
                method="GET",
                path=path,
                query=_query(query),
                headers={},
                repeatable=True,
                seconds=_LONG_SECONDS if is_long else _SECONDS,
            )
        ).body

    def items(self, path: str, query: Mapping[str, Any], most: int | None) -> Iterator[Body]:
        """The entries of a list, page by page; `most` of them, or all."""
        cursor = None
        left = most
        while True:
            limit = PAGE if left is None else min(left, PAGE)
            page = self.get(path, {**query, "limit": limit, "cursor": cursor})
            if not isinstance(page.get("items"), list):
                raise self._something_else("an answer of another form")
            yield from page["items"][:limit]
            cursor = page.get("next_cursor")
            left = None if left is None else left - limit
            if cursor is None or left == 0:
                return

    def create(self, path: str, body: Body, *, key: str | None = None, version: int | None = None) -> Answer:
        """POST what must not happen twice: every attempt has the same Idempotency-Key."""
        key = key or uuid4().hex
        if not _HEADER_VALUE(key):
            raise Misused("the --idempotency-key is none: printable ASCII without spaces, at most 255 characters")
        headers = {"Idempotency-Key": key, **_condition(version)}
        return self._send(
            Call(method="POST", path=path, query={}, headers=headers, body=body, repeatable=True, idempotency_key=key)
        )

    def ask(self, path: str, body: Body) -> Body:
        """POST a question, which changes nothing."""
        return self._send(Call(method="POST", path=path, query={}, headers={}, body=body, repeatable=True)).body

    def change(self, method: str, path: str, body: Body | None = None, *, version: int | None = None) -> Answer:
        """Change something: sent again only where the first attempt cannot have arrived."""
        headers = _condition(version)
        return self._send(Call(method=method, path=path, query={}, headers=headers, body=body, repeatable=False))

    def document(self, path: str, content: bytes, query: Mapping[str, Any], *, repeatable: bool) -> Body:
        """POST a whole document, YAML or JSON, as it is."""
        return self._send(
            Call(
                method="POST",
                path=path,
                query=_query(query),
                headers={"Content-Type": "application/yaml"},
                content=content,
                repeatable=repeatable,
                seconds=_LONG_SECONDS,
            )
        ).body

    def _send(self, call: Call) -> Answer:
        for pause in PAUSES_SECONDS:
            try:
                response = self._attempt(call)
            except httpx.RequestError as error:
                if not call.repeatable and not isinstance(error, _NEVER_SENT):
                    raise self._unreachable(call, error) from None
            else:
                if response.status_code not in _PASSING or not call.repeatable:
                    return self._answer(response)
            time.sleep(pause)
        try:
            return self._answer(self._attempt(call))
        except httpx.RequestError as error:
            raise self._unreachable(call, error) from None

    def _attempt(self, call: Call) -> httpx.Response:
        try:
            return self._client.request(
                call.method,
                call.path,
                params=call.query,
                headers=call.headers,
                content=call.content,
                json=call.body,
                timeout=httpx.Timeout(call.seconds, connect=_CONNECT_SECONDS),
            )
        except UnicodeEncodeError:
            raise Misused("an argument is not UTF-8") from None

    def _answer(self, response: httpx.Response) -> Answer:
        if response.is_redirect:
            where = on_one_line(response.headers.get("Location", "another place"))
            raise Misused(f"{self._url} leads on to {where}", advice="Use the URL that the API itself has.")
        try:
            body = response.json()
        except ValueError:  # no JSON, or not UTF-8
            body = None
        if not isinstance(body, dict):
            kind = on_one_line(response.headers.get("Content-Type", "nothing"))
            raise self._something_else(f"{response.status_code}, {kind}")
        if response.is_error:
            raise problems.failure(response.status_code, body, response.headers.get("Retry-After"))
        return Answer(body, response.headers.get("Idempotency-Replayed") == "true")

    def _something_else(self, what: str) -> Unreachable:
        sentence = f"what answers at {self._url} is not the API: {what}"
        return Unreachable(sentence, advice="Is the URL that of `authz-server manage`?")

    def _unreachable(self, call: Call, error: httpx.RequestError) -> Unreachable:
        why = on_one_line(str(error)) or type(error).__name__
        advice = "Is `authz-server manage` running there? `authzctl whoami` shows which URL is used."
        if "CERTIFICATE_VERIFY_FAILED" in why:
            advice = "Its certificate is not trusted here: --ca FILE, or AUTHZCTL_CA, names the CA that issued it."
        elif isinstance(error, _NEVER_SENT) or call.method == "GET":
            pass
        elif call.idempotency_key is not None:
            advice = (
                "It may have been done all the same. To be sure that it is not done twice, repeat the command with "
                f"--idempotency-key {call.idempotency_key}"
            )
        else:
            advice = "It may have been done all the same: look before you repeat it."
        return Unreachable(f"{self._url} cannot be reached: {why}", advice=advice)


def identified(identifier: str) -> str:
    """An id as a part of a path. Raises `Refused` where nothing can have it."""
    if not _IDENTIFIER(identifier):
        raise Refused(
            f"{ascii(identifier)[1:-1]} is no id",
            advice="An id has 1 to 64 letters, digits and . _ ~ -, the first a letter or a digit.",
        )
    return identifier


def _trust(ca: str | None) -> ssl.SSLContext:
    """Whose certificates are trusted: those of `ca` alone, or else those that this machine trusts."""
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:  # ssl.SSLError is one
        raise Misused(f"the CA file {ca} cannot be used: {error.strerror or error}") from None


def _condition(version: int | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": f'"{version}"'}


def _query(query: Mapping[str, Any] | None) -> dict[str, str]:
    """Without what is not given; booleans as JSON has them."""
    given = {name: value for name, value in (query or {}).items() if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}
