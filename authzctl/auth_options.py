"""The settings of each auth type as options, and the document's `auth` that they make."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple

import typer

from authzctl import files
from authzctl.failures import Misused


class AuthType(StrEnum):
    """How a profile's callers prove who they are."""

    TOKEN = "token"  # noqa: S105 - the name of a type
    JWT = "jwt"
    OIDC = "oidc"
    MTLS = "mtls"
    NONE = "none"


class Settings(NamedTuple):
    """What the options say: the type, and by its option's name each setting that was given."""

    type: AuthType | None
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Option:
    """One option. `fields` has the document's name for each auth type that it goes with."""

    flag: str
    fields: Mapping[AuthType, str]
    annotation: Any
    metavar: str | None
    help: str
    read: Callable[[Any], Any]

    @property
    def name(self) -> str:
        return self.flag.removeprefix("--").replace("-", "_")


def _option(flag: str, field: str, types: str, help_text: str, **form: Any) -> _Option:
    fields = dict.fromkeys(map(AuthType, types.split(", ")), field)
    annotation, metavar, read = form.get("annotation", str | None), form.get("metavar", "TEXT"), form.get("read")
    return _Option(flag, fields, annotation, metavar, f"{types}: {help_text}", read or (lambda value: value))


_MANY: Final[Mapping[str, Any]] = {"annotation": list[str] | None}
_FILE: Final[Mapping[str, Any]] = {"metavar": "FILE", "read": files.text}
_SECONDS: Final[Mapping[str, Any]] = {"annotation": int | None, "metavar": "SECONDS"}
_FLAG: Final[Mapping[str, Any]] = {"annotation": bool | None, "metavar": None}


def _claims(given: Sequence[str]) -> dict[str, list[Any]]:
    """`role=admin` and the like; the same claim again allows another value."""
    claims: dict[str, list[Any]] = {}
    for each in given:
        path, equals, value = each.partition("=")
        if not equals:
            raise Misused(f"--claim {each!r} has no =", advice="Write --claim PATH=VALUE.")
        claims.setdefault(path, []).append(_claim_value(value))
    return claims


