"""A profile's page in a browser: shown once, copied, asked first, with scripts and without."""

from __future__ import annotations

import re
from typing import Final

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.support import sample_site as sample
from tests.support.browser import WatchedPage
from tests.support.site import Site

CLIPBOARD: Final = ["clipboard-read", "clipboard-write"]
NAMES_WHEN_SHOWN: Final = ("Copy credentials", "Copy Authorization header", "Copy X-Client-ID", "Copy X-Profile-ID")


def rotate(page: Page) -> None:
    """Press the button, and wait for the page that answers."""
    with page.expect_navigation():
        page.get_by_role("button", name="Rotate credentials").click()


def click(page: Page, role: str, name: str) -> None:
    """Press or follow, and wait for the page that it leads to."""
    with page.expect_navigation():
        page.get_by_role("main").get_by_role(role, name=name).click()  # type: ignore[arg-type]  # a role's name


def copied(page: Page, name: str) -> str:
    """What a button puts into the clipboard."""
    page.get_by_role("button", name=name).click()
    expect(page.get_by_text("Copied", exact=True).last).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_a_rotated_credential_is_shown_and_hidden_and_copied(open_page: Open, site: Site) -> None:
    opened = open_page(site, permissions=CLIPBOARD)
    page = opened.page
    opened.goto(f"/profiles/{sample.TOKEN}")
    for name in NAMES_WHEN_SHOWN[:2]:
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.get_by_role("button", name="30 days").click()
    expect(page.get_by_label("Expires in (hours)")).to_have_value("720")
    rotate(page)

    field = page.get_by_label("Credential")
    expect(field).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show credentials").click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide credentials").click()
    expect(field).to_have_attribute("type", "password")
    value = field.input_value()
    assert re.fullmatch(r"azt_[0-9A-Za-z]{49}", value)
    assert [copied(page, name) for name in NAMES_WHEN_SHOWN] == [
        value,
        f"Authorization: Bearer {value}",
        sample.CLIENT,
        sample.TOKEN,
    ]

    opened.goto(f"/profiles/{sample.TOKEN}")
    assert value not in opened.answer().text()
    expect(page.get_by_label("Credential")).to_have_count(0)


def test_without_scripts_the_credential_can_be_read(page_without_javascript: WatchedPage) -> None:
    page = page_without_javascript.page
    page_without_javascript.goto(f"/profiles/{sample.TOKEN}")
    rotate(page)
    expect(page.get_by_label("Credential")).to_have_count(1)
    expect(page.get_by_label("Credential")).to_be_visible()
    assert page.get_by_label("Credential").input_value().startswith("azt_")
    for name in ("Show credentials", *NAMES_WHEN_SHOWN):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_copying_keeps_the_focus_and_the_name_of_the_button(open_page: Open, site: Site) -> None:
    opened = open_page(site, permissions=CLIPBOARD)
    opened.goto(f"/profiles/{sample.TOKEN}")
    button = opened.page.get_by_role("button", name="Copy X-Client-ID")
    button.focus()
    opened.page.keyboard.press("Enter")
    expect(opened.page.get_by_text("Copied", exact=True)).to_be_visible()
    expect(button).to_be_focused()
    expect(opened.page.get_by_role("status").filter(has_text="Copy X-Client-ID: copied")).to_have_count(1)


def test_leaving_without_a_copy_is_asked_and_with_one_is_not(open_page: Open, site: Site) -> None:
    opened = open_page(site, permissions=CLIPBOARD)
    page = opened.page
    opened.goto(f"/profiles/{sample.EXPIRED}")
    rotate(page)
    link = page.get_by_role("main").get_by_role("link", name="Acme mobile").first
    link.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Have you copied it?")
    dialog.get_by_role("button", name="Stay here").click()
    expect(dialog).to_be_hidden()
    copied(page, "Copy credentials")
    with page.expect_navigation():
        link.click()
    assert page.url.endswith(f"/clients/{sample.CLIENT}")


def test_a_reload_says_that_it_was_done_and_shows_nothing(either_page: WatchedPage) -> None:
    page = either_page.page
    either_page.goto(f"/profiles/{sample.EXPIRED}")
    rotate(page)
    value = page.get_by_label("Credential").input_value()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("This was already done. Nothing was done again.")
    assert value not in page.content()


def test_a_time_of_grace_is_chosen_seen_and_ended(either_page: WatchedPage) -> None:
    page = either_page.page
    either_page.goto(f"/profiles/{sample.TOKEN}")
    page.get_by_label("works for 1 hour more").check()
    page.get_by_label("Expires in (hours)").fill("2160")
    rotate(page)
    expect(page.get_by_role("heading", name="Two of them work")).to_be_visible()
    either_page.goto(f"/profiles/{sample.TOKEN}")
    click(page, "button", "End the old one now")
    expect(page.get_by_role("status").first).to_contain_text("The old credential has stopped working")
    expect(page.get_by_role("heading", name="Two of them work")).to_have_count(0)


