"""Step 7 of the decision table: every auth type, and each way in which a credential can be wrong."""

from typing import Final

from tests.e2e.decision_rows import ALLOWED, Credential, Row, bearer, literally
from tests.support import signing
from tests.support.decision_profiles import EXPIRED_TOKEN, FOREIGN_TOKEN, OTHER_TOKEN, TOKEN


def _tokens() -> list[Row]:
    missing, malformed, invalid = "credential_missing", "credential_malformed", "token_invalid"

    def row(says: str, code: str, credential: Credential | None, profile: str = "pr_token") -> Row:
        return Row(says=f"token: {says}", profile=profile, code=code, credential=credential)

    typo = TOKEN[:-1] + ("A" if TOKEN[-1] != "A" else "B")
    return [
        row("right", ALLOWED, bearer(TOKEN)),
        row("scheme in another case", ALLOWED, literally(f"bEARER {TOKEN}")),
        row("from elsewhere", ALLOWED, bearer(FOREIGN_TOKEN), "pr_foreign_token"),
        row("none", missing, None),
        row("empty", missing, literally("")),
        row("another scheme", missing, literally("Basic YTpi")),
        row("no value", malformed, literally("Bearer")),
        row("two spaces", malformed, literally(f"Bearer  {TOKEN}")),
        row("a comma", malformed, literally(f"Bearer {TOKEN}, Bearer {TOKEN}")),
        row("a character outside the alphabet", malformed, bearer(f"{TOKEN}!")),
        row("over 8192 bytes", malformed, bearer("a" * 8192)),
        row("as long as Envoy takes", malformed, bearer("a" * 59_000)),
        row("a typo in one of ours", malformed, bearer(typo)),
        row("another one", invalid, bearer("some-other-token")),
        row("another one of ours", invalid, bearer(OTHER_TOKEN)),
        row("right, beyond its last character", invalid, bearer(f"{FOREIGN_TOKEN}2"), "pr_foreign_token"),
        row("of another profile", invalid, bearer(TOKEN), "pr_foreign_token"),
        row("expired", "token_expired", bearer(EXPIRED_TOKEN), "pr_expired_token"),
        row("wrong and expired", invalid, bearer("some-other-token"), "pr_expired_token"),
    ]


def _tokens_in_a_header() -> list[Row]:
    """A profile that names `x-api-key`: its whole value is the token, and `Authorization` is the application's own."""
    missing, malformed, invalid = "credential_missing", "credential_malformed", "token_invalid"

    def row(says: str, code: str, *values: str, profile: str = "pr_api_key", authorization: str | None = None) -> Row:
        return Row(
            says=f"token: {says}",
            profile=profile,
            code=code,
            headers=[("x-api-key", value) for value in values],
            credential=None if authorization is None else literally(authorization),
        )

    return [
        row("in its header", ALLOWED, TOKEN),
        row("in its header, beside the application's Authorization", ALLOWED, TOKEN, authorization="Basic YTpi"),
        row("in its header, forwarded", ALLOWED, TOKEN, profile="pr_forwarded_api_key"),
        row("its header not there", missing),
        row("its header empty", missing, ""),
        row("in Authorization, not in its header", missing, authorization=f"Bearer {TOKEN}"),
        row("in a header that the profile does not name", missing, TOKEN, profile="pr_token"),
        row("with a scheme in its header", malformed, f"Bearer {TOKEN}", authorization=f"Bearer {TOKEN}"),
        row("in its header twice", malformed, TOKEN, TOKEN),
        row("joined in its header", malformed, f"{TOKEN},{TOKEN}"),
        row("over 8192 bytes in its header", malformed, "a" * 8_193),
        row("a typo in its header", malformed, TOKEN[:-1]),
        row("another one in its header", invalid, OTHER_TOKEN),
    ]


