"""The audit trail as a page and as CSV: filters, paging, words, and cells that no spreadsheet takes for formulas."""

import csv
import io
from typing import Any

import pytest

from authz_server.managing.commands import CreateClient, UpdateClient
from authz_server.managing.records import Actor, AuditEntry, FieldChange, Role
from authz_server.web.pages import audit, audit_words, csv_text
from tests.support import html
from tests.support.rest_api import Api
from tests.support.web_pages import Visitor, visiting

NOON = 1_800_000_000.0  # 2027-01-15T08:00:00Z


@pytest.fixture
def api() -> Api:
    """With two clients, the first of which was renamed an hour later."""
    now = [NOON]
    api = Api(clock=lambda: now[0])
    ada, bob = Actor("ac_ada", "Ada"), Actor("ac_bob", "Bob")
    for actor, client_id in ((ada, "cl_one"), (bob, "cl_two")):
        fields = {"id": client_id, "name": f"name of {client_id}"}
        api.service.clients.create(CreateClient(actor=actor, fields=fields))
    now[0] += 3_600
    renamed = {"name": "another name", "active": False}
    api.service.clients.update(UpdateClient(actor=ada, client_id="cl_one", fields=renamed))
    return api


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


async def clients_of(visitor: Visitor, query: str) -> list[str]:
    answer = await visitor.get(f"/audit.csv?{query}")
    assert answer.status_code == 200
    return [row[4] + " " + row[5] for row in rows(answer.text)[1:] if row[5]]


@pytest.mark.parametrize("role", Role)
async def test_everybody_sees_who_changed_what(api: Api, role: Role) -> None:
    async with visiting(api, role) as visitor:
        shown = await visitor.open("/audit")
    assert "Ada changed the client cl_one" in shown.text
    assert "Name name of cl_one → became another name Active yes → became no" in shown.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("client_id=cl_one", ["client.update cl_one", "client.create cl_one"]),
        ("actor_id=ac_bob", ["client.create cl_two"]),
        ("action=client.create", ["client.create cl_two", "client.create cl_one"]),
        ("actor_id=ac_ada&action=client.create", ["client.create cl_one"]),
        ("since=2027-01-15T08:30", ["client.update cl_one"]),
        ("since=2027-01-15T09:30%2B01:00", ["client.update cl_one"]),
        ("until=2027-01-15T08:30", ["client.create cl_two", "client.create cl_one"]),
        ("since=2027-01-15&until=2027-01-16", ["client.update cl_one", "client.create cl_two", "client.create cl_one"]),
        ("profile_id=pr_none", []),
        ("client_id=&action=", ["client.update cl_one", "client.create cl_two", "client.create cl_one"]),
    ],
)
async def test_a_filter_is_the_same_for_the_page_and_for_csv(api: Api, query: str, found: list[str]) -> None:
    async with visiting(api) as visitor:
        assert await clients_of(visitor, query) == found
        shown = await visitor.open(f"/audit?{query}")
    said = shown.text.count("the client cl_")
    assert said == len(found)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("client_id=%3Cb%3E", "This is no id"),
        ("actor_id=a%00b", "This is no id"),
        ("action=client.explode", "There is no such action."),
        ("since=yesterday", "This is no time"),
        ("until=0001-01-01T00:00%2B23:00", "This is no time"),
        ("before=first", "This address leads to no part of the list."),
        ("before=9999999999999999999", "This address leads to no part of the list."),
    ],
)
@pytest.mark.parametrize("path", ["/audit", "/audit.csv"])
async def test_a_filter_that_cannot_be_says_so_and_finds_nothing(
    api: Api, path: str, query: str, sentence: str
) -> None:
    async with visiting(api) as visitor:
        answer = await visitor.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert sentence in html.read(answer.text).text
    assert "the client cl_" not in answer.text


