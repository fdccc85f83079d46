"""Every page in every state that looks different, as one table: what holds for all pages is tested over it.

A `View` says how to get there. `VIEWS` is the table; `test_all_pages.py` holds it against the pages that are served.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.support import sample_site as sample
from tests.support.browser import WatchedPage
from tests.support.site import ADMIN, VIEWER, Person, Site

Act = Callable[[Page], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A page in a state. Its name is also the name of its picture."""

    name: str
    path: str  # `{account}` and `{api_key}` stand for the ids of those that `_IDS` finds
    act: Act | None = None  # what to do there, to bring it into this state
    person: Person | None = ADMIN  # who has signed in
    status: int = 200
    empty: bool = False  # on the site without records

    def show(self, opened: WatchedPage, site: Site) -> None:
        """Bring a page there; `opened` is one of `site`, signed in as `person`."""
        path = self.path.format_map({name: find(site) for name, find in _IDS.items() if f"{{{name}}}" in self.path})
        assert opened.goto(path) == self.status, path
        assert opened.page.url == f"{site.origin}{path}", "somewhere else"
        if self.act is not None:
            self.act(opened.page)
        opened.page.wait_for_load_state()

    @property
    def route(self) -> str:
        """The path without a query."""
        return urlsplit(self.path).path


def fill(button: str, **fields: str) -> Act:
    """Type into fields by their HTML names (`auth__issuer` is `auth.issuer`), and send the form by its button.

    The browser's own checks are switched off: the server's answer is wanted.
    """

    def act(page: Page) -> None:
        page.evaluate("for (const form of document.forms) form.noValidate = true")
        for name, text in fields.items():
            page.locator(f'main [name="{name.replace("__", ".")}"]').first.fill(text)
        send(button)(page)

    return act


def send(button: str) -> Act:
    """Press a button of a form, and wait for the page that it leads to."""

    def act(page: Page) -> None:
        with page.expect_navigation():
            page.get_by_role("main").get_by_role("button", name=button, exact=True).first.click()

    return act


def choose(auth_type: str, then: Act | None = None) -> Act:
    """Choose an auth type, so that its fields are there."""

    def act(page: Page) -> None:
        page.get_by_label("Auth Type").select_option(auth_type)
        if then is not None:
            then(page)

    return act


def unfold(summary: str, then: Act) -> Act:
    """Open what is folded away, then go on."""

    def act(page: Page) -> None:
        page.get_by_role("main").get_by_text(summary, exact=True).click()
        then(page)

    return act


def follow(link: str) -> Act:
    """Go where a link of the page leads."""

    def act(page: Page) -> None:
        with page.expect_navigation():
            page.get_by_role("main").get_by_role("link", name=link, exact=True).first.click()

    return act


def _first(path: str, name: str) -> Callable[[Site], str]:
    """The id of the first object with this name in a list of the API."""

    def find(site: Site) -> str:
        items: list[dict[str, str]] = site.api.must("GET", path)["items"]
        return next(each["id"] for each in items if each["name"] == name)

    return find


_IDS: Final = {
    "account": _first("/accounts", VIEWER.name),
    "api_key": _first("/api-keys", "deploy pipeline"),
}

_CLIENT: Final = f"/clients/{sample.CLIENT}"

