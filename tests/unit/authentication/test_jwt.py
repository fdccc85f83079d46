"""JWTs that a client signs itself: what fails first, and with which code."""

import base64
import dataclasses
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.authentication.authenticator import Authenticated
from authz_server.authentication.build import authenticator_for
from authz_server.core import limits
from authz_server.core.auth import JwtAuth, PreviousSecret, RequiredClaim
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.errors import ProfileUnusable
from authz_server.core.facts import CheckFacts
from authz_server.core.secret import Secret
from tests.unit.authentication.tokens import (
    ISSUER,
    NOW,
    SECRET,
    a_jwk,
    a_key,
    a_key_set,
    an_rsa_key,
    base64url,
    claims,
    private_pem,
    public_pem,
    signed,
    verdict,
)

MALFORMED = DenialReason.CREDENTIAL_MALFORMED
ALGORITHM = DenialReason.JWT_ALGORITHM_NOT_ALLOWED
SIGNATURE = DenialReason.JWT_SIGNATURE_INVALID
EXPIRED = DenialReason.JWT_EXPIRED
EARLY = DenialReason.JWT_NOT_YET_VALID
CLAIM = DenialReason.JWT_CLAIM_INVALID
ADMITTED = Authenticated("user 7")
OTHER_SECRET = "o" * 64
OLD_SECRET = "p" * 64


def a_jwt_auth(**changed: Any) -> JwtAuth:
    """HS256 with SECRET, and no leeway."""
    return dataclasses.replace(JwtAuth(algorithm="HS256", secret=Secret(SECRET), leeway_seconds=0), **changed)


def a_public_auth(algorithm: str, **changed: Any) -> JwtAuth:
    return dataclasses.replace(JwtAuth(algorithm=algorithm), **changed)


def judged(token: str, now: float = NOW, **auth: Any) -> Authenticated | DenialReason:
    return verdict(authenticator_for(a_jwt_auth(**auth)), token, now)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_token_signed_with_the_secret_is_admitted(algorithm: str) -> None:
    assert judged(signed(claims(), algorithm), algorithm=algorithm) == ADMITTED


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"])
def test_a_token_signed_with_the_private_key_is_admitted(algorithm: str) -> None:
    key = an_rsa_key(2048) if algorithm.endswith("S256") and algorithm[0] != "E" else a_key(algorithm)
    token = signed(claims(), algorithm, key)
    for auth in (
        a_public_auth(algorithm, public_key=public_pem(key)),
        a_public_auth(algorithm, jwks=a_key_set(a_jwk(key, kid="1"))),
    ):
        assert verdict(authenticator_for(auth), token) == ADMITTED


def test_tokens_of_pyjwt_are_admitted() -> None:
    assert judged(jwt.encode(claims(), SECRET, "HS256")) == ADMITTED


def test_without_a_credential_it_is_missing() -> None:
    assert authenticator_for(a_jwt_auth()).authenticate(CheckFacts(), NOW) is DenialReason.CREDENTIAL_MISSING


