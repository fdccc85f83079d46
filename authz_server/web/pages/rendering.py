"""Rendering: templates, and what every page has in common."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from authz_server.web.pages import words
from authz_server.web.pages.assets import Asset

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "same-origin",  # with `no-referrer`, a form would be sent with `Origin: null`
}


class Renderer:
    """Makes pages of templates. A name that a template does not know is an error, and every value is escaped."""

    def __init__(self, assets: Mapping[str, Asset], version: str) -> None:
        self.assets = assets
        self._everywhere = {"asset": lambda name: assets[name].path, "version": version}

    def page(self, template: str, context: Mapping[str, Any], status: int = 200) -> Response:
        """The page as an answer, with the headers that every page has."""
        made = _environment().get_template(template).render({**self._everywhere, **context})
        return HTMLResponse(made, status, dict(_HEADERS))


@cache
def _environment() -> Environment:
    """One for the process: it keeps each template as it was compiled."""
    environment = Environment(
        loader=PackageLoader("authz_server.web.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(time=words.time, counted=words.counted)
    environment.globals.update(badge=words.badge, duration=words.duration, words_of=words.action)
    return environment