def _claim_value(text: str) -> Any:
    """A boolean, a number or a string as JSON writes them; anything else is a string as it stands."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float | str) else text


def _bundles(names: Sequence[str]) -> list[str]:
    return [files.text(name) for name in names]


OPTIONS: Final = (
    _option(
        "--token-sha256", "token_sha256", "token", "take over a token by its SHA-256; none is made.", metavar="HEX"
    ),
    _option(
        "--forward-authorization", "forward_authorization", "token", "let the token reach the application.", **_FLAG
    ),
    _option("--token-header", "header", "token", "the header that carries it, not Authorization.", metavar="NAME"),
    _option("--expires-at", "expires_at", "token, jwt", "when what is given expires (RFC 3339).", metavar="TIME"),
    _option("--algorithm", "algorithms", "oidc, jwt", "RS256, ES256, ...; jwt has one, HS256 among others.", **_MANY),
    _option(
        "--secret-file", "secret", "jwt", "the HMAC secret; without it, one is made.", metavar="FILE", read=files.secret
    ),
    _option("--public-key", "public_key", "jwt", "the key (PEM) that signatures are checked against.", **_FILE),
    _option("--jwks", "jwks", "jwt, oidc", "the key set (JSON) that signatures are checked against.", **_FILE),
    _option("--jwks-uri", "jwks_uri", "oidc", "where the key set is, instead of discovery.", metavar="URL"),
    _option("--issuer", "issuer", "jwt, oidc", "who must have issued the token (iss)."),
    _option("--audience", "audience", "jwt, oidc", "whom it must be for (aud); may be repeated.", **_MANY),
    _option("--subject", "subject", "jwt", "whom it must speak for (sub)."),
    _option(
        "--claim",
        "required_claims",
        "jwt, oidc",
        "a claim that it must have; may be repeated.",
        annotation=list[str] | None,
        metavar="PATH=VALUE",
        read=_claims,
    ),
    _option("--scope", "required_scopes", "oidc", "a scope that it must have; may be repeated.", **_MANY),
    _option("--token-use", "token_use", "oidc", "access (the default) or id."),
    _option("--leeway-seconds", "leeway_seconds", "jwt, oidc", "how far clocks may differ.", **_SECONDS),
    _option("--max-lifetime-seconds", "max_lifetime_seconds", "jwt", "the longest life of a token.", **_SECONDS),
    _option("--fingerprint", "fingerprints_sha256", "mtls", "a certificate's SHA-256; may be repeated.", **_MANY),
    _option("--san-uri", "san_uris", "mtls", "a URI of it, a trailing /* is a prefix; may be repeated.", **_MANY),
    _option("--san-dns", "san_dns", "mtls", "a DNS name of it; may be repeated.", **_MANY),
    _option("--subject-cn", "subject_cn", "mtls", "its common name; may be repeated.", **_MANY),
    _option("--subject-ou", "subject_ou", "mtls", "its organizational unit; may be repeated.", **_MANY),
    _option("--issuer-dn", "issuer_dn", "mtls", "its issuer's distinguished name; may be repeated.", **_MANY),
    _option(
        "--ca-bundle",
        "ca_bundle",
        "mtls",
        "whom it must be issued by (PEM); may be repeated.",
        annotation=list[str] | None,
        metavar="FILE",
        read=_bundles,
    ),
    _option("--any-verified", "any_verified", "mtls", "any certificate that Envoy let in.", **_FLAG),
)
_TYPE_HELP: Final = "How callers prove who they are; its settings are the options that are said to be of it."


def with_auth_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--auth` and the settings of every type. It gets them as `settings: Settings`."""
    own = inspect.signature(command, eval_str=True).parameters
    added = [
        _keyword("auth", Annotated[AuthType | None, typer.Option("--auth", help=_TYPE_HELP)]),
        *(
            _keyword(
                each.name, Annotated[each.annotation, typer.Option(each.flag, metavar=each.metavar, help=each.help)]
            )
            for each in OPTIONS
        ),
    ]

    @functools.wraps(command)
    def with_settings(**given: Any) -> None:
        settings = {each.name: given.pop(each.name) for each in OPTIONS}
        present = {name: value for name, value in settings.items() if value not in (None, [])}
        auth_type = given.pop("auth")
        command(**given, settings=Settings(auth_type, present))

    parameters = [parameter for name, parameter in own.items() if name != "settings"]
    signature = inspect.Signature([*parameters, *added])
    with_settings.__signature__ = signature  # type: ignore[attr-defined] # typer reads it, mypy does not know it
    with_settings.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
    return with_settings


def _keyword(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def auth_of(settings: Settings, before: Any, default: AuthType | None) -> dict[str, Any] | None:
    """The document's `auth`: the settings, over those of a file (`before`). None where nothing says which type.

    Raises `Misused` where a setting does not go with the type.
    """
    base = dict(before) if isinstance(before, Mapping) else {}
    auth_type = settings.type or base.get("type") or default
    if auth_type is None and not settings.given:
        return None
    if auth_type not in tuple(AuthType):
        raise Misused("--auth is missing: the type that these settings are of")
    if base.get("type") != auth_type:
        base = {}
    return {**base, "type": str(auth_type), **dict(_fields(settings.given, AuthType(auth_type)))}


def _fields(given: Mapping[str, Any], auth_type: AuthType) -> list[tuple[str, Any]]:
    fields = []
    for option in OPTIONS:
        if option.name not in given:
            continue
        if auth_type not in option.fields:
            raise Misused(f"{option.flag} does not go with auth of type {auth_type}")
        field, value = option.fields[auth_type], option.read(given[option.name])
        fields.append(_only_algorithm(value) if field == "algorithms" and auth_type == AuthType.JWT else (field, value))
    return fields


def _only_algorithm(algorithms: Sequence[str]) -> tuple[str, str]:
    if len(algorithms) != 1:
        raise Misused("--algorithm is given more than once; auth of type jwt has one algorithm")
    return "algorithm", algorithms[0]
