"""Access token or ID token: what each provider issues is told apart as far as it can be."""

from typing import Any

import pytest

from authz_server.authentication.token_use import is_access_token, is_id_token

Json = dict[str, Any]
JWT: Json = {"alg": "RS256", "typ": "JWT"}
BARE: Json = {"alg": "RS256"}
AT_JWT: Json = {"alg": "RS256", "typ": "at+jwt"}
ONLY_ACCESS, ONLY_ID, EITHER, NEITHER = (True, False), (False, True), (True, True), (False, False)

ISSUED: dict[str, tuple[Json, Json, tuple[bool, bool]]] = {
    # What the providers issue.
    "RFC 9068": (AT_JWT, {"client_id": "app", "jti": "1", "scope": "orders"}, ONLY_ACCESS),
    "OpenID Connect Core": (JWT, {"nonce": "n", "azp": "app"}, ONLY_ID),
    "Keycloak access": (JWT, {"typ": "Bearer", "azp": "app", "scope": "openid", "sid": "1"}, ONLY_ACCESS),
    "Keycloak access before 25": (JWT, {"typ": "Bearer", "nonce": "n", "scope": "openid"}, ONLY_ACCESS),
    "Keycloak access as at+jwt": (AT_JWT, {"typ": "Bearer", "scope": "openid"}, ONLY_ACCESS),
    "Keycloak ID": (JWT, {"typ": "ID", "azp": "app", "at_hash": "h", "sid": "1"}, ONLY_ID),
    "Keycloak ID without nonce or hash": (JWT, {"typ": "ID"}, ONLY_ID),
    "Keycloak refresh": (JWT, {"typ": "Refresh", "scope": "openid"}, NEITHER),
    "Keycloak offline": (JWT, {"typ": "Offline", "scope": "openid"}, NEITHER),
    "Keycloak logout": ({"alg": "RS256", "typ": "logout+jwt"}, {"typ": "Logout"}, NEITHER),
    "Auth0 access": (JWT, {"azp": "app", "scope": "openid profile", "gty": "password"}, ONLY_ACCESS),
    "Auth0 ID": (JWT, {"nonce": "n", "sid": "1", "name": "A"}, ONLY_ID),
    "Entra access": (JWT, {"scp": "Orders.Read", "appid": "app", "ver": "1.0", "uti": "1"}, ONLY_ACCESS),
    "Entra ID": (JWT, {"nonce": "n", "ver": "2.0", "uti": "1", "oid": "1"}, ONLY_ID),
    "Okta access": (BARE, {"ver": 1, "cid": "app", "uid": "1", "scp": ["openid"]}, ONLY_ACCESS),
    "Okta ID": (BARE, {"ver": 1, "idp": "1", "amr": ["pwd"], "at_hash": "h"}, ONLY_ID),
    "Cognito access": (BARE, {"token_use": "access", "client_id": "app", "scope": "openid"}, ONLY_ACCESS),
    "Cognito ID": (BARE, {"token_use": "id", "cognito:username": "a"}, ONLY_ID),
    "Zitadel ID": (JWT, {"at_hash": "h", "client_id": "app", "azp": "app"}, ONLY_ID),
    "Dex ID": (BARE, {"nonce": "n", "at_hash": "h", "email": "a@example.org"}, ONLY_ID),
    "Google ID": (JWT, {"azp": "app", "at_hash": "h", "email": "a@example.org"}, ONLY_ID),
    "GitHub workload": (JWT, {"repository": "a/b", "ref": "refs/heads/main"}, EITHER),
    "Kubernetes service account": (BARE, {"kubernetes.io": {"namespace": "a"}}, EITHER),
    # How a type may be written.
    "typ as a whole media type": ({"typ": "application/at+jwt"}, {}, ONLY_ACCESS),
    "typ in capitals": ({"typ": "AT+JWT"}, {}, ONLY_ACCESS),
    "a lower-case jwt": ({"typ": "jwt"}, {"scope": "a"}, ONLY_ACCESS),
    "a hash of the code": (JWT, {"c_hash": "h"}, ONLY_ID),
    "a hash of the state": (JWT, {"s_hash": "h"}, ONLY_ID),
    "a scope beside the nonce": (JWT, {"nonce": "n", "scope": "openid"}, ONLY_ID),
    # What is neither, or says two things.
    "another type": ({"typ": "dpop+jwt"}, {"scope": "a"}, NEITHER),
    "a security event": ({"typ": "secevent+jwt"}, {}, NEITHER),
    "a logout token without a type": (JWT, {"events": {}}, NEITHER),
    "an event that says it is an access token": (AT_JWT, {"events": {}}, NEITHER),
    "typ of a number": ({"typ": 1}, {}, NEITHER),
    "typ of null": ({"typ": None}, {}, NEITHER),
    "an empty typ": ({"typ": ""}, {}, NEITHER),
    "payload typ of a list": (JWT, {"typ": ["ID"]}, NEITHER),
    "another token_use": (JWT, {"token_use": "refresh"}, NEITHER),
    "token_use of true": (JWT, {"token_use": True}, NEITHER),
    "access in the header, ID in the payload": (AT_JWT, {"typ": "ID"}, NEITHER),
    "access by token_use, ID by typ": (JWT, {"token_use": "access", "typ": "ID"}, NEITHER),
}


@pytest.mark.parametrize("issued", ISSUED)
def test_a_token_is_taken_only_for_what_it_can_be(issued: str) -> None:
    header, claims, expected = ISSUED[issued]
    assert (is_access_token(header, claims), is_id_token(header, claims)) == expected
