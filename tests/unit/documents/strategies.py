"""Profiles of every kind, at random, for what must hold of all of them."""

import copy
import datetime as dt
import string
from typing import Any

from hypothesis import strategies as st

from authz_server.authentication.claims import write_path
from authz_server.documents.schema import TOKEN_HEADER
from tests.unit.documents.builders import a_client, ec_pem, key_set

_seen = st.characters(
    exclude_categories=("Cc", "Cs", "Zl", "Zp"),
    exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
)
texts = st.text(_seen, min_size=1, max_size=30) | st.sampled_from(
    ["on", "null", "~", "0o17", "1e5", "1_0", "- a", "a: b", "#", "|", "🚀"]
)
names = texts.filter(lambda text: text == text.strip())
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,20}", fullmatch=True)
labels = st.dictionaries(texts, texts, max_size=3)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
times = st.datetimes(timezones=st.just(dt.UTC)).map(lambda time: time.isoformat())
methods = st.lists(st.sampled_from(["GET", "POST", "PURGE", "M-SEARCH"]), max_size=3)
networks = st.lists(
    st.ip_addresses().map(str) | st.sampled_from(["10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0"]), max_size=4
)
claim_values = st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15) | texts
claims = st.dictionaries(
    st.lists(texts, min_size=1, max_size=3).map(write_path), st.lists(claim_values, min_size=1, max_size=3), max_size=2
)


def _fields(type_: str, required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(type_), **required}, optional=optional)


token = _fields(
    "token",
    {"token_sha256": digests},
    {
        "header": st.from_regex(TOKEN_HEADER["pattern"], fullmatch=True),
        "expires_at": times,
        "forward_authorization": st.booleans(),
        "previous": st.fixed_dictionaries({"token_sha256": digests, "until": times}, optional={"expires_at": times}),
    },
)
_rules: dict[str, Any] = {
    "issuer": texts,
    "audience": st.lists(texts, max_size=2),
    "subject": texts,
    "required_claims": claims,
    "leeway_seconds": st.integers(0, 300),
    "max_lifetime_seconds": st.integers(1, 10_000),
}
_sealed = st.text(string.ascii_letters, min_size=32, max_size=40)


def jwt(profile_id: str) -> st.SearchStrategy[dict[str, Any]]:
    """With a secret of any kind, or with public keys."""
    sealed = _sealed.map(lambda secret: f"sealed|{profile_id}|c1|{secret}")
    before = st.fixed_dictionaries({"secret_sealed": sealed, "until": times}, optional={"expires_at": times})
    hmac = {"algorithm": st.just("HS256")}
    secret_rules = {**_rules, "expires_at": times, "previous": before}
    return st.one_of(
        _fields("jwt", {**hmac, "secret": _sealed}, secret_rules),
        _fields("jwt", {**hmac, "secret_env": st.just("HMAC")}, secret_rules),
        _fields("jwt", {**hmac, "secret_sealed": sealed}, secret_rules),
        _fields("jwt", {"algorithm": st.just("ES256"), "public_key": st.just(ec_pem())}, _rules),
        _fields("jwt", {"algorithm": st.just("ES256"), "jwks": st.just(key_set())}, _rules),
    )


oidc = _fields(
    "oidc",
    {"issuer": texts, "audience": st.lists(texts, min_size=1, max_size=2), "jwks": st.just(key_set())},
    {
        "algorithms": st.sampled_from([["RS256"], ["ES256", "RS256"]]),
        "token_use": st.sampled_from(["access", "id"]),
        "required_claims": claims,
        "required_scopes": st.lists(st.sampled_from(["a", "orders.read"]), max_size=2),
        "leeway_seconds": st.integers(0, 300),
    },
)
mtls = st.just({"type": "mtls", "any_verified": True}) | _fields(
    "mtls",
    {"fingerprints_sha256": st.lists(digests, min_size=1, max_size=2)},
    {
        "san_uris": st.just(["spiffe://example.org/*", "https://example.org/a"]),
        "san_dns": st.just(["client.example"]),
        "subject_cn": st.lists(names.filter(lambda text: text.isascii()), max_size=2),
        "issuer_dn": st.just(["CN=ca,O=Acme"]),
    },
)


@st.composite
def profiles(draw: st.DrawFn) -> dict[str, Any]:
    """A profile that is right."""
    profile_id = draw(ids)
    auth = draw(st.one_of(token, jwt(profile_id), oidc, mtls, st.just({"type": "none"})))
    optional = {
        "active": st.booleans(),
        "allowed_methods": methods,
        "allowed_ips": networks,
        "allowed_routes": st.lists(texts, max_size=2),
        "labels": labels,
    }
    return {"id": profile_id, "name": draw(names), **draw(st.fixed_dictionaries({}, optional=optional)), "auth": auth}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A document of one client that is right."""
    made = draw(st.lists(profiles(), max_size=3, unique_by=(lambda each: each["id"], lambda each: each["name"])))
    document = {"clients": [a_client(*made, labels=draw(labels), description=draw(st.just("") | texts))]}
    return copy.deepcopy(document)  # tests change it, and examples share what `just` gives


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
"""Whatever a document can say."""
