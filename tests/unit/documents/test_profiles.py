"""The fields of clients and profiles: what is accepted, and the sentence for everything else."""

from typing import Any

import pytest

from tests.unit.documents.builders import NONE, a_client, errors, profile_errors, read, read_profile

ID = "is not an id: 1 to 64 letters, digits, '.', '_', '~' or '-', of which the first is a letter or a digit"
UNSEEN = "has a control character, or one that overrides the direction of text; neither is accepted"
STRING = "wrong_type: is a number; a string is expected: quote it"
LIST = "is expected, also for a single value: put it in [ ]"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"id": ...}, "id: missing: is missing, and has to be given"),
        ({"id": ""}, f'id: invalid: "" {ID}'),
        ({"id": " pr"}, f'id: invalid: " pr" {ID}'),
        ({"id": "a" * 65}, f'id: invalid: "********" {ID}'),
        ({"id": 7}, f"id: {STRING}"),
        ({"name": ...}, "name: missing: is missing, and has to be given"),
        ({"name": ""}, 'name: invalid: "" has 0 characters; accepted are 1 to 200'),
        (
            {"name": "a b " * 51},
            'name: invalid: "' + ("a b " * 15)[:59] + '…" has 204 characters; accepted are 1 to 200',
        ),
        ({"name": " a"}, 'name: invalid: " a" begins or ends with white space, which is not accepted'),
        ({"name": "a\u00a0"}, 'name: invalid: "a\\u00a0" begins or ends with white space, which is not accepted'),
        ({"name": "a\u202eb"}, f'name: invalid: "a\\u202eb" {UNSEEN}'),
        ({"name": "a\u2066b"}, f'name: invalid: "a\\u2066b" {UNSEEN}'),
        ({"name": "a\nb"}, f'name: invalid: "a\\nb" {UNSEEN}'),
        ({"name": True}, "name: wrong_type: is a boolean; a string is expected: quote it"),
        ({"name": None}, "name: null: is null, which is not accepted; give a string, or leave the field out"),
        ({"name": ["a"]}, "name: wrong_type: is a list; a string is expected"),
        ({"active": "true"}, "active: wrong_type: is a string; true or false is expected"),
        ({"active": 1}, "active: wrong_type: is a number; true or false is expected"),
        ({"active": None}, "active: null: is null, which is not accepted; give true or false, or leave the field out"),
        ({"allowed_methods": "GET"}, f"allowed_methods: wrong_type: is a string; a list {LIST}"),
        ({"allowed_methods": {"GET": 1}}, "allowed_methods: wrong_type: is a mapping; a list is expected"),
        (
            {"allowed_methods": None},
            "allowed_methods: null: is null, which is not accepted; give a list, or leave the field out",
        ),
        (
            {"allowed_methods": ["GET", "post"]},
            'allowed_methods[1]: invalid: "post" has lower-case letters, and methods are compared exactly; write POST',
        ),
        (
            {"allowed_methods": ["G ET"]},
            (
                'allowed_methods[0]: invalid: "G ET" is not a method: an RFC 9110 token of at most 64 characters,'
                " without lower-case letters, such as GET"
            ),
        ),
        ({"allowed_methods": [1]}, f"allowed_methods[0]: {STRING}"),
        (
            {"allowed_ips": ["10.0.0.0/8", "10.0.0.0/255.0.0.0"]},
            (
                'allowed_ips[1]: invalid: "10.0.0.0/255.0.0.0" has a prefix length that is not a number from /0 to /32;'
                " netmasks are not accepted"
            ),
        ),
        (
            {"allowed_ips": ["fe80::1%eth0"]},
            (
                'allowed_ips[0]: invalid: "fe80::1%eth0" is not an IPv4 or IPv6 address, nor a prefix such as'
                " 10.0.0.0/8"
                " or 2001:db8::/32"
            ),
        ),
        ({"allowed_ips": [10.1, "x"]}, f"allowed_ips[0]: {STRING}"),
        ({"allowed_ips": "10.0.0.1"}, f"allowed_ips: wrong_type: is a string; a list {LIST}"),
        ({"allowed_routes": [""]}, 'allowed_routes[0]: invalid: "" has 0 characters; accepted are 1 to 256'),
        ({"allowed_routes": ["a\x7f"]}, f'allowed_routes[0]: invalid: "a\\u007f" {UNSEEN}'),
        ({"labels": ["a"]}, "labels: wrong_type: is a list; a mapping is expected"),
        ({"labels": {"a": 1}}, f"labels.a: {STRING}"),
        ({"labels": {"a": ""}}, 'labels.a: invalid: "" has 0 characters; accepted are 1 to 256'),
        (
            {"labels": {"": "x"}},
            'labels[""]: invalid: is no name of a label: it has 0 characters; accepted are 1 to 63',
        ),
        ({"labels": {f"l{n}": "x" for n in range(17)}}, "labels: invalid: has 17 labels; accepted are at most 16"),
        ({"allowed_ip": []}, "allowed_ip: unknown_field: is no field of a profile; did you mean allowed_ips?"),
        (
            {"x-y": 1},
            (
                "x-y: unknown_field: is no field of a profile; accepted are active, allowed_ips, allowed_methods,"
                " allowed_routes, auth, id, labels, name"
            ),
        ),
        ({"auth": ...}, "auth: missing: is missing, and has to be given"),
        ({"auth": "none"}, "auth: wrong_type: is a string; a mapping is expected"),
        ({"auth": None}, "auth: null: is null, which is not accepted; give a mapping, or leave the field out"),
        ({"auth": {}}, "auth.type: missing: is missing, and has to be given"),
        (
            {"auth": {"type": "tokens"}},
            'auth.type: invalid: "tokens" is not accepted here; accepted are token, jwt, oidc, mtls, none',
        ),
        (
            {"auth": {**NONE, "token": 1}},
            "auth.token: unknown_field: is no field of auth of type none; accepted are type",
        ),
    ],
)
def test_a_wrong_field_is_refused_with_what_is_accepted(changed: dict[str, Any], sentence: str) -> None:
    assert profile_errors(**changed).count(sentence) == 1


