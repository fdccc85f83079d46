"""The fields of each auth type: what is accepted, what it becomes, and the sentence for everything else."""

import datetime as dt
import json
import re
from typing import Any

import pytest

from authz_server.core.auth import JwtAuth, MtlsAuth, NoAuth, OidcAuth, RequiredClaim, TokenAuth, TokenUse
from authz_server.documents.document import read_document
from authz_server.documents.errors import DocumentInvalid
from authz_server.documents.schema import TOKEN_HEADER
from tests.unit.documents.builders import (
    DIGEST,
    HMAC_SECRET,
    JWT,
    MTLS,
    NONE,
    OTHER_DIGEST,
    TOKEN,
    a_document,
    a_profile,
    ec_pem,
    errors,
    key_set,
    oidc,
    private_pem,
    profile_errors,
    read,
    read_profile,
)

NEW_YEAR = dt.datetime(2027, 1, 1, tzinfo=dt.UTC).timestamp()
RFC_3339 = "is not a time as RFC 3339 writes it, such as 2027-01-01T00:00:00Z"
NO_DIGEST = "; `authz-server token new` prints one"
FIELD_NAME = "an RFC 9110 token of at most 64 characters, such as X-API-Key"
LIST = "wrong_type: is a string; a list is expected, also for a single value: put it in [ ]"
EC = {"type": "jwt", "algorithm": "ES256"}
SEALED = f"sealed|pr_1|c1|{HMAC_SECRET}"


def in_yaml(auth: str) -> str:
    """A document with this auth, for what JSON cannot say."""
    return f"clients: [{{id: a, name: a, profiles: [{{id: b, name: b, auth: {auth}}}]}}]"


def auth_errors(auth: dict[str, Any]) -> list[str]:
    """What is wrong with an auth; paths go on from it."""
    return [error.removeprefix("auth.") for error in profile_errors(auth=auth)]


def test_a_token_profile_holds_the_digest_and_the_expiry() -> None:
    auth = read_profile(auth={**TOKEN, "expires_at": "2027-01-01T01:00:00+01:00", "forward_authorization": True}).auth
    assert auth == TokenAuth(token_sha256=bytes.fromhex(DIGEST), expires_at=NEW_YEAR, forward_authorization=True)


@pytest.mark.parametrize("written", ["x-api-key", "X-API-Key", "X-AUTHZ", "ocp.apim!key", "a" * 64])
def test_a_token_profile_may_name_the_header_in_any_case(written: str) -> None:
    auth = read_profile(auth={**TOKEN, "header": written}).auth
    assert auth == TokenAuth(token_sha256=bytes.fromhex(DIGEST), header=written.lower())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Authorization", "is where a token is looked for without this field, as Authorization: Bearer; leave it out"),
        (":path", "is a pseudo-header, which belongs to HTTP itself; name a header such as X-API-Key"),
        ("x_api_key", "has an underscore, and proxies drop such headers; name one such as X-API-Key"),
        *(
            (name, f"is not a header's name: {FIELD_NAME}")
            for name in ("", "x api", "x-api-key:", "x\n", "é", "a" * 65)
        ),
        *(
            (name, "already has a meaning to the check, to Envoy or to HTTP; name another, such as X-API-Key")
            for name in (
                *("X-Client-ID", "x-profile-id", "X-Request-Id", "x-authz-subject", "X-Authz-Anything"),
                *("x-envoy-external-address", "x-forwarded-for", "X-Forwarded-Client-Cert", "Host", "cookie"),
                *("Content-Type", "content-length", "connection", "TE", "transfer-encoding", "upgrade", "keep-alive"),
                *("proxy-authorization", "grpc-timeout", "x-http-method-override", "x-original-url", "origin"),
            )
        ),
    ],
)
def test_a_header_that_cannot_carry_a_token_is_refused(name: str, sentence: str) -> None:
    """By the schema, too: an editor knows it beforehand. Its name is not repeated, as it may be the token itself."""
    assert auth_errors({**TOKEN, "header": name}) == [f"header: invalid: {sentence}"]
    assert re.fullmatch(TOKEN_HEADER["pattern"], name) is None


def test_only_a_token_profile_names_its_header() -> None:
    assert any("header: unknown_field" in error for error in auth_errors({**JWT, "header": "x-api-key"}))
    assert "header: wrong_type: is a number; a string is expected: quote it" in auth_errors({**TOKEN, "header": 7})


