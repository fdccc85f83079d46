"""The faults: where, what stands there, what the fault makes of it, and the auth types that could show it."""

from typing import Final, NamedTuple


class Fault(NamedTuple):
    """`before` must stand in `file` exactly once."""

    name: str
    file: str
    before: str
    after: str
    auth_types: str = "none"


_POLICY: Final = "core/policy.py"
_FACTS: Final = "core/facts.py"
_LIST: Final = "core/allow_list.py"
_DENIAL_REASONS: Final = "core/denial_reasons.py"
_DENIED_RESPONSE: Final = "core/denied_response.py"
_UPSTREAM_HEADERS: Final = "core/upstream_headers.py"
_CHECKER: Final = "checking/checker.py"
_BEARER: Final = "authentication/bearer.py"
_TOKEN: Final = "authentication/token.py"
_JWT: Final = "authentication/jwt.py"
_JOSE: Final = "authentication/jose.py"
_KEYS: Final = "authentication/keys.py"
_CLAIMS: Final = "authentication/claims.py"
_MTLS: Final = "authentication/mtls.py"
_CERTIFICATE_RULES: Final = "authentication/certificate_rules.py"
_DECODE: Final = "ext_authz/decode.py"
_ENCODE: Final = "ext_authz/encode.py"
_SERVICE: Final = "ext_authz/service.py"

