"""A document as a whole: what it gives, where its errors are, and what must be unique in it."""

import contextlib
import gc
from typing import Any

import pytest

from authz_server.core.profile import UNPUBLISHED
from authz_server.documents.document import read_document
from authz_server.documents.errors import Code, DocumentInvalid, FieldError, write_path
from tests.unit.documents.builders import NONE, a_client, a_document, a_profile, as_bytes, errors, private_pem, read

EXAMPLE = b"""\
clients:
  - id: cl_acme
    name: Acme mobile
    active: true
    labels: {tier: gold}
    profiles:
      - id: pr_production
        name: production
        active: true
        allowed_methods: [GET, POST, GET]
        allowed_ips: [10.0.0.0/8, "2001:db8::/32", 192.168.1.7]
        allowed_routes: [orders]
        labels: {env: prod}
        auth: {type: none}
  - id: cl_other
    name: Other
"""


def test_a_document_gives_its_clients_and_their_profiles() -> None:
    document = read_document(EXAMPLE)
    (profile,) = document.profiles
    assert [client.id for client in document.clients] == ["cl_acme", "cl_other"]
    assert profile.client is document.clients[0]
    assert (profile.id, profile.name, profile.active) == ("pr_production", "production", True)
    assert profile.allowed_methods == ("GET", "POST")
    assert profile.allowed_ips.entries == ("10.0.0.0/8", "2001:db8::/32", "192.168.1.7")
    assert profile.allowed_routes == ("orders",)
    assert (profile.labels, profile.client.labels) == ({"env": "prod"}, {"tier": "gold"})
    assert profile.version == UNPUBLISHED


def test_what_is_left_out_has_its_default() -> None:
    (profile,) = read(a_document(a_profile())).profiles
    assert (profile.active, profile.client.active, profile.client.description) == (True, True, "")
    assert (profile.allowed_methods, profile.allowed_routes, profile.labels) == ((), (), {})
    assert not profile.allowed_ips


@pytest.mark.parametrize("document", [{"clients": []}, {"clients": [a_client(profiles=...)]}])
def test_a_document_may_have_no_clients_and_a_client_no_profiles(document: object) -> None:
    assert read(document).profiles == ()


def test_every_error_is_reported_in_the_order_of_the_document_with_its_place() -> None:
    text = b"""\
clients:
  - id: cl_acme
    name: Acme
    activ: true
    profiles:
      - id: pr_1
        name: production
        allowed_ip: [10.0.0.0/8]
        allowed_ips: [10.0.0.1/8, 5]
        allowed_methods: GET
        auth: &anchor {type: none}
      - name: "caf\xc3\xa9", id: x
"""
    with pytest.raises(DocumentInvalid) as syntax:
        read_document(text)
    assert str(syntax.value) == "12:21: is not YAML: while parsing a block mapping, did not find expected key"
    with pytest.raises(DocumentInvalid) as invalid:
        read_document(text.replace(b'- name: "caf\xc3\xa9", id: x', b'- {name: "caf\xc3\xa9", id: a b}'))
    assert str(invalid.value).splitlines() == [
        "4:5: clients[0].activ: is no field of a client; did you mean active?",
        "8:9: clients[0].profiles[0].allowed_ip: is no field of a profile; did you mean allowed_ips?",
        (
            '9:23: clients[0].profiles[0].allowed_ips[0]: "10.0.0.1/8" has bits set beyond its prefix length;'
            " write 10.0.0.0/8 or the address alone"
        ),
        "9:35: clients[0].profiles[0].allowed_ips[1]: is a number; a string is expected: quote it",
        (
            "10:26: clients[0].profiles[0].allowed_methods: is a string; a list is expected, also for a single value:"
            " put it in [ ]"
        ),
        "11:15: clients[0].profiles[0].auth: has an anchor; anchors and aliases are not accepted, write the value out",
        "12:9: clients[0].profiles[1].auth: is missing, and has to be given",
        (
            "12:28: clients[0].profiles[1].id: \"a b\" is not an id: 1 to 64 letters, digits, '.', '_', '~' or '-',"
            " of which the first is a letter or a digit"
        ),
    ]
    assert invalid.value.errors[0] == FieldError(
        "clients[0].activ",
        4,
        5,
        Code.UNKNOWN_FIELD,
        "is no field of a client; did you mean active?",
        ("clients", 0, "activ"),
    )