# RFC 7515 appendix A.2 to A.4, RFC 8037 appendix A.4. The first two payloads expire at 1300819380.
PAYLOAD = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
RS256_VECTOR = (
    {
        "kty": "RSA",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SF"
        "d2"
        "lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2"
        "CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb5"
        "4h4FRWyuXpoQ",
        "e": "AQAB",
    },
    (
        f"eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}."
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5"
        "YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0Ga"
        "rZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhW"
        "kWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    ),
)
ES256_VECTOR = (
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    },
    (
        f"eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6"
        "NU1Q"
    ),
)
ES512_VECTOR = (
    {
        "kty": "EC",
        "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
    },
    (
        "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0a"
        "w_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"
    ),
)
EDDSA_VECTOR = (
    {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    (
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4i"
        "ylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    ),
)


@pytest.mark.parametrize(("algorithm", "vector"), [("RS256", RS256_VECTOR), ("ES256", ES256_VECTOR)])
def test_the_examples_of_rfc_7515_are_admitted_until_they_expire(
    algorithm: str, vector: tuple[dict[str, str], str]
) -> None:
    jwk, token = vector
    authenticator = authenticator_for(a_public_auth(algorithm, jwks=a_key_set(jwk), issuer="joe", leeway_seconds=0))
    assert verdict(authenticator, token, 1300819379) == Authenticated(None)
    assert verdict(authenticator, token, 1300819380) is EXPIRED


@pytest.mark.parametrize(("algorithm", "vector"), [("ES512", ES512_VECTOR), ("EdDSA", EDDSA_VECTOR)])
def test_the_examples_whose_payload_is_no_json_fail_after_their_signature(
    algorithm: str, vector: tuple[dict[str, str], str]
) -> None:
    jwk, token = vector
    authenticator = authenticator_for(a_public_auth(algorithm, jwks=a_key_set(jwk)))
    assert verdict(authenticator, token) is MALFORMED
    assert verdict(authenticator, token.replace(".", ".AAAA", 1)) is SIGNATURE


GOOD_PAYLOAD = claims()
# Each line fails at one more place than the line after it: the first place decides.
ORDER: list[tuple[str, DenialReason | Authenticated]] = [
    ("abc", MALFORMED),
    (signed(b"x", header=b'{"alg":"none","crit":["exp"]}', key=OTHER_SECRET), MALFORMED),
    (signed(b"x", header={"alg": "none"}, key=OTHER_SECRET), ALGORITHM),
    (signed(b"x", key=OTHER_SECRET), SIGNATURE),
    (signed(b"x"), MALFORMED),
    (signed({"exp": "never", "nbf": NOW + 9, "iat": NOW + 9}), CLAIM),
    (signed({"exp": NOW - 1, "nbf": NOW + 9, "iat": NOW + 9}), EXPIRED),
    (signed({"exp": NOW + 9, "nbf": "soon", "iat": NOW + 9}), CLAIM),
    (signed({"exp": NOW + 9, "nbf": NOW + 9, "iat": "soon"}), EARLY),
    (signed({"exp": NOW + 9, "nbf": NOW, "iat": "soon"}), CLAIM),
    (signed({"exp": NOW + 9, "nbf": NOW, "iat": NOW + 9}), EARLY),
    (signed({"exp": NOW + 9, "nbf": NOW, "iat": NOW}), CLAIM),
    (signed(GOOD_PAYLOAD), ADMITTED),
]


@pytest.mark.parametrize(("token", "expected"), ORDER, ids=range(len(ORDER)))
def test_the_first_failure_in_order_decides(token: str, expected: DenialReason | Authenticated) -> None:
    assert judged(token, issuer=ISSUER) == expected


@pytest.mark.parametrize(
    "alg", ["none", "None", "", "hs256", "HS384", "RS256", None, 1, True, ["HS256"], {"a": 1}], ids=repr
)
def test_the_algorithm_is_the_profiles_and_never_the_tokens(alg: object) -> None:
    assert judged(signed(claims(), header={"alg": alg})) is ALGORITHM


def test_a_header_without_an_algorithm_is_not_allowed() -> None:
    assert judged(signed(claims(), header=b"{}")) is ALGORITHM


def test_an_unsigned_token_is_not_allowed() -> None:
    assert judged(signed(claims(), header={"alg": "none"}).rpartition(".")[0] + ".") is ALGORITHM


def test_a_public_key_is_no_hmac_secret() -> None:
    """The classic confusion: a token that is HMAC-signed with the text of the profile's public key."""
    pem = public_pem(a_key("ES256"))
    head = base64url(b'{"alg":"ES256"}')
    assert judged_by_key(signed(claims(), "HS256", pem)) is ALGORITHM
    signing_input, _, signature = signed(claims(), "HS256", pem, header={"alg": "ES256"}).rpartition(".")
    assert judged_by_key(f"{signing_input}.{signature}") is SIGNATURE
    assert judged_by_key(f"{head}.{base64url(b'{}')}.") is SIGNATURE


def judged_by_key(token: str) -> Authenticated | DenialReason:
    return verdict(authenticator_for(a_public_auth("ES256", public_key=public_pem(a_key("ES256")))), token)


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
def test_keys_that_the_token_brings_along_are_never_read(member: str) -> None:
    stranger = a_key("ES256", 2)
    brought = {"jwk": a_jwk(stranger), "jku": "https://evil.example", "x5u": "https://evil.example", "x5c": ["AAAA"]}
    assert judged_by_key(signed(claims(), "ES256", stranger, {member: brought[member]})) is SIGNATURE
    assert judged_by_key(signed(claims(), "ES256", a_key("ES256"), {member: brought[member]})) == ADMITTED


@pytest.mark.parametrize("member", [{"crit": ["exp"]}, {"crit": []}, {"crit": None}, {"b64": True}, {"b64": False}])
def test_extensions_of_the_header_are_refused(member: dict[str, Any]) -> None:
    assert judged(signed(claims(), header=member)) is MALFORMED


def test_a_kid_selects_nothing_where_the_profile_names_the_one_key() -> None:
    assert judged(signed(claims(), header={"kid": "anything"})) == ADMITTED
    assert judged_by_key(signed(claims(), "ES256", a_key("ES256"), {"kid": 5})) == ADMITTED


def test_an_unknown_kid_is_an_invalid_signature() -> None:
    jwks = a_key_set(a_jwk(a_key("ES256"), kid="1"), a_jwk(a_key("ES256", 2), kid="2"))
    authenticator = authenticator_for(a_public_auth("ES256", jwks=jwks))
    assert verdict(authenticator, signed(claims(), "ES256", a_key("ES256"), {"kid": "1"})) == ADMITTED
    for header in ({"kid": "2"}, {"kid": "3"}, {"kid": 1}, {}):
        assert verdict(authenticator, signed(claims(), "ES256", a_key("ES256"), header)) is SIGNATURE


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b'{"exp":1,"exp":2}',
        b'{"exp":%d,"sub":"a","sub":"b"}' % (NOW + 9),
        b'{"exp":NaN}',
        b'{"exp":Infinity}',
        b'{"exp":1' + b"0" * 5000 + b"}",
        b'{"exp":%d,"sub":"\xff"}' % (NOW + 9),
        b'{"exp":' + b"[" * 1000 + b"]" * 1000 + b"}",
    ],
    ids=["empty", "list", "null", "exp twice", "sub twice", "NaN", "Infinity", "5000 digits", "not UTF-8", "deep"],
)
def test_a_payload_that_is_no_plain_object_is_malformed(payload: bytes) -> None:
    assert judged(signed(payload)) is MALFORMED


