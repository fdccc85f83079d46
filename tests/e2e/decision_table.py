"""The decision table: what a caller sends, and the code that has to come back. It imports nothing of the product."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.support import signing
from tests.support.callers import Headers
from tests.support.decision_profiles import EXPIRED_TOKEN, FOREIGN_TOKEN, OTHER_TOKEN, TOKEN

ALLOWED: Final = "allowed"
HTTP_1: Final = "HTTP/1.1"
HTTP_2: Final = "HTTP/2"
GRPC: Final = "gRPC"

STATUS: Final = {
    ALLOWED: 200,
    "identity_missing": 403,
    "identity_malformed": 403,
    "profile_unknown": 403,
    "profile_inactive": 403,
    "ip_not_allowed": 403,
    "method_not_allowed": 405,
    "route_not_allowed": 403,
    "credential_missing": 401,
    "credential_malformed": 401,
    "token_invalid": 401,
    "token_expired": 401,
    "jwt_signature_invalid": 401,
    "jwt_expired": 401,
    "jwt_not_yet_valid": 401,
    "jwt_claim_invalid": 401,
    "jwt_algorithm_not_allowed": 401,
    "insufficient_scope": 403,
    "certificate_missing": 401,
    "certificate_malformed": 401,
    "certificate_expired": 401,
    "certificate_not_allowed": 401,
    "keys_unavailable": 503,
}

Credential = Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One call and its outcome.

    `credential` is made when the call is made, as its dates count from then. `certificate` names a caller of the
    `certificates` fixture. A method or a header that one protocol cannot carry names those that can in `over`.
    """

    says: str
    profile: str | None
    code: str
    client: str | None = "cl_acme"
    method: str = "POST"
    labelled: bool = True  # on a route with the label `orders`
    credential: Credential | None = None
    certificate: str | None = None
    headers: Headers = ()
    over: tuple[str, ...] = (HTTP_1, HTTP_2, GRPC)
    subject: str | None = None
    allow: str | None = None
    scope: str | None = None

    def sent_headers(self) -> list[tuple[str, str]]:
        """Everything but the method and the path."""
        sent = [("x-client-id", self.client), ("x-profile-id", self.profile)]
        named = [(name, value) for name, value in sent if value is not None]
        if self.credential is not None:
            named.append(("authorization", self.credential()))
        return [*named, *self.headers]

    @property
    def challenge(self) -> str | None:
        """What `WWW-Authenticate` has to say."""
        if self.code.startswith("certificate_"):
            return 'Certificate realm="authz"'
        if self.code == "insufficient_scope":
            return f'Bearer realm="authz", error="insufficient_scope", scope="{self.scope}"'
        if self.code == "credential_missing":
            return 'Bearer realm="authz"'
        return 'Bearer realm="authz", error="invalid_token"' if STATUS[self.code] == 401 else None


def bearer(token: str | Credential) -> Credential:
    """The value of `Authorization`."""
    return lambda: f"Bearer {token if isinstance(token, str) else token()}"


def literally(value: str) -> Credential:
    """A value of `Authorization` that is not of the form `Bearer …`."""
    return lambda: value


def _identity() -> list[Row]:
    missing, malformed, unknown = "identity_missing", "identity_malformed", "profile_unknown"
    http = (HTTP_1, HTTP_2)
    long = "a" * 64
    return [
        Row(says="no ids", client=None, profile=None, code=missing),
        Row(says="no client id", client=None, profile="pr_open", code=missing),
        Row(says="no profile id", profile=None, code=missing),
        Row(says="empty client id", client="", profile="pr_open", code=missing),
        Row(says="missing wins over malformed", client="a b", profile=None, code=missing),
        Row(says="client id with a space", client="cl acme", profile="pr_open", code=malformed),
        Row(says="client id with a slash", client="cl/acme", profile="pr_open", code=malformed),
        Row(says="client id starts with a dot", client=".cl", profile="pr_open", code=malformed),
        Row(says="profile id of 65 characters", profile=long + "a", code=malformed),
        Row(says="profile id of 4000 characters", profile="a" * 4000, code=malformed),
        Row(says="bytes that are not ASCII", client="cl_acm\xe9", profile="pr_open", code=malformed, over=http),
        Row(says="space after the id is kept", client="cl_acme ", profile="pr_open", code=malformed, over=(HTTP_2,)),
        Row(says="two client ids", profile="pr_open", code=malformed, headers=[("x-client-id", "cl_acme")]),
        Row(says="two profile ids", profile="pr_open", code=malformed, headers=[("x-profile-id", "pr_token")]),
        Row(says="joined client ids", client="cl_acme,cl_other", profile="pr_open", code=malformed),
        Row(says="profile id of 64 characters", profile=long, code=unknown),
        Row(says="unknown profile", profile="pr_nobody", code=unknown),
        Row(says="unknown client", client="cl_nobody", profile="pr_open", code=unknown),
        Row(says="another client's profile", profile="pr_other", code=unknown),
        Row(says="own profile under another client", client="cl_other", profile="pr_open", code=unknown),
        Row(says="client id in another case", client="CL_acme", profile="pr_open", code=unknown),
        Row(says="profile id in another case", profile="PR_open", code=unknown),
    ]