FAULTS: Final = (
    # Identity
    Fault("a malformed id wins over a missing one", _POLICY, "if not client_id or not profile_id:",
          "if (not client_id or not profile_id) and is_identifier(client_id or profile_id or 'x'):"),
    Fault("ids are trimmed", _FACTS, "_IDENTIFIER.fullmatch(text)", "_IDENTIFIER.fullmatch(text.strip())"),
    Fault("ids match at their beginning only", _FACTS, "_IDENTIFIER.fullmatch(text)", "_IDENTIFIER.match(text)"),
    Fault("the last of several id headers counts", _DECODE, '",".join(values)', "values[-1]"),
    Fault("the pairing of client and profile is not checked", _CHECKER,
          " or found.profile.client.id != key.client_id", ""),
    Fault("client ids are compared without case", _CHECKER, "found.profile.client.id != key.client_id",
          "found.profile.client.id.lower() != key.client_id.lower()"),
    Fault("profile ids are looked up without case", _CHECKER, "find(key.profile_id)", "find(key.profile_id.lower())"),
    # Rules
    Fault("method before address", _POLICY, "(_active, _client_ip, _method, _route)",
          "(_active, _method, _client_ip, _route)"),
    Fault("route before method", _POLICY, "(_active, _client_ip, _method, _route)",
          "(_active, _client_ip, _route, _method)"),
    Fault("address before active", _POLICY, "(_active, _client_ip, _method, _route)",
          "(_client_ip, _active, _method, _route)"),
    Fault("an inactive client is ignored", _POLICY, "profile.active and profile.client.active", "profile.active"),
    Fault("an empty address list refuses", _POLICY, "not allowed or allowed.admits(", "allowed.admits("),
    Fault("an empty route list refuses", _POLICY, "not allowed or facts.route in", "facts.route in"),
    Fault("no label passes every route list", _POLICY, "facts.route in allowed",
          "facts.route is None or facts.route in allowed"),
    Fault("HEAD is implied by GET", _POLICY, "facts.method in allowed",
          "facts.method in allowed or (facts.method == 'HEAD' and 'GET' in allowed)"),
    Fault("methods are compared without case", _POLICY, "facts.method in allowed", "facts.method.upper() in allowed"),
    Fault("addresses are compared as text", _LIST, "if value >> shift in networks:",
          "if any(client_ip.startswith(entry.partition('/')[0]) for entry in self.entries):"),
    Fault("an IPv4-mapped address is IPv6", _LIST, "if value >> 32 == _MAPPED:", "if value < 0:"),
    Fault("no address passes every list", _LIST, "        if client_ip is None:\n            return False",
          "        if client_ip is None:\n            return True"),
    Fault("a prefix is one bit too short", _LIST, "_compile(networks, 32)",
          "tuple((s + 1, frozenset(v >> 1 for v in vs)) for s, vs in _compile(networks, 32))"),
    Fault("the peer's address counts wherever it was to come from", _DECODE, "if self._by_peer:", "if source:"),
    # Tokens
    Fault("a comma is tolerated", _BEARER, "_BEARER(authorization))", "_BEARER(authorization.partition(',')[0]))",
          "token"),
    Fault("a credential may have any length", _BEARER, "len(authorization) <= limits.AUTHORIZATION_BYTES and ", "",
          "token"),
    Fault("the scheme's case counts", _BEARER, "[Bb][Ee][Aa][Rr][Ee][Rr] (", "Bearer (", "token"),
    Fault("the checksum is not looked at", _TOKEN, "if token.startswith(_OURS) and not is_well_formed(token, _OURS):",
          "if not token:", "token"),
    Fault("a token lives through the second of its expiry", _TOKEN, "now < expires_at", "now <= expires_at", "token"),
    Fault("a token never expires", _TOKEN, "expires_at is None or now < expires_at", "now > 0", "token"),
    Fault("expiry before digest", _TOKEN,
          "return _unless_expired(self._expires_at, now) if is_current else DenialReason.TOKEN_INVALID",
          "verdict = _unless_expired(self._expires_at, now)\n"
          "            return verdict if is_current or verdict is not NO_SUBJECT else DenialReason.TOKEN_INVALID",
          "token"),
    Fault("a predecessor works past its grace", _TOKEN, "is_previous and now < previous.until", "is_previous", "token"),
    Fault("a predecessor works past its own expiry", _TOKEN, "_unless_expired(previous.expires_at, now)", "NO_SUBJECT",
          "token"),
    Fault("Authorization is accepted where the profile names another header", _TOKEN,
          "bare_credential(facts.headers.get(header))",
          "bare_credential(facts.headers.get(header) or (facts.authorization or '')[7:])", "token"),
    Fault("the header that a profile names is looked for beside Authorization", _TOKEN, "if header is None else",
          "if header is None or facts.authorization else", "token"),
    Fault("a comma is tolerated in a header of the token's own", _BEARER, "_B64TOKEN(value)",
          "_B64TOKEN(value.partition(',')[0])", "token"),
    Fault("a token in its own header may have any length", _BEARER, "len(value) <= limits.AUTHORIZATION_BYTES and ",
          "", "token"),
    Fault("a token in its own header may have a scheme", _BEARER, "_B64TOKEN(value)",
          "_B64TOKEN(value.removeprefix('Bearer '))", "token"),
    Fault("the header of the token reaches the upstream", _UPSTREAM_HEADERS, 'profile.auth.header or "authorization"',
          '"authorization"', "token"),
    # JWTs
    Fault("the token chooses its algorithm", _JWT, " or algorithm not in self._algorithms", "", "jwt"),
    Fault("a predecessor secret works past its grace", _JWT, " and now < previous.until else None", " else None",
          "jwt"),
    Fault("no keys at all is the caller's fault", _JWT, 'raise KeysUnavailable("the key set holds no usable key")',
          "return None", "oidc"),
    Fault("an unknown kid takes any key", _KEYS, "fitting.by_kid.get(kid) if isinstance(kid, str) else None",
          "fitting.by_kid.get(kid) or next(iter(fitting.by_kid.values()))", "oidc"),
    Fault("no kid takes the first of several keys", _KEYS, "return fitting.only",
          "return next(iter(fitting.by_kid.values()))", "oidc"),
    Fault("crit is not looked at", _JOSE, ' or "crit" in header', "", "jwt"),
    Fault("duplicate JSON members are tolerated", _JOSE, "object_pairs_hook=without_duplicates, ", "", "jwt"),
    Fault("True equals 1 in claims", _CLAIMS, "return isinstance(value, bool), value", "return False, value", "jwt"),
    Fault("leeway on the wrong side of exp", _CLAIMS, "now >= expires_at + self.leeway",
          "now >= expires_at - self.leeway", "jwt"),
    Fault("> for >= at exp", _CLAIMS, "now >= expires_at + self.leeway", "now > expires_at + self.leeway", "jwt"),
    Fault("no leeway at nbf and iat", _CLAIMS, "starts_at > now + self.leeway", "starts_at > now", "jwt"),
    Fault("iat may lie in the future", _CLAIMS, 'in ("nbf", "iat"):', 'in ("nbf",):', "jwt"),
    Fault("a secret's expiry is ignored", _CLAIMS, " or now >= signer_expires_at", "", "jwt"),
    Fault("cnf is ignored", _CLAIMS, '"cnf" not in claims', "True", "jwt"),
    Fault("a token may live longer than the profile says", _CLAIMS, "<= self.max_lifetime)", "< 10**9)", "jwt"),
    Fault("the issuer is not compared", _CLAIMS, 'claims.get("iss") == self.issuer', '"iss" in claims', "jwt"),
    Fault("a missing scope is 401", _DENIAL_REASONS, '403,\n        "Scope insufficient"',
          '401,\n        "Scope insufficient"', "oidc"),
    Fault("one scope of several is enough", _CLAIMS, "self.scopes <= _scopes_of(claims)",
          "not self.scopes or self.scopes & _scopes_of(claims)", "oidc"),
    # Certificates
    Fault("a header stands in for the handshake's certificate", _DECODE,
          'get("x-forwarded-client-cert") if self._from_xfcc else source.certificate or None',
          'source.certificate or get("x-forwarded-client-cert")', "mtls"),
    Fault("a certificate of the future is good", _MTLS, "if not leaf.not_before <= now <= leaf.not_after:",
          "if now > leaf.not_after:", "mtls"),
    Fault("one kind of constraint is enough", _MTLS,
          "for satisfies in self._constraints:\n            if not satisfies(leaf, now):",
          "if self._constraints:\n            if not any(satisfies(leaf, now) for satisfies in self._constraints):",
          "mtls"),
    Fault("a SPIFFE prefix ends anywhere", _CERTIFICATE_RULES, 'removesuffix("*")', 'removesuffix("/*")', "mtls"),
    Fault("common names are compared without case", _CERTIFICATE_RULES, "leaf.common_names[0] in allowed",
          "leaf.common_names[0].lower() in {name.lower() for name in allowed}", "mtls"),
    # Answers
    Fault("405 does not say what is allowed", _DENIED_RESPONSE,
          "if denied.reason is DenialReason.METHOD_NOT_ALLOWED and profile is not None:", "if profile is Ellipsis:"),
    Fault("forged x-authz headers stay", _UPSTREAM_HEADERS, "(*_OWN_HEADERS, *facts.authz_headers)", "_OWN_HEADERS"),
    Fault("Authorization reaches the upstream", _UPSTREAM_HEADERS, " and not profile.auth.forward_authorization",
          " and profile.auth.forward_authorization", "token"),
    Fault("one request's subject shapes the next answer", _ENCODE, "_SOME_SUBJECT, facts", "written, facts", "jwt"),
    Fault("any x-request-id is given back", _SERVICE, "brought is not None and is_request_id(brought)",
          "brought is not None"),
    Fault("a refusal has status OK", _ENCODE, "_head(DENIALS[denied.reason].grpc_code, denied)", "_head(0, denied)"),
)  # fmt: skip