BAD_DATES = [
    "true",
    "false",
    '"1900000000"',
    "null",
    "[]",
    "{}",
    "1e400",
    "-1e400",
    "9007199254740993",
    "1" + "0" * 400,
]


@pytest.mark.parametrize("date", BAD_DATES, ids=lambda date: date[:12])
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_dates_that_are_not_finite_numbers_up_to_2_to_the_53_are_invalid(name: str, date: str) -> None:
    members = {"exp": str(NOW + 9)} | {name: date}
    payload = "{" + ",".join(f'"{member}":{value}' for member, value in members.items()) + "}"
    assert judged(signed(payload.encode())) is CLAIM


def test_the_largest_date_is_one() -> None:
    assert judged(signed(claims(exp=limits.LARGEST_DATE))) == ADMITTED
    assert judged(signed(claims(exp=limits.LARGEST_DATE + 1))) is CLAIM
    assert judged(signed(claims(nbf=-limits.LARGEST_DATE))) == ADMITTED
    assert judged(signed(claims(nbf=-limits.LARGEST_DATE - 1))) is CLAIM


def test_exp_is_required() -> None:
    assert judged(signed({"sub": "user 7"})) is CLAIM


@pytest.mark.parametrize(("leeway", "now"), [(0, NOW), (30, NOW + 30)])
def test_a_token_expires_at_exp_plus_leeway(leeway: int, now: float) -> None:
    token = signed(claims(iat=NOW - 99, exp=NOW))
    assert judged(token, now - 0.001, leeway_seconds=leeway) == ADMITTED
    assert judged(token, now, leeway_seconds=leeway) is EXPIRED


@pytest.mark.parametrize("name", ["nbf", "iat"])
@pytest.mark.parametrize(("leeway", "now"), [(0, NOW), (30, NOW - 30)])
def test_a_token_begins_at_nbf_and_iat_minus_leeway(name: str, leeway: int, now: float) -> None:
    token = signed(claims(**{"iat": NOW - 99, name: NOW}))
    assert judged(token, now, leeway_seconds=leeway) == ADMITTED
    assert judged(token, now - 0.001, leeway_seconds=leeway) is EARLY


def test_fractions_of_seconds_are_dates() -> None:
    token = signed(claims(exp=NOW + 0.5))
    assert judged(token, NOW + 0.4) == ADMITTED
    assert judged(token, NOW + 0.5) is EXPIRED