async def test_the_filter_stays_in_its_fields_and_in_every_link(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ITEMS", 1)
    async with visiting(api) as visitor:
        shown = await visitor.open("/audit?client_id=cl_one&since=2027-01-15T08:00:00Z")
        assert shown.fields["client_id"] == "cl_one"
        assert shown.fields["since"] == "2027-01-15T08:00"
        assert shown.links["Export as CSV"] == "/audit.csv?client_id=cl_one&since=2027-01-15T08%3A00%3A00Z"
        assert shown.links["Ada"] == "/audit?client_id=cl_one&since=2027-01-15T08%3A00%3A00Z&actor_id=ac_ada"
        following = await visitor.open(shown.links["Next page"])
        assert "Ada added the client cl_one" in following.text
        assert "Next page" not in following.links
        assert following.links["First page"] == "/audit?client_id=cl_one&since=2027-01-15T08%3A00%3A00Z"


async def test_csv_is_whole_however_long_the_trail_is(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "CSV_ITEMS", 2)
    async with visiting(api) as visitor:
        answer = await visitor.get("/audit.csv")
    ids = [int(row[0]) for row in rows(answer.text)[1:]]
    assert ids == list(range(ids[0], 0, -1))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_csv_has_utc_times_and_each_change_on_a_line_of_its_cell(api: Api) -> None:
    async with visiting(api) as visitor:
        header, renamed = rows((await visitor.get("/audit.csv?client_id=cl_one")).text)[:2]
    assert header == list(audit._COLUMNS)  # noqa: SLF001 - the contract with who reads it
    assert renamed[1:9] == ["2027-01-15T09:00:00Z", "ac_ada", "Ada", "client.update", "cl_one", "", "", ""]
    assert renamed[9] == "Name: name of cl_one -> another name\nActive: yes -> no"


@pytest.mark.parametrize("start", [*"=+-@\t\r\n", " =", "＝", "＋", "－", "＠"])  # noqa: RUF001 - that is the point
def test_a_cell_that_a_spreadsheet_would_take_for_a_formula_is_text(start: str) -> None:
    (line,) = list(csv_text.lines([f"{start}cmd|' /C calc'!A0"], []))
    assert line.startswith("\"'")
    ((cell,),) = rows(line)
    assert cell == f"'{start}cmd|' /C calc'!A0"


def test_cells_are_quoted_so_that_nothing_in_them_ends_one() -> None:
    text = "".join(csv_text.lines(["a", "b"], [['a "quote", a comma;', "two\r\nlines"]]))
    assert text == '"a","b"\r\n"a ""quote"", a comma;","two\r\nlines"\r\n'
    assert rows(text)[1] == ['a "quote", a comma;', "two\r\nlines"]


async def test_an_actor_whose_name_is_a_formula_does_not_run_in_a_spreadsheet() -> None:
    api = Api()
    name = '=HYPERLINK("http://evil.example","click")'
    fields = {"id": "cl_x", "name": "@SUM(1)", "labels": {"a": "=1"}}
    api.service.clients.create(CreateClient(actor=Actor("ac_x", name), fields=fields))
    async with visiting(api) as visitor:
        row = rows((await visitor.get("/audit.csv?client_id=cl_x")).text)[1]
    assert row[3] == f"'{name}"
    assert not any(cell.startswith(("=", "@", "+", "-")) for cell in row)


@pytest.mark.parametrize(
    ("value", "field", "words"),
    [
        (None, "name", "nothing"),
        ("", "description", "nothing"),
        (True, "active", "yes"),
        (False, "active", "no"),
        (["GET", "POST"], "allowed_methods", "GET, POST"),
        ([], "allowed_methods", "all methods"),
        ([], "allowed_ips", "all addresses"),
        ([], "auth.audience", "nothing"),
        ({"plan": "gold"}, "labels", "plan=gold"),
        ({}, "labels", "nothing"),
        ({"a": ["x", 1, None]}, "auth.required_claims", 'a=["x", 1, null]'),
        (30, "auth.leeway_seconds", "30"),
    ],
)
def test_values_are_said_in_words(value: Any, field: str, words: str) -> None:
    assert audit_words.value(value, field) == words


def test_what_was_empty_and_stays_it_is_no_change() -> None:
    entry = {"changes": {"description": {"from": None, "to": ""}, "active": {"from": None, "to": True}}}
    assert audit_words.changes(entry) == (audit_words.Change("Active", "nothing", "yes"),)


async def test_a_time_that_was_changed_is_shown_as_times_are() -> None:
    api = Api()
    change = {"auth.expires_at": FieldChange(None, "2027-02-02T14:13:27Z")}
    with api.database.edit() as unit:
        unit.audit.append([AuditEntry(at=NOON, actor=Actor("a", "A"), action="credential.rotate", changes=change)])
    async with visiting(api, Role.VIEWER) as visitor:
        shown = await visitor.open("/audit")
    assert "Credential expires 2 Feb 2027, 14:13 UTC" in shown.text


async def test_what_concerns_an_account_is_a_link_only_for_who_may_follow_it() -> None:
    api = Api()
    for role, is_link in ((Role.VIEWER, False), (Role.ADMIN, True)):
        async with visiting(api, role) as visitor:
            shown = await visitor.open("/audit")
        assert any(href.startswith("/accounts/") for href in shown.links.values()) is is_link
        assert "made the account ac_" in shown.text


async def test_the_same_list_in_a_script_is_quoted_for_the_shell(api: Api) -> None:
    async with visiting(api) as visitor:
        shown = await visitor.open("/audit?client_id=cl_one&action=client.update&since=2027-01-15")
    asked = "client_id=cl_one&action=client.update&since=2027-01-15T00%3A00%3A00Z"
    assert "authzctl audit --client cl_one --action client.update --since 2027-01-15T00:00:00Z" in shown.text
    assert f"'http://manage.test/api/v1/audit?{asked}'" in shown.text
    async with api.client() as client:
        assert [each["action"] for each in (await client.get(f"audit?{asked}")).json()["items"]] == ["client.update"]