def test_a_token_profile_may_hold_the_digest_before_the_last_rotation() -> None:
    before = {"token_sha256": OTHER_DIGEST, "until": "2027-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00.5Z"}
    auth = read_profile(auth={**TOKEN, "previous": before}).auth
    assert isinstance(auth, TokenAuth)
    assert auth.previous is not None
    assert auth.previous.token_sha256 == bytes.fromhex(OTHER_DIGEST)
    assert (auth.previous.until, auth.previous.expires_at) == (NEW_YEAR, NEW_YEAR + 0.5)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"token_sha256": ...}, "token_sha256: missing: is missing, and has to be given"),
        (
            {"token_sha256": "ab"},
            f"token_sha256: invalid: is not a SHA-256 in 64 hex digits (it has 2 characters){NO_DIGEST}",
        ),
        (
            {"token_sha256": "é" * 64},
            f"token_sha256: invalid: is not a SHA-256 in 64 hex digits (it has 64 characters){NO_DIGEST}",
        ),
        ({"token_sha256": 1234}, "token_sha256: wrong_type: is a number; a string is expected: quote it"),
        ({"token": "x"}, "token: unknown_field: is no field of auth of type token; did you mean token_sha256?"),
        (
            {"secret": "x"},
            (
                "secret: unknown_field: is no field of auth of type token; accepted are expires_at,"
                " forward_authorization, header, previous, token_sha256, type"
            ),
        ),
        (
            {"expires_at": "2027-01-01T00:00:00"},
            'expires_at: invalid: "2027-01-01T00:00:00" has no time zone; add Z for UTC, or an offset such as +02:00',
        ),
        ({"expires_at": "2027-01-01"}, f'expires_at: invalid: "2027-01-01" {RFC_3339}'),
        ({"expires_at": "2027-02-30T00:00:00Z"}, f'expires_at: invalid: "2027-02-30T00:00:00Z" {RFC_3339}'),
        ({"expires_at": "2027-01-01T24:00:00Z"}, f'expires_at: invalid: "2027-01-01T24:00:00Z" {RFC_3339}'),
        ({"expires_at": "٢٠٢٧-01-01T00:00:00Z"}, f'expires_at: invalid: "٢٠٢٧-01-01T00:00:00Z" {RFC_3339}'),
        (
            {"expires_at": 1798761600},
            "expires_at: wrong_type: is a number; a time such as 2027-01-01T00:00:00Z is expected",
        ),
        ({"forward_authorization": "on"}, "forward_authorization: wrong_type: is a string; true or false is expected"),
        ({"previous": "x"}, "previous: wrong_type: is a string; a mapping is expected"),
        ({"previous": {}}, "previous.token_sha256: missing: is missing, and has to be given"),
        ({"previous": {}}, "previous.until: missing: is missing, and has to be given"),
        (
            {"previous": {"secret_sealed": "x"}},
            (
                "previous.secret_sealed: unknown_field: is no field of previous; accepted are"
                " expires_at, token_sha256, until"
            ),
        ),
    ],
)
def test_a_wrong_token_profile_is_refused(changed: dict[str, Any], sentence: str) -> None:
    auth = {name: value for name, value in (TOKEN | changed).items() if value is not ...}
    assert sentence in auth_errors(auth)


def test_a_jwt_profile_with_a_secret_has_everything_that_is_given() -> None:
    auth = read_profile(
        auth={
            **JWT,
            "issuer": "batch",
            "audience": ["orders", "orders"],
            "subject": "job",
            "required_claims": {"tier": ["gold", 1, True], r"a.b\.c": [1.5]},
            "leeway_seconds": 0,
            "max_lifetime_seconds": 3600,
            "expires_at": "2027-01-01T00:00:00Z",
            "previous": {"secret_sealed": SEALED, "until": "2027-01-01T00:00:00Z"},
        }
    ).auth
    assert isinstance(auth, JwtAuth)
    assert (auth.issuer, auth.audience, auth.subject) == ("batch", ("orders",), "job")
    assert auth.required_claims[0].path == ("tier",)
    assert [(type(value), value) for value in auth.required_claims[0].allowed] == [
        (str, "gold"),
        (int, 1),
        (bool, True),
    ]
    assert auth.required_claims[1] == RequiredClaim(path=("a", "b.c"), allowed=(1.5,))
    assert (auth.leeway_seconds, auth.max_lifetime_seconds, auth.expires_at) == (0, 3600, NEW_YEAR)
    assert auth.secret is not None
    assert auth.secret.reveal() == HMAC_SECRET
    assert auth.previous is not None
    assert (auth.previous.credential_id, auth.previous.secret.reveal()) == ("c1", HMAC_SECRET)