def test_positions_are_found_behind_surrogates_of_json_too() -> None:
    found = errors(b'{"clients": [\n{"id": "a", "name": "\\ud83d\\ude80", "active": 1}]}')
    assert [str(error) for error in found] == ["2:47: clients[0].active: is a number; true or false is expected"]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "1:1: is a list; a mapping is expected"),
        ("just text", "1:1: is a string; a mapping is expected"),
        ({}, "1:1: clients: is missing, and has to be given"),
        ({"clients": {}}, "1:13: clients: is a mapping; a list is expected"),
        ({"clients": [], "profiles": []}, "1:17: profiles: is no field of a document; accepted are clients"),
        ({"clients": ["x"]}, "1:14: clients[0]: is a string; a mapping is expected"),
        ({"clients": None}, "1:13: clients: is null, which is not accepted; give a list, or leave the field out"),
        ({"clients": [a_client(id=...)]}, "1:14: clients[0].id: is missing, and has to be given"),
        ({"clients": [a_client(name=...)]}, "1:14: clients[0].name: is missing, and has to be given"),
        ("clients: *x", "1:10: clients: is an alias; anchors and aliases are not accepted, write the value out"),
    ],
)
def test_what_is_no_document_is_refused(document: object, sentence: str) -> None:
    assert sentence in [str(error) for error in errors(document)]


@pytest.mark.parametrize(
    ("document", "path", "first"),
    [
        ({"clients": [a_client(), a_client(name="x")]}, "clients[1].id", "clients[0]"),
        ({"clients": [a_client(), a_client(id="x")]}, "clients[1].name", "clients[0]"),
        (a_document(a_profile(), a_profile(name="x")), "clients[0].profiles[1].id", "clients[0].profiles[0]"),
        (a_document(a_profile(), a_profile(id="x")), "clients[0].profiles[1].name", "clients[0].profiles[0]"),
        (
            {"clients": [a_client(a_profile()), a_client(a_profile(name="x"), number=2)]},
            "clients[1].profiles[0].id",
            "clients[0].profiles[0]",
        ),
        (
            a_document(a_profile(active="x"), a_profile(name="x", auth=...)),
            "clients[0].profiles[1].id",
            "clients[0].profiles[0]",
        ),
    ],
)
def test_ids_and_names_are_unique(document: object, path: str, first: str) -> None:
    found = {error.path: error for error in errors(document)}
    assert found[path].code is Code.NOT_UNIQUE
    assert found[path].detail == f"is that of {first} already; it has to be unique"


def test_profiles_of_two_clients_may_share_a_name() -> None:
    document = {"clients": [a_client(a_profile()), a_client(a_profile(id="x"), number=2)]}
    assert len(read(document).profiles) == 2


def test_ids_and_names_differ_by_case() -> None:
    assert len(read(a_document(a_profile(id="A", name="A"), a_profile(id="a", name="a"))).profiles) == 2


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ((), ""),
        (("clients", 0, "profiles", 1, "allowed_ips", 0), "clients[0].profiles[1].allowed_ips[0]"),
        (("labels", "a.b"), 'labels["a.b"]'),
        (("labels", "azt_LFvKPCbe36dVxysIj0DEtaQ91i9Ju"), 'labels["********"]'),
        (("a\nb",), '["a\\nb"]'),
        (("é" * 100,), '["' + "é" * 59 + '…"]'),
    ],
)
def test_a_path_is_written_as_people_read_it(path: tuple[str | int, ...], written: str) -> None:
    assert write_path(path) == written


@pytest.mark.parametrize("secret", ["azt_LFvKPCbe36d", "azh_LFvKPCbe36d", private_pem(), "A" * 40])
@pytest.mark.parametrize("field", ["id", "name", "allowed_methods", "allowed_ips", "labels", "auth", "new"])
def test_a_secret_in_the_wrong_place_is_not_repeated(secret: str, field: str) -> None:
    values: list[Any] = [secret, [secret], {secret: secret}, {"type": secret}]
    for value in values:
        document = a_document(a_profile() | {field: value}, a_profile(2, auth={**NONE, secret: secret}))
        assert secret[:8] not in " ".join(str(error) for error in errors(document))


def test_garbage_collection_runs_again_afterwards() -> None:
    for data in (EXAMPLE, b"["):
        with contextlib.suppress(DocumentInvalid):
            read_document(data)
        assert gc.isenabled()
    gc.disable()
    try:
        read_document(as_bytes({"clients": []}))
        assert not gc.isenabled()
    finally:
        gc.enable()
