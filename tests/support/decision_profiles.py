"""The profiles that the decision table is run against: one for each rule and each auth type."""

import hashlib
from typing import Any, Final

from tests.support.certificates import CertificateAuthority, IssuedCertificate
from tests.support.signing import HMAC_SECRET, es256_key, key_set, public_pem, rs256_key

TOKEN: Final = "azt_00000000000000000000000000000000000000000010Wvl0B"
OTHER_TOKEN: Final = "azt_00000000000000000000000000000000000000000022PuVHR"  # well formed, and nobody's
FOREIGN_TOKEN: Final = "a-token-from-elsewhere~42"
EXPIRED_TOKEN: Final = "another-token-from-elsewhere"
_NOWHERE: Final = ["10.0.0.0/8", "2001:db8::/32"]
_PAYMENTS: Final = ["payments"]
_NONE: Final = {"type": "none"}


def decision_profiles(
    client: IssuedCertificate, client_ca: CertificateAuthority, other_ca: CertificateAuthority
) -> dict[str, Any]:
    """The document for `AUTHZ_PROFILES_FILE`. `pr_open` of `cl_acme` lets everybody in."""
    return {
        "clients": [
            {"id": "cl_acme", "name": "Acme", "profiles": [*_rules(), *_credentials(client, client_ca, other_ca)]},
            {"id": "cl_other", "name": "Other", "profiles": [_profile("pr_other", _NONE)]},
            {"id": "cl_closed", "name": "Closed", "active": False, "profiles": [_profile("pr_closed", _NONE)]},
        ]
    }


def _profile(profile_id: str, auth: dict[str, Any], **rules: Any) -> dict[str, Any]:
    return {"id": profile_id, "name": profile_id.removeprefix("pr_"), "auth": auth, **rules}


def _token(value: str = TOKEN, **more: Any) -> dict[str, Any]:
    return {"type": "token", "token_sha256": hashlib.sha256(value.encode()).hexdigest(), **more}


def _rules() -> list[dict[str, Any]]:
    """Profiles for steps 3 to 6; the names of those that break several rules at once say which step decides."""
    strict: dict[str, Any] = {"allowed_methods": ["PUT"], "allowed_routes": _PAYMENTS}
    return [
        _profile("pr_open", _NONE),
        _profile("pr_inactive", _NONE, active=False),
        _profile("pr_elsewhere", _NONE, allowed_ips=_NOWHERE),
        _profile("pr_here", _NONE, allowed_ips=["127.0.0.0/8"]),
        _profile("pr_put_only", _NONE, allowed_methods=["PUT", "DELETE"]),
        _profile("pr_get_only", _NONE, allowed_methods=["GET"]),
        _profile("pr_get_and_post", _NONE, allowed_methods=["GET", "POST"]),
        _profile("pr_payments", _NONE, allowed_routes=_PAYMENTS),
        _profile("pr_orders", _NONE, allowed_routes=["orders", "payments"]),
        _profile("pr_active_first", _token(), active=False, allowed_ips=_NOWHERE, **strict),
        _profile("pr_ip_first", _token(), allowed_ips=_NOWHERE, **strict),
        _profile("pr_method_first", _token(), **strict),
        _profile("pr_route_first", _token(), allowed_routes=_PAYMENTS),
    ]


def _credentials(
    client: IssuedCertificate, client_ca: CertificateAuthority, other_ca: CertificateAuthority
) -> list[dict[str, Any]]:
    """Profiles for step 7."""
    expectations = {"issuer": "https://issuer.example", "audience": ["orders"]}
    oidc = {"type": "oidc", "jwks": key_set(rs256_key(), "current"), **expectations}
    return [
        _profile("pr_token", _token(), allowed_ips=["127.0.0.1"], allowed_methods=["GET", "POST"]),
        _profile("pr_service_token", _token(header="x-service-token")),
        _profile("pr_api_key", _token(header="X-API-Key")),
        _profile("pr_forwarded_api_key", _token(header="x-api-key", forward_authorization=True)),
        _profile("pr_foreign_token", _token(FOREIGN_TOKEN, forward_authorization=True)),
        _profile("pr_expired_token", _token(EXPIRED_TOKEN, expires_at="2020-01-01T00:00:00Z")),
        _profile(
            "pr_hs256",
            {
                "type": "jwt",
                "algorithm": "HS256",
                "secret": HMAC_SECRET,
                "subject": "user 7",
                "required_claims": {"tier": ["gold", "silver"]},
                "max_lifetime_seconds": 3600,
                **expectations,
            },
        ),
        _profile("pr_es256", {"type": "jwt", "algorithm": "ES256", "public_key": public_pem(es256_key())}),
        _profile("pr_oidc", oidc | {"required_scopes": ["orders.read"]}),
        _profile("pr_oidc_admin", oidc | {"required_scopes": ["orders.read", "orders.admin"]}),
        _profile("pr_oidc_id", oidc | {"token_use": "id"}),
        _profile("pr_mtls_any", {"type": "mtls", "any_verified": True}),
        _profile("pr_mtls_fingerprint", {"type": "mtls", "fingerprints_sha256": [client.fingerprint]}),
        _profile("pr_mtls_spiffe", {"type": "mtls", "san_uris": ["spiffe://acme.example/*"]}),
        _profile("pr_mtls_dns", {"type": "mtls", "san_dns": ["ACME.example"]}),
        _profile("pr_mtls_name", {"type": "mtls", "subject_cn": ["acme"], "subject_ou": ["Orders"]}),
        _profile("pr_mtls_issuer", {"type": "mtls", "issuer_dn": ["CN=client-ca"]}),
        _profile("pr_mtls_bundle", {"type": "mtls", "ca_bundle": client_ca.certificate_pem.decode()}),
        _profile("pr_mtls_other_bundle", {"type": "mtls", "ca_bundle": other_ca.certificate_pem.decode()}),
        _profile(
            "pr_mtls_both",
            {"type": "mtls", "san_dns": ["acme.example"], "san_uris": ["spiffe://elsewhere.example/*"]},
        ),
    ]
