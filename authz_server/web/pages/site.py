"""The site: every page, as one table, and the routes that serve them."""

from __future__ import annotations

from typing import Final

from starlette.routing import Route, Router

from authz_server.web.pages import (
    accounts,
    api_keys,
    assets,
    audit,
    client,
    clients,
    guide,
    home,
    own_account,
    profile_auth,
    profile_edit,
    profile_edits,
    profile_new,
    profile_page,
    profiles,
    trying,
)
from authz_server.web.pages.serving import Endpoint, Frame, Nowhere
from authz_server.web.pages.signing_in import SigningIn
from authz_server.web.pages.visits import Page

PAGES: Final[tuple[Page, ...]] = (
    *home.PAGES,
    *clients.PAGES,
    *client.PAGES,
    *profiles.PAGES,
    *profile_new.PAGES,
    *profile_edit.PAGES,
    *audit.PAGES,
    *accounts.PAGES,
    *api_keys.PAGES,
    *own_account.PAGES,
    *profile_page.PAGES,
    *profile_edits.PAGES,
    *profile_auth.PAGES,
    *trying.PAGES,
    *guide.PAGES,
)


def site(frame: Frame) -> Router:
    """Everything outside /api."""
    routes = [
        *assets.routes(frame.renderer.assets),
        *SigningIn(frame).routes(),
        *(Route(page.path, Endpoint(page, frame)) for page in PAGES),
    ]
    return Router(routes, redirect_slashes=False, default=Nowhere(frame))