@pytest.mark.parametrize("issuer", ["https://other.example", ISSUER + "/", ISSUER.upper(), None, 1, [ISSUER], {}])
def test_another_issuer_is_invalid(issuer: object) -> None:
    assert judged(signed(claims(iss=issuer)), issuer=ISSUER) is CLAIM
    assert judged(signed(claims(iss=issuer))) == ADMITTED


@pytest.mark.parametrize("audience", ["orders", ["orders"], ["billing", "orders"], ["orders", "x", "y"]])
def test_one_audience_in_common_is_enough(audience: object) -> None:
    assert judged(signed(claims(aud=audience)), audience=("stock", "orders")) == ADMITTED


@pytest.mark.parametrize(
    "audience",
    ["Orders", "", "orders billing", [], ["billing"], [["orders"]], ["orders", 1], ["orders", None], 1, None, {}],
)
def test_another_audience_or_one_that_is_not_text_is_invalid(audience: object) -> None:
    assert judged(signed(claims(aud=audience)), audience=("stock", "orders")) is CLAIM


def test_without_an_audience_in_the_profile_aud_is_not_read() -> None:
    assert judged(signed(claims(aud="somebody else"))) == ADMITTED
    assert judged(signed({"exp": NOW + 9, "sub": "user 7"})) == ADMITTED


def test_a_missing_issuer_audience_or_subject_is_invalid_where_required() -> None:
    """PyJWT by itself lets a token without `sub` pass where a subject is required."""
    for name, auth in (("iss", {"issuer": ISSUER}), ("aud", {"audience": ("orders",)}), ("sub", {"subject": "user 7"})):
        without = {member: value for member, value in claims().items() if member != name}
        assert judged(signed(without), **auth) is CLAIM
        assert judged(signed(claims()), **auth) == ADMITTED


@pytest.mark.parametrize("subject", ["user 8", "User 7", "", None, 7, ["user 7"]])
def test_another_subject_is_invalid(subject: object) -> None:
    assert judged(signed(claims(sub=subject)), subject="user 7") is CLAIM


@pytest.mark.parametrize("subject", [None, 7, True, ["user 7"], {"a": 1}])
def test_a_subject_that_is_not_text_is_nobody(subject: object) -> None:
    assert judged(signed(claims(sub=subject))) == Authenticated(None)


def test_a_token_bound_to_another_key_is_refused() -> None:
    for binding in ({"jkt": "abc"}, {}, None):
        assert judged(signed(claims(cnf=binding))) is CLAIM
    assert judged(signed(claims(cnf={}, exp=NOW))) is EXPIRED


@pytest.mark.parametrize(
    ("lifetime", "expected"), [(299, ADMITTED), (300, ADMITTED), (300.5, CLAIM), (301, CLAIM), (2**40, CLAIM)]
)
def test_the_lifetime_from_iat_to_exp_is_limited(lifetime: float, expected: object) -> None:
    assert judged(signed(claims(exp=NOW + lifetime)), max_lifetime_seconds=300) == expected


def test_a_limited_lifetime_needs_iat() -> None:
    assert judged(signed({"exp": NOW + 9}), max_lifetime_seconds=300) is CLAIM
    assert judged(signed({"exp": NOW + 9})) == Authenticated(None)


def test_every_required_claim_must_hold() -> None:
    required = (
        RequiredClaim(path=("tier",), allowed=("gold", "silver")),
        RequiredClaim(path=("realm", "roles"), allowed=("admin",)),
    )
    good = claims(tier="silver", realm={"roles": ["user", "admin"]})
    assert judged(signed(good), required_claims=required) == ADMITTED
    assert judged(signed(good | {"tier": "bronze"}), required_claims=required) is CLAIM
    assert judged(signed(good | {"realm": {"roles": ["user"]}}), required_claims=required) is CLAIM


def test_an_issued_secret_expires_for_those_alone_who_have_it() -> None:
    assert judged(signed(claims()), expires_at=NOW + 0.1) == ADMITTED
    assert judged(signed(claims()), expires_at=NOW) is EXPIRED
    assert judged(signed(claims()), expires_at=NOW, leeway_seconds=30) is EXPIRED
    assert judged(signed(claims(), key=OTHER_SECRET), expires_at=NOW) is SIGNATURE


def a_previous_secret(**changed: Any) -> PreviousSecret:
    before = PreviousSecret(credential_id="cr_1", secret=Secret(OLD_SECRET), until=NOW + 60)
    return dataclasses.replace(before, **changed)