_SIGNING_IN: Final = (
    View(name="sign-in", path="/sign-in", person=None),
    View(
        name="sign-in-refused",
        path="/sign-in",
        person=None,
        act=fill("Sign in", name="nobody", password="guessed, and not well"),
    ),
)
_HOME: Final = (
    View(name="home", path="/"),
    View(name="home-empty", path="/", empty=True),
    View(name="home-viewer", path="/", person=VIEWER),
)
_CLIENTS: Final = (
    View(name="clients", path="/clients"),
    View(name="clients-empty", path="/clients", empty=True),
    View(name="clients-nothing-found", path="/clients?q=nothing+like+this"),
    View(name="clients-viewer", path="/clients", person=VIEWER),
    View(name="client-new", path="/clients/new"),
    View(name="client-new-wrong", path="/clients/new", act=fill("Save", name="")),
    View(name="client", path=_CLIENT),
    View(name="client-without-profiles", path=f"/clients/{sample.QUIET_CLIENT}"),
    View(name="client-inactive", path=f"/clients/{sample.INACTIVE_CLIENT}"),
    View(name="client-viewer", path=_CLIENT, person=VIEWER),
    View(name="client-edit", path=f"{_CLIENT}/edit"),
    View(name="client-edit-wrong", path=f"{_CLIENT}/edit", act=fill("Save", name="")),
    View(name="client-off", path=f"{_CLIENT}/active"),
    View(name="client-delete", path=f"{_CLIENT}/delete"),
    View(name="client-delete-wrong", path=f"{_CLIENT}/delete", act=fill("Delete client", typed="Acme")),
    View(name="client-guide", path=f"{_CLIENT}/guide"),
    View(name="client-guide-without-profiles", path=f"/clients/{sample.QUIET_CLIENT}/guide"),
)
_NEW_PROFILE: Final = f"/clients/{sample.QUIET_CLIENT}/profiles/new"
_ADDING_PROFILES: Final = (
    View(name="profile-new", path=_NEW_PROFILE),
    *(
        View(name=f"profile-new-{auth_type}", path=_NEW_PROFILE, act=choose(auth_type))
        for auth_type in ("jwt", "oidc", "mtls", "none")
    ),
    View(
        name="profile-new-wrong",
        path=_NEW_PROFILE,
        act=fill("Save", name="", allowed_methods="get, P@ST", allowed_ips="10.0.0.0/8\n10.0.0.300\n10.0.0.1/8"),
    ),
    View(name="profile-new-oidc-wrong", path=_NEW_PROFILE, act=choose("oidc", fill("Save", auth__issuer="http:"))),
    View(name="profile-new-credential", path=_NEW_PROFILE, act=fill("Save", name="production")),
)
_PROFILE: Final = f"/profiles/{sample.TOKEN}"
_PROFILES: Final = (
    View(name="profiles", path="/profiles"),
    View(name="profiles-empty", path="/profiles", empty=True),
    View(name="profiles-expired", path="/profiles?state=expired"),
    View(name="profiles-nothing-found", path="/profiles?q=nothing+like+this"),
    View(name="profile", path=_PROFILE),
    View(name="profile-viewer", path=_PROFILE, person=VIEWER),
    *(
        View(name=f"profile-{name}", path=f"/profiles/{profile_id}")
        for name, profile_id in (
            ("expiring", sample.EXPIRING),
            ("expired", sample.EXPIRED),
            ("inactive", sample.INACTIVE),
            ("jwt", sample.JWT),
            ("oidc", sample.OIDC),
            ("mtls", sample.MTLS),
            ("none", sample.OPEN),
            ("longest", sample.LONGEST),
        )
    ),
    View(name="profile-edit", path=f"{_PROFILE}/edit"),
    View(
        name="profile-edit-wrong", path=f"{_PROFILE}/edit", act=fill("Save", name="", allowed_ips="10.0.0.1/8\nnowhere")
    ),
    View(name="profile-auth", path=f"{_PROFILE}/auth"),
    View(name="profile-auth-wrong", path=f"{_PROFILE}/auth", act=choose("oidc", fill("Save", auth__issuer="http:"))),
    View(name="profile-auth-remove", path=f"{_PROFILE}/auth/remove"),
    View(name="profile-delete", path=f"{_PROFILE}/delete"),
    View(name="profile-off", path=f"{_PROFILE}/active"),
    View(name="profile-expire", path=f"{_PROFILE}/expire"),
    View(name="profile-try", path=f"{_PROFILE}/try"),
    View(name="profile-try-allowed", path=f"{_PROFILE}/try", act=send("Try it")),
    View(name="profile-try-refused", path=f"{_PROFILE}/try", act=fill("Try it", client_ip="192.0.2.1")),
    View(
        name="profile-try-wrong", path=f"{_PROFILE}/try", act=unfold("Other headers", fill("Try it", headers="nothing"))
    ),
    View(name="profile-rotated-wrong", path=_PROFILE, act=fill("Rotate credentials", expires_in_hours="0")),
    View(
        name="profile-rotated",
        path=f"/profiles/{sample.EXPIRED}",
        act=send("Rotate credentials"),
    ),
)
_AUDIT: Final = (
    View(name="audit", path="/audit"),
    View(name="audit-nothing-found", path="/audit?client_id=cl_nobody"),
    View(name="audit-wrong", path="/audit?client_id=a+b&since=yesterday", status=422),
)
_ADMINISTRATION: Final = (
    View(name="accounts", path="/accounts"),
    View(name="account-new", path="/accounts/new"),
    View(name="account-new-wrong", path="/accounts/new", act=fill("Save", name="", password="short")),
    View(name="account", path="/accounts/{account}"),
    View(name="account-wrong", path="/accounts/{account}", act=fill("Set password", password="short")),
    View(name="account-delete", path="/accounts/{account}/delete"),
    View(name="api-keys", path="/api-keys"),
    View(name="api-key-new", path="/api-keys/new"),
    View(name="api-key-new-wrong", path="/api-keys/new", act=fill("Save", name="")),
    View(name="api-key-new-credential", path="/api-keys/new", act=fill("Save", name="made by a test")),
    View(name="api-key-revoke", path="/api-keys/{api_key}/revoke"),
    View(name="own-account", path="/account"),
    View(
        name="own-account-wrong",
        path="/account",
        act=fill("Change password", current_password="not this one", new_password="short"),
    ),
)
_ERRORS: Final = (
    View(name="not-found", path="/nothing/here", status=404),
    View(name="forbidden", path="/accounts", person=VIEWER, status=403),
)

DOWNLOADS: Final = ("/audit.csv",)  # what a link leads to that is no page

VIEWS: Final = (
    *_SIGNING_IN,
    *_HOME,
    *_CLIENTS,
    *_ADDING_PROFILES,
    *_PROFILES,
    *_AUDIT,
    *_ADMINISTRATION,
    *_ERRORS,
)
