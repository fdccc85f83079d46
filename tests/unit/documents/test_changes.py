"""Changes of single fields, read by the same validators as whole documents, and errors by their JSON pointers."""

from typing import Any

import pytest

from authz_server.core.allow_list import AllowList
from authz_server.documents.errors import Code, Path, write_pointer
from authz_server.documents.fields import Fields, Report
from authz_server.documents.profiles import ProfileReader

READER = ProfileReader(None, None)


def fields(**values: Any) -> Fields:
    return Fields(values, (), Report())


def test_only_what_is_named_changes() -> None:
    assert READER.client_changes(fields()) == {}
    assert READER.client_changes(fields(active=False)) == {"active": False}
    assert READER.profile_changes(fields(allowed_methods=[], name="n")) == {"name": "n", "allowed_methods": ()}


def test_every_field_that_may_change_is_read() -> None:
    client = {"name": "n", "description": "", "active": True, "labels": {"a": "b"}}
    assert READER.client_changes(fields(**client)) == client
    profile = {
        "name": "n",
        "active": False,
        "allowed_methods": ["GET", "GET"],
        "allowed_ips": ["10.0.0.0/8"],
        "allowed_routes": ["r"],
        "labels": {},
    }
    assert READER.profile_changes(fields(**profile)) == {
        **profile,
        "allowed_methods": ("GET",),
        "allowed_ips": AllowList.of(["10.0.0.0/8"]),
        "allowed_routes": ("r",),
    }


@pytest.mark.parametrize("name", ["id", "profiles", "auth", "allowed_ips"])
def test_a_client_has_no_other_fields_that_change(name: str) -> None:
    given = fields(**{name: []})
    READER.client_changes(given)
    assert [(problem.path, problem.code) for problem in given.report.errors] == [((name,), Code.UNKNOWN_FIELD)]


@pytest.mark.parametrize("name", ["id", "auth", "client_id", "version"])
def test_a_profile_has_no_other_fields_that_change(name: str) -> None:
    given = fields(**{name: "x"})
    READER.profile_changes(given)
    assert [(problem.path, problem.code) for problem in given.report.errors] == [((name,), Code.UNKNOWN_FIELD)]


@pytest.mark.parametrize(
    ("path", "pointer"),
    [((), ""), (("a", 0, "b"), "/a/0/b"), (("a/b", "~", ""), "/a~1b/~0/"), (("labels", "é 🙂"), "/labels/é 🙂")],
)
def test_a_pointer_is_written_as_rfc_6901_says(path: Path, pointer: str) -> None:
    assert write_pointer(path) == pointer