def _rules() -> list[Row]:
    http = (HTTP_1, HTTP_2)
    not_allowed = "method_not_allowed"
    put_only, get_only = "PUT, DELETE", "GET"
    override = [("x-http-method-override", "PUT")]
    return [
        Row(says="inactive profile", profile="pr_inactive", code="profile_inactive"),
        Row(says="inactive client", client="cl_closed", profile="pr_closed", code="profile_inactive"),
        Row(says="address not on the list", profile="pr_elsewhere", code="ip_not_allowed"),
        Row(
            says="forged addresses",
            profile="pr_elsewhere",
            code="ip_not_allowed",
            headers=[
                ("x-forwarded-for", "10.0.0.1"),
                ("x-envoy-external-address", "10.0.0.1"),
                ("x-client-ip", "10.0.0.1"),
            ],
        ),
        Row(says="address on the list", profile="pr_here", code=ALLOWED),
        Row(says="method not on the list", profile="pr_put_only", code=not_allowed, allow=put_only),
        Row(says="method by override", profile="pr_put_only", code=not_allowed, allow=put_only, headers=override),
        Row(says="method on the list", profile="pr_get_and_post", code=ALLOWED),
        Row(says="GET on the list", profile="pr_get_only", method="GET", code=ALLOWED, over=http),
        Row(says="HEAD is not GET", profile="pr_get_only", method="HEAD", code=not_allowed, allow=get_only, over=http),
        Row(
            says="OPTIONS has no rule",
            profile="pr_get_only",
            method="OPTIONS",
            code=not_allowed,
            allow=get_only,
            over=http,
        ),
        Row(
            says="TRACE has no rule",
            profile="pr_get_only",
            method="TRACE",
            code=not_allowed,
            allow=get_only,
            over=(HTTP_2,),
        ),
        Row(
            says="get is not GET", profile="pr_get_only", method="get", code=not_allowed, allow=get_only, over=(HTTP_2,)
        ),
        Row(
            says="invented method",
            profile="pr_get_only",
            method="FOO!",
            code=not_allowed,
            allow=get_only,
            over=(HTTP_2,),
        ),
        Row(says="any method on an empty list", profile="pr_open", method="PURGE", code=ALLOWED, over=http),
        Row(says="route with another label", profile="pr_payments", code="route_not_allowed"),
        Row(says="route without a label", profile="pr_orders", labelled=False, code="route_not_allowed"),
        Row(says="route with its label", profile="pr_orders", code=ALLOWED),
        Row(says="no rules and no credential", profile="pr_open", code=ALLOWED),
        Row(
            says="unread credential of a profile without any",
            profile="pr_open",
            code=ALLOWED,
            credential=literally("a, b"),
        ),
        Row(says="inactive comes before address", profile="pr_active_first", code="profile_inactive"),
        Row(
            says="address comes before method", profile="pr_ip_first", code="ip_not_allowed", credential=bearer("wrong")
        ),
        Row(says="method comes before route", profile="pr_method_first", code=not_allowed, allow="PUT"),
        Row(says="route comes before credential", profile="pr_route_first", code="route_not_allowed"),
    ]


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
        row("a typo in one of ours", malformed, bearer(typo)),
        row("another one", invalid, bearer("some-other-token")),
        row("another one of ours", invalid, bearer(OTHER_TOKEN)),
        row("right, beyond its last character", invalid, bearer(f"{FOREIGN_TOKEN}2"), "pr_foreign_token"),
        row("of another profile", invalid, bearer(TOKEN), "pr_foreign_token"),
        row("expired", "token_expired", bearer(EXPIRED_TOKEN), "pr_expired_token"),
        row("wrong and expired", invalid, bearer("some-other-token"), "pr_expired_token"),
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
        row("no usable keys", "keys_unavailable", rs256, "pr_oidc_keyless"),
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


ROWS: Final = (*_identity(), *_rules(), *_tokens(), *_signed(), *_issued(), *_certificates())