@pytest.mark.parametrize(
    ("field", "value", "credential_id"),
    [("secret", HMAC_SECRET, None), ("secret_env", "HMAC", None), ("secret_sealed", SEALED, "c1")],
)
def test_a_secret_is_given_resolved_or_opened(field: str, value: str, credential_id: str | None) -> None:
    auth = read_profile(auth={"type": "jwt", "algorithm": "HS256", field: value}).auth
    assert isinstance(auth, JwtAuth)
    assert auth.secret is not None
    assert (auth.secret.reveal(), auth.credential_id) == (HMAC_SECRET, credential_id)


def test_a_jwt_profile_may_hold_public_keys() -> None:
    by_pem = read_profile(auth={**EC, "public_key": ec_pem()}).auth
    by_set = read_profile(auth={**EC, "jwks": key_set()}).auth
    assert isinstance(by_pem, JwtAuth)
    assert isinstance(by_set, JwtAuth)
    assert (by_pem.public_key, by_pem.jwks) == (ec_pem(), None)
    assert by_set.jwks is not None
    assert json.loads(by_set.jwks) == json.loads(key_set())


_KEYS = "secret, secret_env, secret_sealed, public_key, jwks"


@pytest.mark.parametrize(
    ("auth", "sentence"),
    [
        ({"type": "jwt", "secret": HMAC_SECRET}, "algorithm: missing: is missing, and has to be given"),
        (
            {**JWT, "algorithm": "none"},
            (
                'algorithm: invalid: "none" is not accepted here; accepted are HS256, HS384, HS512,'
                " RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA"
            ),
        ),
        ({"type": "jwt", "algorithm": "HS256"}, f"secret: missing: is missing: one of {_KEYS} has to be given"),
        ({**JWT, "jwks": key_set()}, f"jwks: conflict: stands beside secret; give exactly one of {_KEYS}"),
        ({**JWT, "secret": "short"}, "secret: invalid: is too short: HS256 needs at least 32 characters"),
        (
            {**JWT, "secret": private_pem()},
            "secret: invalid: must be printable ASCII without white space: its characters are the key",
        ),
        ({**JWT, "secret": 7}, "secret: wrong_type: is a number; a string is expected: quote it"),
        ({**EC, "secret": HMAC_SECRET}, "secret: conflict: does not go with ES256, which needs public_key or jwks"),
        (
            {"type": "jwt", "algorithm": "HS256", "public_key": ec_pem()},
            "public_key: conflict: does not go with HS256, which needs secret, secret_env or secret_sealed",
        ),
        (
            {"type": "jwt", "algorithm": "HS256", "secret_env": "1X"},
            "secret_env: invalid: is not the name of an environment variable: letters, digits and '_', no digit first",
        ),
        (
            {"type": "jwt", "algorithm": "HS256", "secret_env": "NO"},
            "secret_env: unavailable: names an environment variable that is not set, or empty",
        ),
        (
            {"type": "jwt", "algorithm": "HS512", "secret_env": "HMAC"},
            "secret_env: invalid: is too short: HS512 needs at least 64 characters",
        ),
        (
            {"type": "jwt", "algorithm": "HS256", "secret_sealed": "sealed|x|c|x"},
            "secret_sealed: invalid: does not open",
        ),
        (
            {**EC, "public_key": private_pem()},
            "public_key: invalid: holds a private key; give the public key alone, and treat this one as leaked",
        ),
        ({**EC, "public_key": "x" * 1_048_577}, "public_key: invalid: is longer than 1048576 characters"),
        (
            {**EC, "algorithm": "ES384", "public_key": ec_pem()},
            "public_key: invalid: does not suit ES384, which needs an EC key on the curve P-384",
        ),
        (
            {**EC, "public_key": ec_pem(), "expires_at": "2027-01-01T00:00:00Z"},
            "expires_at: conflict: does not go with public_key: only an issued secret expires or has a predecessor",
        ),
        (
            {**EC, "jwks": key_set(), "previous": {}},
            "previous: conflict: does not go with jwks: only an issued secret expires or has a predecessor",
        ),
        ({**EC, "jwks": {"keys": []}}, "jwks: invalid: has no key for ES256"),
        ({**EC, "jwks": "{"}, 'jwks: invalid: is not a JWK Set: JSON of the form {"keys": [...]}, no member twice'),
        ({**EC, "jwks": 5}, "jwks: wrong_type: is a number; a key set (a mapping, or a string of JSON) is expected"),
        ({**JWT, "audience": "orders"}, f"audience: {LIST}"),
        ({**JWT, "issuer": ""}, 'issuer: invalid: "" has 0 characters; accepted are 1 to 2048'),
        ({**JWT, "leeway_seconds": 301}, "leeway_seconds: invalid: is 301; accepted are 0 to 300"),
        ({**JWT, "leeway_seconds": -1}, "leeway_seconds: invalid: is -1; accepted are 0 to 300"),
        ({**JWT, "leeway_seconds": True}, "leeway_seconds: wrong_type: is a boolean; a whole number is expected"),
        ({**JWT, "leeway_seconds": 1.5}, "leeway_seconds: wrong_type: is a number; a whole number is expected"),
        (
            {**JWT, "max_lifetime_seconds": 0},
            "max_lifetime_seconds: invalid: is 0; accepted are 1 to 315360000",
        ),
        (
            {**JWT, "max_lifetime": 5},
            "max_lifetime: unknown_field: is no field of auth of type jwt; did you mean max_lifetime_seconds?",
        ),
        (
            {**JWT, "previous": {"until": "2027-01-01T00:00:00Z"}},
            "previous.secret_sealed: missing: is missing, and has to be given",
        ),
        ({**JWT, "previous": {"secret_sealed": SEALED}}, "previous.until: missing: is missing, and has to be given"),
        ({**JWT, "previous": []}, "previous: wrong_type: is a list; a mapping is expected"),
        ({**JWT, "required_claims": ["a"]}, "required_claims: wrong_type: is a list; a mapping is expected"),
        ({**JWT, "required_claims": {"a": "x"}}, f"required_claims.a: {LIST}"),
        (
            {**JWT, "required_claims": {"a": []}},
            "required_claims.a: invalid: allows no value, so that no token could pass; give at least one",
        ),
        (
            {**JWT, "required_claims": {"a": [None]}},
            (
                "required_claims.a[0]: null: is null, which is not accepted; give a"
                " string, a number or a boolean, or leave the field out"
            ),
        ),
        (
            {**JWT, "required_claims": {"a": [{}]}},
            "required_claims.a[0]: wrong_type: is a mapping; a string, a number or a boolean is expected",
        ),
        (
            {**JWT, "required_claims": {"a": [2**53 + 1]}},
            "required_claims.a[0]: invalid: is a number that not every JSON reader takes for the same one",
        ),
        (
            {**JWT, "required_claims": {"a..b": ["x"]}},
            (
                'required_claims["a..b"]: invalid: is not a path of claims: names'
                r" joined by dots, none empty, a dot in a name written \."
            ),
        ),
    ],
)
def test_a_wrong_jwt_profile_is_refused(auth: dict[str, Any], sentence: str) -> None:
    assert sentence in auth_errors(auth)


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("secret_env: X", "names an environment variable, and the environment is not read here"),
        ("secret_sealed: x", "is sealed, and there is no key to open it: set AUTHZ_SECRET_KEYS"),
    ],
)
def test_without_its_means_a_secret_cannot_be_had(field: str, sentence: str) -> None:
    text = in_yaml(f"{{type: jwt, algorithm: HS256, {field}}}")
    with pytest.raises(DocumentInvalid) as invalid:
        read_document(text.encode())
    assert [error.detail for error in invalid.value.errors] == [sentence]