def test_an_entry_of_a_wrong_type_is_reported_once_beside_a_wrong_address() -> None:
    assert [error.partition(":")[0] for error in profile_errors(allowed_ips=[5, "x"])] == [
        "allowed_ips[0]",
        "allowed_ips[1]",
    ]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"id": "é"}, f'id: invalid: "é" {ID}'),
        ({"description": 1}, f"description: {STRING}"),
        (
            {"description": "x" * 2001},
            'description: invalid: "********" has 2001 characters; accepted are at most 2000',
        ),
        ({"description": "a\u202e"}, f'description: invalid: "a\\u202e" {UNSEEN}'),
        (
            {"labels": {"a": None}},
            "labels.a: null: is null, which is not accepted; give a string, or leave the field out",
        ),
        ({"profiles": {}}, "profiles: wrong_type: is a mapping; a list is expected"),
        (
            {"allowed_ips": []},
            (
                "allowed_ips: unknown_field: is no field of a client; accepted are active, description, id,"
                " labels, name, profiles"
            ),
        ),
    ],
)
def test_a_wrong_field_of_a_client_is_refused(changed: dict[str, Any], sentence: str) -> None:
    found = errors({"clients": [a_client(**changed)]})
    assert [f"{each.path.removeprefix('clients[0].')}: {each.code}: {each.detail}" for each in found] == [sentence]


def test_yaml_that_readers_disagree_on_is_to_be_quoted() -> None:
    found = errors("clients: [{id: 0123, name: yes, active: on, labels: {a: n}}]")
    boolean = "is a boolean to some YAML readers and a string to others; quote it, or write true or false"
    octal = (
        "is an octal number to some YAML readers and a decimal one to others; quote it, or leave the leading zeros out"
    )
    assert [str(error) for error in found] == [
        f"1:16: clients[0].id: {octal}",
        f"1:28: clients[0].name: {boolean}",
        f"1:41: clients[0].active: {boolean}",
        f"1:57: clients[0].labels.a: {boolean}",
    ]


def test_a_description_may_have_several_lines() -> None:
    (client,) = read({"clients": [a_client(description="one\n\ttwo\n")]}).clients
    assert client.description == "one\n\ttwo\n"


def test_repeated_entries_are_dropped() -> None:
    profile = read_profile(
        allowed_methods=["GET", "PUT", "GET"], allowed_routes=["a", "a"], allowed_ips=["10.0.0.1", "10.0.0.1/32"]
    )
    assert profile.allowed_methods == ("GET", "PUT")
    assert profile.allowed_routes == ("a",)
    assert profile.allowed_ips.entries == ("10.0.0.1",)


def test_equal_rules_are_held_once() -> None:
    rules = {"allowed_ips": ["10.0.0.0/8"], "allowed_methods": ["GET"]}
    profiles = [{"id": f"pr_{n}", "name": f"{n}", "auth": NONE, **rules} for n in range(2)]
    first, second = read({"clients": [a_client(*profiles)]}).profiles
    assert first.allowed_ips is second.allowed_ips
    assert first.allowed_methods is second.allowed_methods
