"""Tokens of an OpenID provider."""

from authz_server.authentication.claims import ClaimRules, compiled
from authz_server.authentication.jwt import JwtAuthenticator, PublicKeys
from authz_server.authentication.keys import ASYMMETRIC_ALGORITHMS, parse_key_set
from authz_server.authentication.token_use import is_access_token, is_id_token
from authz_server.core.auth import OidcAuth, TokenUse
from authz_server.core.errors import ProfileUnusable


def oidc_authenticator(auth: OidcAuth) -> JwtAuthenticator:
    """The authenticator of an `oidc` profile that holds its issuer's keys. Raises `ProfileUnusable`.

    A key set without any key that suits is no error here: every check then raises `KeysUnavailable`. In an ID token
    every audience must be one of the profile's (OpenID Connect Core 1.0 section 3.1.3.7); an access token may name
    other APIs too.
    """
    if auth.jwks is None:
        raise ProfileUnusable("an oidc profile needs its keys in jwks; they cannot be fetched yet")
    if not auth.issuer or not auth.audience:
        raise ProfileUnusable("an oidc profile needs an issuer and an audience")
    if not auth.algorithms or not set(auth.algorithms).issubset(ASYMMETRIC_ALGORITHMS):
        raise ProfileUnusable("an oidc profile accepts asymmetric algorithms only, and needs one")
    try:
        keys = parse_key_set(auth.jwks, auth.algorithms)
    except ValueError as problem:
        raise ProfileUnusable(f"the key set of an oidc profile {problem}") from problem
    wants_id = auth.token_use is TokenUse.ID
    rules = ClaimRules(
        issuer=auth.issuer,
        audience=frozenset(auth.audience),
        leeway=auth.leeway_seconds,
        is_wanted_type=is_id_token if wants_id else is_access_token,
        sole_audience=wants_id,
        required=compiled(auth.required_claims),
        scopes=frozenset(auth.required_scopes),
    )
    return JwtAuthenticator(auth.algorithms, PublicKeys(keys), rules)