def test_switching_off_is_asked_and_switching_on_is_not(either_page: WatchedPage) -> None:
    page = either_page.page
    either_page.goto(f"/profiles/{sample.OPEN}")
    page.get_by_label("Active").uncheck()
    if not either_page.javascript:
        page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**/active")
    expect(page.get_by_role("main")).to_contain_text(
        f"Every request with {sample.OPEN} will be refused with 403 from now on. Nothing is deleted."
    )
    click(page, "button", "Confirm")
    expect(page.get_by_label("Active")).not_to_be_checked()
    page.get_by_label("Active").check()
    if not either_page.javascript:
        page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Profile switched on.")).to_be_visible()
    expect(page.get_by_label("Active")).to_be_checked()


def test_the_auth_type_is_changed_and_removed(either_page: WatchedPage) -> None:
    page = either_page.page
    either_page.goto(f"/profiles/{sample.EXPIRING}")
    click(page, "link", "Change auth type")
    page.get_by_label("Auth Type").select_option("jwt")
    click(page, "button", "Save")
    assert page.get_by_label("Credential").input_value().startswith("azh_")
    expect(page.get_by_role("button", name="Copy Authorization header")).to_have_count(0)
    either_page.goto(f"/profiles/{sample.EXPIRING}")
    click(page, "link", "Remove auth")
    expect(page.get_by_role("main")).to_contain_text(
        "whoever knows both ids and comes from an allowed address is let in"
    )
    click(page, "button", "Confirm")
    expect(page.get_by_text("Auth removed.")).to_be_visible()
    either_page.goto(f"/profiles/{sample.EXPIRING}/auth")
    page.get_by_label("Auth Type").select_option("token")
    click(page, "button", "Save")


def test_a_profile_is_deleted_by_typing_its_name(either_page: WatchedPage, site: Site) -> None:
    made = site.api.must(
        "POST", f"/clients/{sample.CLIENT}/profiles", {"name": "short-lived", "auth": {"type": "none"}}
    )
    page = either_page.page
    either_page.goto(f"/profiles/{made['id']}")
    click(page, "link", "Delete this profile")
    page.get_by_label("Type “short-lived” to delete it").fill("short-lived")
    click(page, "button", "Delete profile")
    expect(page.get_by_text("Profile deleted.")).to_be_visible()
    assert either_page.goto(f"/profiles/{made['id']}") == 404


def test_a_request_is_tried_step_by_step(either_page: WatchedPage) -> None:
    page = either_page.page
    either_page.goto(f"/profiles/{sample.MTLS}")
    click(page, "button", "Try it")
    expect(page.get_by_role("heading", name="It would be let through")).to_be_visible()
    page.get_by_label("Take the credential as valid").uncheck()
    click(page, "button", "Try it")
    expect(page.get_by_role("heading", name="It would be refused: 401 certificate_missing")).to_be_focused()
    steps = page.locator("ol.steps > li")
    expect(steps).to_have_count(7)
    expect(steps.last).to_have_class("step step-refused")


def test_a_badge_changes_when_its_time_comes(page: WatchedPage, site: Site) -> None:
    """The clock of the page is moved on, not waited for."""
    fields = {"name": "a day and a bit", "auth": {"type": "token"}, "expires_in_hours": 25}
    made = site.api.must("POST", f"/clients/{sample.CLIENT}/profiles", fields)
    page.page.clock.install()
    page.goto(f"/profiles/{made['id']}")
    badge = page.page.locator("main .badge").first
    expect(badge).to_have_text("Valid")
    page.page.clock.fast_forward("01:00:05")
    expect(badge).to_have_text("Expiring Soon")
    page.page.clock.fast_forward("24:00:05")
    expect(badge).to_have_text("Expired")
    site.api.must("DELETE", f"/profiles/{made['id']}")


def test_the_guide_is_copied_as_markdown_and_printed_without_buttons(open_page: Open, site: Site) -> None:
    opened = open_page(site, permissions=CLIPBOARD)
    opened.goto(f"/clients/{sample.CLIENT}/guide")
    assert copied(opened.page, "Copy as Markdown").startswith("# Calling https://gateway.example as Acme mobile\n")
    opened.page.emulate_media(media="print")
    for button in opened.page.get_by_role("button").all():
        expect(button).to_be_hidden()