def test_an_empty_claim_is_a_value_like_any_other() -> None:
    auth = read_profile(auth={**JWT, "required_claims": {"a": [""]}}).auth
    assert isinstance(auth, JwtAuth)
    assert auth.required_claims == (RequiredClaim(path=("a",), allowed=("",)),)


@pytest.mark.parametrize("bad", ["nan", "inf"])
def test_numbers_without_a_value_are_no_claims(bad: str) -> None:
    text = in_yaml(f"{{type: jwt, required_claims: {{a: [.{bad}]}}}}")
    assert any("not every JSON reader" in error.detail for error in errors(text))


def test_an_oidc_profile_has_the_defaults_of_the_contract() -> None:
    auth = read_profile(auth=oidc()).auth
    assert isinstance(auth, OidcAuth)
    assert (auth.issuer, auth.audience, auth.algorithms) == ("https://login.example", ("orders",), ("RS256",))
    assert (auth.token_use, auth.leeway_seconds, auth.required_scopes) == (TokenUse.ACCESS, 30, ())


@pytest.mark.parametrize("jwks", [key_set(), json.loads(key_set())], ids=["text", "mapping"])
def test_a_key_set_is_given_as_a_mapping_or_as_json_and_kept_in_one_form(jwks: Any) -> None:
    auth = read_profile(
        auth=oidc(
            jwks=jwks,
            algorithms=["ES256", "RS256", "ES256"],
            token_use="id",
            required_scopes=["orders.read"],
        )
    ).auth
    assert isinstance(auth, OidcAuth)
    assert auth.jwks == json.dumps(json.loads(key_set()), sort_keys=True, separators=(",", ":"))
    assert (auth.algorithms, auth.token_use, auth.required_scopes) == (
        ("ES256", "RS256"),
        TokenUse.ID,
        ("orders.read",),
    )


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"jwks": ...},
            (
                "jwks: unavailable: is missing: give the issuer's key set here; discovery and jwks_uri come with a"
                " later version"
            ),
        ),
        (
            {"jwks": ..., "jwks_uri": "https://login.example/keys"},
            (
                "jwks: unavailable: is missing: give the issuer's key set"
                " here; discovery and jwks_uri come with a later version"
            ),
        ),
        (
            {"jwks": ..., "jwks_uri": "http://x"},
            'jwks_uri: invalid: "http://x" is not an https URL, and keys are fetched over https only',
        ),
        ({"jwks_uri": "https://login.example/keys"}, "jwks_uri: conflict: stands beside jwks; give one of the two"),
        ({"issuer": ...}, "issuer: missing: is missing, and has to be given"),
        ({"audience": ...}, "audience: missing: is missing, and has to be given"),
        ({"audience": []}, "audience: invalid: is empty; at least one entry is needed"),
        ({"audience": "orders"}, f"audience: {LIST}"),
        ({"algorithms": []}, "algorithms: invalid: is empty; at least one entry is needed"),
        (
            {"algorithms": ["HS256"]},
            (
                'algorithms[0]: invalid: "HS256" is not accepted here; accepted are RS256, RS384, RS512,'
                " PS256, PS384, PS512, ES256, ES384, ES512, EdDSA"
            ),
        ),
        ({"algorithms": [1, "RS256"]}, "algorithms[0]: wrong_type: is a number; a string is expected: quote it"),
        ({"algorithms": ["EdDSA"]}, "jwks: invalid: has no key for EdDSA"),
        ({"token_use": "refresh"}, 'token_use: invalid: "refresh" is not accepted here; accepted are access, id'),
        (
            {"required_scopes": ["a b"]},
            (
                'required_scopes[0]: invalid: "a b" is not one scope: printable ASCII without spaces,'
                " quotes and backslashes"
            ),
        ),
        ({"scopes": []}, "scopes: unknown_field: is no field of auth of type oidc; did you mean required_scopes?"),
    ],
)
def test_a_wrong_oidc_profile_is_refused(changed: dict[str, Any], sentence: str) -> None:
    auth = {name: value for name, value in oidc(**changed).items() if value is not ...}
    assert sentence in auth_errors(auth)


