"""Clients and the forms of profiles in a browser: what only the stylesheet or the script can get wrong."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support import sample_site as sample
from tests.support.browser import WatchedPage
from tests.support.site import Site

CLIENT: Final = f"/clients/{sample.CLIENT}"
NEW: Final = f"/clients/{sample.QUIET_CLIENT}/profiles/new"

ALWAYS: Final = {"Name", "Active", "Auth Type", "Allowed Methods", "IP Restrictions"}
FIELDS: Final = {
    "token": {"Expires in (hours)"},
    "jwt": {
        *("Algorithm", "Issuer", "Audience", "Subject", "Required claims", "Leeway (seconds)"),
        *("Longest lifetime (seconds)", "Expires in (hours)"),
    },
    "oidc": {
        *("Algorithms", "Key set (JWKS)", "Issuer", "Audience", "Kind of token", "Scopes", "Required claims"),
        "Leeway (seconds)",
    },
    "mtls": {
        *("Fingerprints (SHA-256)", "URIs (SAN)", "DNS entries (SAN)", "Subject CN", "Subject OU", "Issued by (DN)"),
        *("Authorities", "Any certificate that Envoy let in"),
    },
    "none": set(),
}


def visible_labels(page: Page) -> set[str]:
    """The fields that a person sees."""
    labels = page.locator("main form label").all()
    return {label.inner_text() for label in labels if label.is_visible()}


@pytest.mark.parametrize("auth_type", FIELDS)
def test_only_the_fields_of_the_chosen_type_are_there(either_page: WatchedPage, auth_type: str) -> None:
    either_page.goto(NEW)
    either_page.page.get_by_label("Auth Type").select_option(auth_type)
    assert visible_labels(either_page.page) == ALWAYS | FIELDS[auth_type]


def test_a_key_is_asked_for_where_the_client_has_one_and_an_expiry_where_we_make_it(either_page: WatchedPage) -> None:
    page = either_page.page
    either_page.goto(NEW)
    page.get_by_label("Auth Type").select_option("jwt")
    page.get_by_label("Algorithm", exact=True).select_option("ES256")
    expect(page.get_by_label("Public key")).to_be_visible()
    expect(page.get_by_label("Key set (JWKS)")).to_be_visible()
    expect(page.get_by_label("Expires in (hours)")).to_be_hidden()


@pytest.mark.parametrize(
    "name", ["Name", "Active", "Auth Type", "Allowed Methods", "IP Restrictions", "Expires in (hours)"]
)
def test_every_field_has_its_name_alone(page: WatchedPage, name: str) -> None:
    """As a test or a screen reader finds it: also by a part of the name, in any case."""
    page.goto(NEW)
    expect(page.page.get_by_label(name)).to_have_count(1)


@pytest.mark.parametrize(
    ("path", "role", "name"),
    [
        ("/clients", "link", "Add Client"),
        (CLIENT, "link", "Add Profile"),
        (f"/clients/{sample.QUIET_CLIENT}", "link", "Add Profile"),
        (NEW, "button", "Save"),
        ("/clients/new", "button", "Save"),
        (f"{CLIENT}/active", "button", "Confirm"),
    ],
)
def test_every_way_on_has_its_name_alone(page: WatchedPage, path: str, role: str, name: str) -> None:
    page.goto(path)
    expect(page.page.get_by_role(role, name=name)).to_have_count(1)  # type: ignore[arg-type]  # one of Playwright's words


def test_a_client_and_its_first_profile_take_two_names(either_page: WatchedPage) -> None:
    page = either_page.page
    name = f"Hooli {either_page.javascript}"
    either_page.goto("/clients")
    page.get_by_role("link", name="Add Client").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Client created.")
    page.get_by_role("link", name="Add Profile").click()
    page.get_by_label("Name").fill("sandbox")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("sandbox")
    expect(page.get_by_label("Credential")).to_have_value(re.compile("^azt_"))


def test_what_is_wrong_is_said_at_its_field_and_the_first_has_the_focus(either_page: WatchedPage) -> None:
    page = either_page.page
    either_page.goto(NEW)
    page.get_by_label("Name").fill("kept")
    page.get_by_label("Auth Type").select_option("oidc")
    page.get_by_label("Issuer").fill("https://login.acme.example")
    page.get_by_label("IP Restrictions").fill("10.0.0.0/8\nnowhere")
    page.get_by_role("button", name="Save").click()
    assert either_page.answer().status == 422
    expect(page.get_by_label("Name")).to_have_value("kept")
    expect(page.get_by_label("Issuer")).to_have_value("https://login.acme.example")
    wrong = page.get_by_label("IP Restrictions")
    expect(wrong).to_have_accessible_description(
        'Line 2: "nowhere" is not an IPv4 or IPv6 address, nor a prefix such as 10.0.0.0/8 or 2001:db8::/32.'
        " Where requests may come from, one in a line: an address such as 192.0.2.7, or a range such as 10.0.0.0/8 or"
        " 2001:db8::/32. Empty: from anywhere."
    )
    expect(page.get_by_label("Key set (JWKS)")).to_be_focused()


def test_chips_fill_the_methods_and_all_empties_them(page: WatchedPage) -> None:
    page.goto(NEW)
    field = page.page.get_by_label("Allowed Methods")
    chips = page.page.get_by_role("group", name="Usual verbs")

    def chip(name: str) -> Locator:
        return chips.get_by_role("button", name=name, exact=True)

    expect(chip("all")).to_have_attribute("aria-pressed", "true")
    chip("GET").click()
    chip("POST").click()
    expect(field).to_have_value("GET, POST")
    expect(chip("all")).to_have_attribute("aria-pressed", "false")
    chip("GET").click()
    expect(field).to_have_value("POST")
    chip("all").click()
    expect(field).to_have_value("")


def test_addresses_are_checked_as_they_are_typed(page: WatchedPage) -> None:
    page.goto(NEW)
    field = page.page.get_by_label("IP Restrictions")
    field.fill("10.0.0.0/8\n10.0.0.1/8")
    said = page.page.get_by_text('Line 2: "10.0.0.1/8" has bits set beyond its prefix length')
    expect(said).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("10.0.0.0/8\n10.0.0.1")
    expect(said).to_be_hidden()
    expect(field).to_have_attribute("aria-invalid", "false")


def test_a_lifetime_is_chosen_by_one_click(page: WatchedPage) -> None:
    page.goto(NEW)
    lifetimes = page.page.get_by_role("group", name="Usual lifetimes")
    lifetimes.get_by_role("button", name="30 days").click()
    expect(page.page.get_by_label("Expires in (hours)")).to_have_value("720")
    lifetimes.get_by_role("button", name="Never").click()
    expect(page.page.get_by_label("Expires in (hours)")).to_have_value("")


def test_a_client_is_switched_off_after_it_was_said_what_that_means_and_on_again(
    either_page: WatchedPage, site: Site
) -> None:
    page = either_page.page
    either_page.goto(CLIENT)
    page.get_by_role("link", name="Switch off").click()
    expect(page.get_by_text("will be refused with 403 from now on. Nothing is deleted.")).to_be_visible()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Client switched off.")).to_be_visible()
    assert not site.api.must("GET", CLIENT)["active"]
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("Client switched on.")).to_be_visible()
    assert site.api.must("GET", CLIENT)["active"]


def test_a_client_goes_when_its_name_was_typed(either_page: WatchedPage, site: Site) -> None:
    page = either_page.page
    path = f"/clients/{site.api.must('POST', '/clients', {'name': f'Going {either_page.javascript}'})['id']}"
    either_page.goto(path)
    page.get_by_role("link", name="Delete this client").click()
    page.get_by_role("button", name="Delete client").click()
    expect(page.get_by_text("This is not its name, and nothing was deleted.")).to_be_visible()
    page.get_by_label("to delete it").fill(f"Going {either_page.javascript}")
    page.get_by_role("button", name="Delete client").click()
    expect(page.get_by_text("Client and its profiles deleted.")).to_be_visible()
    assert either_page.goto(path) == 404


def test_two_people_who_edit_the_same_rules_do_not_overwrite_each_other_unseen(
    either_page: WatchedPage, site: Site
) -> None:
    page = either_page.page
    either_page.goto(f"/profiles/{sample.EXPIRED}/edit")
    site.api.must("PATCH", f"/profiles/{sample.EXPIRED}", {"allowed_ips": [f"192.0.2.{1 + either_page.javascript}"]})
    page.get_by_label("Allowed Methods").fill("GET")
    page.get_by_role("button", name="Save").click()
    assert either_page.answer().status == 409
    expect(page.get_by_text("Somebody else has changed this")).to_be_visible()
    expect(page.get_by_role("group", name="What is there now")).to_contain_text("192.0.2.")
    expect(page.get_by_label("Allowed Methods")).to_have_value("GET")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Profile saved.")).to_be_visible()