def _signed() -> list[Row]:
    malformed, claim, signature = "credential_malformed", "jwt_claim_invalid", "jwt_signature_invalid"
    hs256, es256 = signing.hs256, signing.es256

    def row(says: str, code: str, make: Credential | None, profile: str = "pr_hs256") -> Row:
        subject = "user%207" if code == ALLOWED else None
        credential = None if make is None else bearer(make)
        return Row(says=f"jwt: {says}", profile=profile, code=code, credential=credential, subject=subject)

    return [
        row("HS256", ALLOWED, hs256),
        row("ES256", ALLOWED, es256, "pr_es256"),
        row("none", "credential_missing", None),
        row("not three parts", malformed, lambda: "a.b"),
        row("not base64url", malformed, lambda: "a.b.c"),
        row("crit", malformed, lambda: signing.with_header(hs256(), crit=["exp"])),
        row("alg none", "jwt_algorithm_not_allowed", signing.unsigned),
        row("HS256 where ES256 is set", "jwt_algorithm_not_allowed", hs256, "pr_es256"),
        row("ES256 where HS256 is set", "jwt_algorithm_not_allowed", es256),
        row("HS512", "jwt_algorithm_not_allowed", lambda: signing.with_header(hs256(), alg="HS512")),
        row("another secret", signature, lambda: hs256("another secret, of at least 32 bytes too")),
        row("broken signature", signature, lambda: signing.with_broken_signature(es256()), "pr_es256"),
        row("no exp", claim, lambda: hs256(without="exp")),
        row("exp a string", claim, lambda: signing.hs256_of(signing.claims() | {"exp": "4102444800"})),
        row("expired", "jwt_expired", lambda: hs256(exp=-31)),
        row("expired within the leeway", ALLOWED, lambda: hs256(exp=-20)),
        row("not yet", "jwt_not_yet_valid", lambda: hs256(nbf=60)),
        row("issued in the future", "jwt_not_yet_valid", lambda: hs256(iat=60)),
        row("another issuer", claim, lambda: hs256(iss="https://other.example")),
        row("another audience", claim, lambda: hs256(aud="payments")),
        row("one audience of several", ALLOWED, lambda: hs256(aud=["payments", "orders"])),
        row("another subject", claim, lambda: hs256(sub="user 8")),
        row("too long a life", claim, lambda: hs256(exp=3700)),
        row("no iat for the longest life", claim, lambda: hs256(without="iat")),
        row("another tier", claim, lambda: hs256(tier="bronze")),
        row("no tier", claim, lambda: hs256(without="tier")),
        row("bound to a key", claim, lambda: hs256(cnf={"jkt": "x"})),
    ]


def _issued() -> list[Row]:
    rs256 = signing.rs256
    scopes = "orders.read orders.admin"

    def row(says: str, code: str, make: Credential | None, profile: str = "pr_oidc", scope: str | None = None) -> Row:
        subject = "user%207" if code == ALLOWED else None
        credential = None if make is None else bearer(make)
        return Row(
            says=f"oidc: {says}", profile=profile, code=code, credential=credential, subject=subject, scope=scope
        )

    return [
        row("access token", ALLOWED, rs256),
        row("ID token", ALLOWED, lambda: rs256(nonce="n", without="scope"), "pr_oidc_id"),
        row("none", "credential_missing", None),
        row("not a token", "credential_malformed", lambda: "opaque"),
        row("HS256", "jwt_algorithm_not_allowed", signing.hs256),
        row("alg none", "jwt_algorithm_not_allowed", signing.unsigned),
        row("somebody else's key", "jwt_signature_invalid", lambda: rs256(signing.strange_rs256_key())),
        row("unknown kid", "jwt_signature_invalid", lambda: rs256(key_id="next")),
        row("expired", "jwt_expired", lambda: rs256(exp=-31)),
        row("not yet", "jwt_not_yet_valid", lambda: rs256(nbf=60)),
        row("another issuer", "jwt_claim_invalid", lambda: rs256(iss="https://other.example")),
        row("another audience", "jwt_claim_invalid", lambda: rs256(aud="payments")),
        row("ID token for an access token", "jwt_claim_invalid", lambda: rs256(nonce="n", without="scope")),
        row("access token for an ID token", "jwt_claim_invalid", rs256, "pr_oidc_id"),
        row("a scope short", "insufficient_scope", rs256, "pr_oidc_admin", scopes),
        row("no scopes", "insufficient_scope", lambda: rs256(without="scope"), "pr_oidc", "orders.read"),
    ]


def _certificates() -> list[Row]:
    not_allowed = "certificate_not_allowed"
    uri = "spiffe://acme.example/orders"

    def row(says: str, profile: str, code: str, certificate: str | None, subject: str | None = None) -> Row:
        name = f"mtls: {says}"
        return Row(says=name, profile=profile, code=code, certificate=certificate, subject=subject)

    return [
        row("any verified", "pr_mtls_any", ALLOWED, "client", uri),
        row("any verified, another caller", "pr_mtls_any", ALLOWED, "other_client", "spiffe://other.example/orders"),
        row("fingerprint", "pr_mtls_fingerprint", ALLOWED, "client", uri),
        row("SPIFFE prefix", "pr_mtls_spiffe", ALLOWED, "client", uri),
        row("DNS name", "pr_mtls_dns", ALLOWED, "client", uri),
        row("CN and OU", "pr_mtls_name", ALLOWED, "client", uri),
        row("issuer", "pr_mtls_issuer", ALLOWED, "client", uri),
        row("CA bundle", "pr_mtls_bundle", ALLOWED, "client", uri),
        row("none", "pr_mtls_any", "certificate_missing", None),
        row("none, with constraints", "pr_mtls_spiffe", "certificate_missing", None),
        row("another fingerprint", "pr_mtls_fingerprint", not_allowed, "other_client"),
        row("another SPIFFE id", "pr_mtls_spiffe", not_allowed, "other_client"),
        row("no DNS name", "pr_mtls_dns", not_allowed, "other_client"),
        row("another CN", "pr_mtls_name", not_allowed, "other_client"),
        row("another CA bundle", "pr_mtls_other_bundle", not_allowed, "client"),
        row("one of two kinds", "pr_mtls_both", not_allowed, "client"),
    ]


CREDENTIALS: Final = (*_tokens(), *_tokens_in_a_header(), *_signed(), *_issued(), *_certificates())