def test_a_key_set_in_yaml_whose_words_are_not_quoted_is_refused() -> None:
    text = in_yaml("{type: jwt, algorithm: ES256, jwks: {keys: [{kid: on}]}}")
    assert [error.detail for error in errors(text)] == ["holds a value that JSON does not have; quote its strings"]


def test_an_mtls_profile_has_every_kind_of_constraint(ca_bundle: str) -> None:
    kinds = {
        "fingerprints_sha256": [DIGEST, DIGEST],
        "san_uris": ["spiffe://example.org/*"],
        "san_dns": ["client.example"],
        "subject_cn": ["client"],
        "subject_ou": ["ops"],
        "issuer_dn": ["CN=ca"],
    }
    auth = read_profile(auth={"type": "mtls", **kinds, "ca_bundle": ca_bundle}).auth
    assert auth == MtlsAuth(
        fingerprints_sha256=(DIGEST,),
        san_uris=("spiffe://example.org/*",),
        san_dns=("client.example",),
        subject_cn=("client",),
        subject_ou=("ops",),
        issuer_dn=("CN=ca",),
        ca_bundle=ca_bundle,
    )


def test_a_bundle_may_be_a_list_of_certificates(ca_bundle: str) -> None:
    auth = read_profile(auth={"type": "mtls", "ca_bundle": [ca_bundle, ca_bundle.strip()]}).auth
    assert isinstance(auth, MtlsAuth)
    assert auth.ca_bundle == ca_bundle * 2


