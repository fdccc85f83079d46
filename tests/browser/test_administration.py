"""Accounts, API keys, one's own account and the audit trail, as a person uses them; forms also without scripts."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.support import sample_site as sample
from tests.support.browser import WatchedPage
from tests.support.site import OPERATOR, VIEWER, Person, Site, sign_in

PASSWORD = "four words, oddly chosen"


def _send(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name=button, exact=True).click()


def test_an_admin_lets_somebody_in_changes_the_role_and_ends_it(
    either_page: WatchedPage, open_page: Open, site: Site
) -> None:
    page = either_page.page
    name = f"grace {either_page.javascript}"
    either_page.goto("/accounts")
    page.get_by_role("link", name="Add Account").click()
    page.get_by_label("User name").fill(name)
    page.get_by_role("radio", name="operator").check()
    page.get_by_label("Password").fill(PASSWORD)
    _send(page, "Save")
    expect(page.get_by_role("status").first).to_contain_text("Account created.")
    grace = open_page(site, person=None)
    sign_in(grace.page, Person(name, "operator", PASSWORD))
    expect(grace.page.get_by_role("link", name="Add Client").first).to_be_visible()
    page.get_by_role("radio", name="viewer").check()
    _send(page, "Save")
    expect(page.get_by_role("status").first).to_contain_text("Account saved.")
    grace.goto("/")
    expect(grace.page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_role("link", name="Delete account").click()
    expect(page.get_by_role("main")).to_contain_text(f"{name} is signed out everywhere at once")
    _send(page, "Confirm")
    expect(page.get_by_role("status").first).to_contain_text("Account deleted.")
    expect(page.get_by_role("link", name=name)).to_have_count(0)


def test_a_password_is_suggested_where_scripts_run(page: WatchedPage) -> None:
    page.goto("/accounts/new")
    page.page.get_by_role("button", name="Suggest one").click()
    field = page.page.get_by_label("Password")
    first = field.input_value()
    page.page.get_by_role("button", name="Suggest one").click()
    assert field.input_value() != first
    assert len(first) == len(field.input_value()) == 27
    expect(field).to_have_attribute("type", "text")


def test_an_api_key_is_shown_once_and_then_works_and_then_is_revoked(either_page: WatchedPage, site: Site) -> None:
    page = either_page.page
    name = f"pipeline {either_page.javascript}"
    either_page.goto("/api-keys/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("radio", name="operator").check()
    if either_page.javascript:
        page.get_by_role("button", name="30 days").click()
        expect(page.get_by_label("Expires in (hours)")).to_have_value("720")
    _send(page, "Save")
    field = page.get_by_label("Credential", exact=True)
    if either_page.javascript:
        expect(field).to_have_attribute("type", "password")
        page.get_by_role("button", name="Show credentials").click()
        expect(field).to_have_attribute("type", "text")
        page.get_by_role("button", name="Hide credentials").click()
    value = field.input_value()
    assert site.manage.api(value).call("GET", "/clients").status == 200
    assert site.manage.api(value).call("GET", "/accounts").status == 403
    if either_page.javascript:
        page.get_by_role("link", name="All API keys").click()
        expect(page.get_by_role("dialog")).to_contain_text("Have you copied it?")
        page.get_by_role("button", name="Leave without it").click()
    else:
        page.get_by_role("link", name="All API keys").click()
    page.get_by_role("link", name=f"Revoke {name}").click()
    _send(page, "Confirm")
    expect(page.get_by_role("row", name=name)).to_contain_text("Revoked")
    assert site.manage.api(value).call("GET", "/clients").status == 401


def test_somebody_changes_the_own_password_and_stays_while_others_have_to_sign_in(open_page: Open, site: Site) -> None:
    here, elsewhere = (open_page(site, person=None, javascript=javascript) for javascript in (False, True))
    for opened in (here, elsewhere):
        sign_in(opened.page, OPERATOR)
    page = here.page
    here.goto("/account")
    page.get_by_label("Current password").fill("not this one at all")
    page.get_by_label("New password").fill(PASSWORD)
    _send(page, "Change password")
    expect(page.get_by_role("main")).to_contain_text("Is not the account's password.")
    page.get_by_label("Current password").fill(OPERATOR.password)
    page.get_by_label("New password").fill(PASSWORD)
    _send(page, "Change password")
    expect(page.get_by_role("status").first).to_contain_text("Password changed.")
    assert here.goto("/clients") == 200
    elsewhere.goto("/clients")
    expect(elsewhere.page.get_by_role("heading", level=1)).to_have_text("Sign in")
    here.goto("/account")
    _send(page, "End all my sessions")
    expect(page.get_by_role("status").first).to_contain_text("Signed out everywhere")


def test_the_trail_is_filtered_paged_and_taken_away_as_a_file(either_page: WatchedPage, tmp_path: Path) -> None:
    page = either_page.page
    either_page.goto("/audit")
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("link", name="First page")).to_be_visible()
    page.get_by_label("Profile ID").fill(sample.TOKEN)
    page.get_by_label("What was done").select_option("credential.rotate")
    page.get_by_label("From (UTC)").fill("2026-01-01T00:00")
    _send(page, "Filter")
    expect(page.get_by_role("list", name="Entries").get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("list", name="Entries")).to_contain_text("operations rotated the credential of")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    assert download.value.suggested_filename == "audit.csv"
    download.value.save_as(tmp_path / "audit.csv")
    text = (tmp_path / "audit.csv").read_text(encoding="utf-8")
    header, row = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert dict(zip(header, row, strict=True))["profile_id"] == sample.TOKEN


def test_who_is_no_admin_is_told_that_this_is_for_admins(open_page: Open, site: Site) -> None:
    opened = open_page(site, person=VIEWER)
    for path in ("/accounts", "/accounts/new", "/api-keys"):
        assert opened.goto(path) == 403
        expect(opened.page.get_by_role("main")).to_contain_text("This needs the role admin; you have the role viewer.")
    expect(opened.page.get_by_role("navigation", name="Main")).not_to_contain_text("Accounts")
