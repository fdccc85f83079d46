"""Secrets that a document does not hold itself: in the environment, or sealed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from authz_server.core.secret import Secret
from authz_server.documents.errors import Code, Invalid

ResolveEnv = Callable[[str], str | None]
"""The value of an environment variable, or None."""

OpenSealed = Callable[[str, str], tuple[str, Secret]]
"""From a profile's id and a sealed text to the credential's id and its secret. Raises ValueError with a sentence."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """How the secrets of one profile are come by."""

    profile_id: str
    resolve_env: ResolveEnv | None
    open_sealed: OpenSealed | None

    def from_environment(self, name: str) -> Secret:
        """The secret in a variable. Raises `Invalid`, which shows neither: a secret may stand there by mistake."""
        if self.resolve_env is None:
            raise Invalid(Code.UNAVAILABLE, "names an environment variable, and the environment is not read here")
        text = self.resolve_env(name)
        if not text:
            raise Invalid(Code.UNAVAILABLE, "names an environment variable that is not set, or empty")
        return Secret(text)

    def unsealed(self, text: str) -> tuple[str, Secret]:
        """The credential's id and secret. Raises ValueError."""
        if self.open_sealed is None:
            raise Invalid(Code.UNAVAILABLE, "is sealed, and there is no key to open it: set AUTHZ_SECRET_KEYS")
        return self.open_sealed(self.profile_id, text)