@pytest.mark.parametrize(
    ("changed", "now", "expected"),
    [
        ({}, NOW, ADMITTED),
        ({}, NOW + 59.9, ADMITTED),
        ({}, NOW + 60, SIGNATURE),
        ({"expires_at": NOW + 1}, NOW, ADMITTED),
        ({"expires_at": NOW}, NOW, EXPIRED),
        ({"expires_at": NOW}, NOW + 60, SIGNATURE),
    ],
)
def test_the_previous_secret_works_during_its_grace_and_never_past_its_own_expiry(
    changed: dict[str, Any], now: float, expected: object
) -> None:
    previous = a_previous_secret(**changed)
    assert judged(signed(claims(), key=OLD_SECRET), now, previous=previous) == expected
    assert judged(signed(claims()), now, previous=previous) == ADMITTED
    assert judged(signed(claims(), key=OTHER_SECRET), now, previous=previous) is SIGNATURE


def test_both_secrets_are_tried_whichever_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return one == other

    authenticator = authenticator_for(a_jwt_auth(previous=a_previous_secret()))
    monkeypatch.setattr("hmac.compare_digest", compare)
    for key in (SECRET, OLD_SECRET, OTHER_SECRET):
        compared.clear()
        verdict(authenticator, signed(claims(), key=key))
        assert len(compared) == 2


@pytest.mark.parametrize(
    "auth",
    [
        JwtAuth(algorithm="HS256"),
        a_jwt_auth(jwks=a_key_set()),
        a_jwt_auth(secret=Secret("short")),
        a_jwt_auth(algorithm="HS512", secret=Secret("k" * 63)),
        a_jwt_auth(algorithm="ES256"),
        a_jwt_auth(algorithm="none"),
        a_jwt_auth(algorithm="ES256K", secret=None, public_key=public_pem(a_key("ES256K"))),
        a_jwt_auth(previous=a_previous_secret(secret=Secret("short"))),
        a_public_auth("HS256", public_key=public_pem(a_key("ES256"))),
        a_public_auth("ES256", public_key=private_pem(a_key("ES256"))),
        a_public_auth("RS256", public_key=public_pem(an_rsa_key(1024))),
        a_public_auth("ES256", jwks="{}"),
        a_public_auth("ES256", jwks=a_key_set()),
        a_public_auth("ES256", jwks=a_key_set(a_jwk(a_key("EdDSA")))),
        a_public_auth("ES256", public_key=public_pem(a_key("ES256")), expires_at=float(NOW)),
        a_public_auth("ES256", public_key=public_pem(a_key("ES256")), previous=a_previous_secret()),
    ],
    ids=range(16),
)
def test_a_profile_without_one_fitting_key_is_unusable(auth: JwtAuth) -> None:
    with pytest.raises(ProfileUnusable, match="the key of a jwt profile"):
        authenticator_for(auth)


def test_no_secret_is_in_the_fault() -> None:
    with pytest.raises(ProfileUnusable) as fault:
        authenticator_for(a_jwt_auth(secret=Secret("swordfish")))
    assert "swordfish" not in f"{fault.value!r} {fault.value.__cause__!r}"


GOOD = signed(GOOD_PAYLOAD)


@given(st.integers(0, len(GOOD) - 1), st.sampled_from("ABab01-_.=~+/ ,"))
def test_no_token_with_one_character_changed_is_admitted(position: int, character: str) -> None:
    changed = GOOD[:position] + character + GOOD[position + 1 :]
    assert judged(changed) == ADMITTED if changed == GOOD else isinstance(judged(changed), DenialReason)


@given(st.text(st.sampled_from("eyJhbGciOi.-_0~="), max_size=80))
def test_no_text_makes_the_authenticator_fail(text: str) -> None:
    assert isinstance(judged(text), DenialReason)


def test_a_second_spelling_of_a_signature_is_refused() -> None:
    """Its last digit has bits to spare: the 32 bytes of HS256 leave two of them unused."""
    head, _, signature = GOOD.rpartition(".")
    same_bytes = signature[:-1] + chr(ord(signature[-1]) + 1)
    assert base64.urlsafe_b64decode(same_bytes + "=") == base64.urlsafe_b64decode(signature + "=")
    assert judged(f"{head}.{same_bytes}") is MALFORMED
