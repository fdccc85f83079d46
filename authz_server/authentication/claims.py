"""What a signed token's claims (RFC 7519 section 4) must say.

JSON values are equal where their JSON types and their values are: a boolean only equals that boolean, a string that
string, and numbers go by their value, however written (1 and 1.0 are one number to JSON; 1, true and "1" are three
values).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from authz_server.authentication.jose import JsonObject
from authz_server.core import limits
from authz_server.core.auth import ClaimValue, RequiredClaim
from authz_server.core.denial_reasons import DenialReason

_SEGMENT: Final = re.compile(r"(?:[^.\\]|\\[.\\])+")
_ESCAPED: Final = re.compile(r"\\([.\\])")
_SPECIAL: Final = re.compile(r"([.\\])")

TypeCheck = Callable[[JsonObject, JsonObject], bool]
"""Whether a header and a payload are those of the wanted kind of token."""


def parse_path(text: str) -> tuple[str, ...]:
    r"""The members that lead to a claim: `a.b\.c` is `a`, then `b.c`; a backslash is written `\\`.

    Raises ValueError with a sentence that goes on from the field's name.
    """
    segments: list[str] = []
    position = 0
    while match := _SEGMENT.match(text, position):
        segments.append(_ESCAPED.sub(r"\1", match[0]))
        position = match.end() + 1
        if position > len(text):
            return tuple(segments)
        if text[position - 1] != ".":
            break
    raise ValueError(r"is not a path of claims: names joined by dots, none empty, a dot in a name written \.")


def write_path(path: Sequence[str]) -> str:
    """The text that `parse_path` reads as `path`."""
    return ".".join(_SPECIAL.sub(r"\\\1", name) for name in path)


class CompiledClaim:
    """One required claim, its allowed values ready to be looked up."""

    __slots__ = ("_allowed", "_path")

    def __init__(self, required: RequiredClaim) -> None:
        self._path = required.path
        self._allowed = frozenset(map(_typed, required.allowed))

    def holds(self, claims: JsonObject) -> bool:
        """Whether the claim is there with an allowed value; a list, where one of its own values is allowed."""
        value: Any = claims
        for name in self._path:
            if not isinstance(value, dict) or name not in value:
                return False
            value = value[name]
        return any(map(self._admits, value)) if isinstance(value, list) else self._admits(value)

    def _admits(self, value: Any) -> bool:
        return not isinstance(value, dict | list) and _typed(value) in self._allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRules:
    """What one profile wants of the claims. Times are seconds since the Unix epoch.

    An empty `audience` leaves `aud` unread: the key alone says whom the token is for. With `sole_audience` every
    audience of the token must be one of the profile's. `scopes` are all required.
    """

    issuer: str | None
    audience: frozenset[str]
    subject: str | None = None
    leeway: int
    max_lifetime: int | None = None
    is_wanted_type: TypeCheck | None = None
    sole_audience: bool = False
    required: tuple[CompiledClaim, ...] = ()
    scopes: frozenset[str] = frozenset()

    def refusal(
        self, claims: JsonObject, header: JsonObject, now: float, signer_expires_at: float
    ) -> DenialReason | None:
        """The first rule that the claims break. `signer_expires_at` is when the key that signed them expires."""
        expires_at: Any = claims.get("exp")
        if not _is_date(expires_at):
            return DenialReason.JWT_CLAIM_INVALID
        if now >= expires_at + self.leeway or now >= signer_expires_at:
            return DenialReason.JWT_EXPIRED
        for name in ("nbf", "iat"):
            if name in claims:
                starts_at = claims[name]
                if not _is_date(starts_at):
                    return DenialReason.JWT_CLAIM_INVALID
                if starts_at > now + self.leeway:
                    return DenialReason.JWT_NOT_YET_VALID
        if not self._are_right(claims, header):
            return DenialReason.JWT_CLAIM_INVALID
        return None if self.scopes <= _scopes_of(claims) else DenialReason.INSUFFICIENT_SCOPE

    def _are_right(self, claims: JsonObject, header: JsonObject) -> bool:
        # `cnf` (RFC 7800) binds the token to a key whose possession cannot be checked here.
        return (
            "cnf" not in claims
            and (self.issuer is None or claims.get("iss") == self.issuer)
            and (not self.audience or self._is_for_us(claims.get("aud")))
            and (self.subject is None or claims.get("sub") == self.subject)
            and (self.is_wanted_type is None or self.is_wanted_type(header, claims))
            and (self.max_lifetime is None or ("iat" in claims and claims["exp"] - claims["iat"] <= self.max_lifetime))
            and all(claim.holds(claims) for claim in self.required)
        )

    def _is_for_us(self, audience: Any) -> bool:
        audiences = [audience] if isinstance(audience, str) else audience
        if not isinstance(audiences, list) or not all(isinstance(name, str) for name in audiences):
            return False
        ours = self.audience.intersection(audiences)
        return bool(ours) and (not self.sole_audience or self.audience.issuperset(audiences))


def compiled(required: Sequence[RequiredClaim]) -> tuple[CompiledClaim, ...]:
    """`required`, in its order, ready for `ClaimRules`."""
    return tuple(map(CompiledClaim, required))


def _is_date(value: Any) -> bool:
    """RFC 7519 NumericDate: a JSON number, finite, and no larger than all JSON readers agree on."""
    return type(value) in (int, float) and -limits.LARGEST_DATE <= value <= limits.LARGEST_DATE


def _typed(value: ClaimValue) -> tuple[bool, ClaimValue]:
    # Python counts True as 1; JSON does not.
    return isinstance(value, bool), value


def _scopes_of(claims: JsonObject) -> frozenset[str]:
    """RFC 8693 section 4.2: `scope`, separated by spaces. Okta and Entra write `scp`, a list or such a string."""
    scopes = claims["scope"] if "scope" in claims else claims.get("scp")
    if isinstance(scopes, str):
        return frozenset(scopes.split(" "))
    if isinstance(scopes, list) and "scope" not in claims:
        return frozenset(scope for scope in scopes if isinstance(scope, str))
    return frozenset()
