"""The document's JSON Schema against the validators: what both can say, they say alike."""

from typing import Any, Final

import jsonschema_rs
import pytest

from authz_server.documents import auth, mtls, profiles, signed
from authz_server.documents.document import DOCUMENT_FIELDS, read_document
from authz_server.documents.errors import DocumentInvalid
from authz_server.documents.schema import DIALECT, document_schema
from authz_server.documents.yaml_text import write_yaml
from tests.support.signing import es256_key, key_set, public_pem, rs256_key

SCHEMA: Final = document_schema()
VALIDATOR: Final = jsonschema_rs.Draft202012Validator(SCHEMA)
LATER: Final = {"jwks_uri"}  # known, and refused until keys are fetched
DIGEST: Final = "ab" * 32
SECRET: Final = "s" * 64


def client(**fields: Any) -> dict[str, Any]:
    return {"clients": [{"id": "acme", "name": "Acme", **fields}]}


def profile(**fields: Any) -> dict[str, Any]:
    return client(profiles=[{"id": "p", "name": "p", "auth": {"type": "none"}, **fields}])


def auth_of(**fields: Any) -> dict[str, Any]:
    return profile(auth=fields)


def is_read(document: dict[str, Any]) -> bool:
    try:
        read_document(write_yaml(document).encode(), resolve_env=lambda _: SECRET)
    except DocumentInvalid:
        return False
    return True


def test_it_is_a_schema_and_says_of_which_dialect() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    assert SCHEMA["$schema"] == DIALECT


@pytest.mark.parametrize(
    "document",
    [
        {"clients": []},
        client(description="two\nlines", active=False, labels={"tier": "gold"}, profiles=[]),
        client(name="Ünïcode <b> 🚀 שלום"),
        profile(allowed_methods=["GET", "M-SEARCH"], allowed_ips=["10.0.0.0/8", "::1"], allowed_routes=["a b"]),
        auth_of(type="token", token_sha256=DIGEST, expires_at="2027-01-01T00:00:00Z", forward_authorization=True),
        auth_of(type="token", token_sha256=DIGEST, previous={"token_sha256": DIGEST, "until": "2027-01-01T00:00:00Z"}),
        auth_of(type="token", token_sha256=DIGEST, header="X-API-Key"),
        auth_of(type="jwt", algorithm="HS512", secret=SECRET, leeway_seconds=0, max_lifetime_seconds=60),
        auth_of(type="jwt", algorithm="HS256", secret_env="ACME_SECRET", required_claims={r"a.b\.c": [1, True, "x"]}),
        auth_of(type="jwt", algorithm="ES256", public_key=public_pem(es256_key()), audience=["orders"]),
        auth_of(type="jwt", algorithm="RS256", jwks=key_set(rs256_key(), "1")),
        auth_of(type="oidc", issuer="https://i.example", audience=["a"], jwks=key_set(rs256_key(), "1")),
        auth_of(type="mtls", any_verified=True),
        auth_of(type="mtls", any_verified=True, san_dns=[]),
        auth_of(type="mtls", san_uris=["spiffe://example.org/ns/*", "https://example.org/a"], subject_cn=[]),
        auth_of(type="mtls", fingerprints_sha256=[":".join(["AB"] * 32)], san_dns=["a.example"], issuer_dn=["CN=a"]),
    ],
)
def test_what_is_read_is_valid(document: dict[str, Any]) -> None:
    assert is_read(document)
    VALIDATOR.validate(document)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"clients": None},
        {"clients": [], "client": []},
        client(name=" a"),
        client(name="a\u202eb"),
        client(name="x" * 201),
        client(colour="red"),
        client(labels={"a": 1}),
        client(labels={str(number): "x" for number in range(17)}),
        profile(id="a b"),
        profile(allowed_methods=["get"]),
        profile(allowed_ips="10.0.0.1"),
        profile(allowed_ip=[]),
        profile(active="yes"),
        auth_of(),
        auth_of(type="token"),
        auth_of(type="token", token_sha256="short"),
        *(
            auth_of(type="token", token_sha256=DIGEST, header=name)
            for name in ("Authorization", "x_key", "X-Authz-Key")
        ),
        auth_of(type="jwt", algorithm="HS256", secret=SECRET, header="x-api-key"),
        auth_of(type="jwt", algorithm="HS256"),
        auth_of(type="jwt", algorithm="HS256", secret="short"),
        auth_of(type="jwt", algorithm="none", secret=SECRET),
        auth_of(type="jwt", algorithm="HS256", secret=SECRET, secret_env="A"),
        auth_of(type="jwt", algorithm="ES256", secret=SECRET),
        auth_of(type="jwt", algorithm="HS256", secret=SECRET, leeway_seconds=301),
        auth_of(type="jwt", algorithm="HS256", secret=SECRET, required_claims={"a": []}),
        auth_of(type="jwt", algorithm="HS256", secret=SECRET, required_claims={"a..b": ["x"]}),
        auth_of(type="oidc", issuer="https://i.example", audience=[], jwks=key_set(rs256_key(), "1")),
        auth_of(type="mtls"),
        auth_of(type="mtls", san_dns=[]),
        auth_of(type="mtls", any_verified=True, san_dns=["a.example"]),
        auth_of(type="mtls", san_dns=["*.example"]),
        auth_of(type="mtls", san_uris=["spiffe://example.org/../*"]),
        auth_of(type="none", token_sha256=DIGEST),
    ],
)
def test_what_is_refused_is_not_valid(document: dict[str, Any]) -> None:
    assert not is_read(document)
    assert not VALIDATOR.is_valid(document)


def test_it_knows_the_fields_that_the_validators_know() -> None:
    of_client = SCHEMA["properties"]["clients"]["items"]
    of_profile = of_client["properties"]["profiles"]["items"]
    by_type: dict[str, set[str]] = {}
    for form in of_profile["properties"]["auth"]["anyOf"]:
        by_type.setdefault(form["properties"]["type"]["const"], set()).update(form["properties"])
    assert set(SCHEMA["properties"]) == DOCUMENT_FIELDS
    assert set(of_client["properties"]) == profiles.CLIENT_FIELDS
    assert set(of_profile["properties"]) == profiles.PROFILE_FIELDS
    assert by_type == {
        "token": set(auth.TOKEN_FIELDS),
        "jwt": set(signed.JWT_FIELDS),
        "oidc": set(signed.OIDC_FIELDS) - LATER,
        "mtls": set(mtls.FIELDS),
        "none": set(auth.NONE_FIELDS),
    }