def test_any_verified_stands_for_no_constraint() -> None:
    assert read_profile(auth={"type": "mtls", "any_verified": True}).auth == MtlsAuth(any_verified=True)


_NO_CONSTRAINT = (
    "constrains no certificate; give one of fingerprints_sha256, san_uris, san_dns, subject_cn, subject_ou,"
    " issuer_dn, ca_bundle, or any_verified: true"
)


@pytest.mark.parametrize(
    ("auth", "sentence"),
    [
        ({"type": "mtls"}, f"auth: missing: {_NO_CONSTRAINT}"),
        ({"type": "mtls", "any_verified": False}, f"auth: missing: {_NO_CONSTRAINT}"),
        ({"type": "mtls", "san_dns": []}, f"auth: missing: {_NO_CONSTRAINT}"),
        ({"type": "mtls", "ca_bundle": []}, f"auth: missing: {_NO_CONSTRAINT}"),
        (
            {**MTLS, "any_verified": True},
            "any_verified: conflict: is true beside fingerprints_sha256; a constraint or any_verified, not both",
        ),
        (
            {"type": "mtls", "fingerprints_sha256": ["ab"]},
            'fingerprints_sha256[0]: invalid: "ab" is not a SHA-256 fingerprint: 64 hex digits, with or without colons',
        ),
        (
            {"type": "mtls", "san_dns": ["*.example"]},
            (
                'san_dns[0]: invalid: "*.example" is not a host name such as'
                " client.example.org; wildcards are not accepted"
            ),
        ),
        (
            {"type": "mtls", "subject_cn": [""]},
            'subject_cn[0]: invalid: "" is empty, or begins or ends with white space; it is compared exactly',
        ),
        ({"type": "mtls", "subject_ou": "ops"}, f"subject_ou: {LIST}"),
        (
            {"type": "mtls", "ca_bundle": "x"},
            "ca_bundle: invalid: is not a list of certificates in PEM form (-----BEGIN CERTIFICATE-----)",
        ),
        (
            {"type": "mtls", "ca_bundle": [private_pem()]},
            "ca_bundle[0]: invalid: holds a private key; give certificates alone, and treat this key as leaked",
        ),
        ({**MTLS, "san_uri": []}, "san_uri: unknown_field: is no field of auth of type mtls; did you mean san_uris?"),
    ],
)
def test_a_wrong_mtls_profile_is_refused(auth: dict[str, Any], sentence: str) -> None:
    assert sentence in auth_errors(auth)


@pytest.mark.parametrize("field", ["san_uris", "san_dns", "subject_cn", "subject_ou", "issuer_dn"])
def test_what_a_certificate_says_of_itself_warns_unless_somebody_verifies_it(field: str, ca_bundle: str) -> None:
    rule = {
        "type": "mtls",
        field: ["CN=a" if field == "issuer_dn" else "spiffe://a/b" if field == "san_uris" else "a.b"],
    }
    (warning,) = read(a_document(a_profile(auth=rule))).warnings
    assert warning.path == f"clients[0].profiles[0].auth.{field}"
    assert (warning.line, warning.code) == (1, "unverified")
    assert "worth something only where Envoy itself verifies" in warning.detail
    for verified in ({"ca_bundle": ca_bundle}, {"fingerprints_sha256": [DIGEST]}):
        assert read(a_document(a_profile(auth={**rule, **verified}))).warnings == ()


def test_no_auth_is_a_type_of_its_own() -> None:
    assert read_profile(auth=NONE).auth == NoAuth()
