"""Sessions as browsers have them: cookies, and the proof that a form is one of ours (CSRF)."""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from authz_server.web.peers import Peers

CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf_token"
_SESSION: Final = "authz_session"
_VISITOR: Final = "authz_visitor"  # stands in for a session while there is none: the sign-in form needs a proof too
_HOST_PREFIX: Final = "__Host-"  # a browser takes it over TLS only, and from this host only (RFC 6265bis section 4.1.3)
_BLANKS: Final = " \t"
_PURPOSE: Final = b"authz: this form is ours"
_VISITOR_BYTES: Final = 32
_SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_OUR_SITES: Final = frozenset(("same-origin", "none"))


@dataclass(frozen=True, slots=True)
class Cookies:
    """Reads and writes the cookies of one deployment."""

    peers: Peers

    def session(self, request: Request) -> str:
        """The secret of the session, or nothing."""
        return self._get(_SESSION, request)

    def visitor(self, request: Request) -> str:
        """What tells one browser that has not signed in from another, or nothing."""
        return self._get(_VISITOR, request)

    def start(self, response: Response, request: Request, secret: str) -> None:
        """Somebody has signed in. The cookie ends with the browser; how long it is good for, the server knows."""
        self._set(response, request, _SESSION, secret)

    def end(self, response: Response, request: Request) -> None:
        """Somebody has signed out."""
        self._set(response, request, _SESSION, "", max_age=0)

    def meet(self, response: Response, request: Request) -> str:
        """Give a visitor a number, where there is none yet; the number."""
        known = self.visitor(request)
        if known:
            return known
        number = secrets.token_urlsafe(_VISITOR_BYTES)
        self._set(response, request, _VISITOR, number)
        return number

    def remember(self, response: Response, request: Request, name: str, value: str, max_age: int) -> None:
        """A cookie that holds no secret, for so many seconds; 0 removes it."""
        self._set(response, request, name, value, max_age=max_age)

    def remembered(self, request: Request, name: str) -> str:
        """What `remember` has set, or nothing."""
        return self._get(name, request)

    def _get(self, name: str, request: Request) -> str:
        """Of several of that name, the last.

        Names are compared exactly: what takes white space of Unicode off them, as `Request.cookies` does, would make a
        `__Host-` cookie of one that any sibling of this host can set.
        """
        wanted, found = self._name(name, request), ""
        for row in request.headers.getlist("cookie"):
            for pair in row.split(";"):
                given, _, value = pair.partition("=")
                if given.strip(_BLANKS) == wanted:
                    found = value.strip(_BLANKS)
        return found

    def _set(self, response: Response, request: Request, name: str, value: str, max_age: int | None = None) -> None:
        response.set_cookie(
            self._name(name, request),
            value,
            max_age=max_age,
            path="/",
            secure=self.peers.is_secure(request),
            httponly=True,
            samesite="lax",  # a link from elsewhere leads to the page, and changes nothing
        )

    def _name(self, name: str, request: Request) -> str:
        return f"{_HOST_PREFIX}{name}" if self.peers.is_secure(request) else name


def csrf_token(secret: str) -> str:
    """What every form of this session, or of this visitor, carries."""
    proof = hmac.digest(secret.encode("utf-8", "replace"), _PURPOSE, "sha256")
    return base64.urlsafe_b64encode(proof).rstrip(b"=").decode("ascii")


def is_ours(secret: str, given: str) -> bool:
    """Whether a form carries the token of this session."""
    return bool(secret) and hmac.compare_digest(csrf_token(secret).encode(), given.encode("utf-8", "replace"))


def is_safe(request: Request) -> bool:
    """Whether the method asks for nothing to be done (RFC 9110 section 9.2.1)."""
    return request.method in _SAFE_METHODS


def comes_from_here(request: Request) -> bool:
    """Whether the browser says that one of our own pages sent this, as far as it says anything.

    `Sec-Fetch-Site` is not sent over plain HTTP to another host, and `Origin` not by every browser; each that is sent
    has to be right. Of the origin only the host is compared: a proxy that is not trusted may have ended the TLS.
    """
    if not _OUR_SITES.issuperset(request.headers.getlist("sec-fetch-site")):
        return False
    host = request.headers.get("host", "")
    return all(_host(origin) == host for origin in request.headers.getlist("origin"))


def _host(origin: str) -> str | None:
    """Of an origin as browsers write it; `null`, and what cannot be read, has none."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
