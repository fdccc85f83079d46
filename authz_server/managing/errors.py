"""Why an edit was refused, and what can fail beneath it.

A refusal ends the unit of work, so it is an exception here: nothing half done stays. Its sentence is for people and
holds no secret. `FAULTS` are not the caller's doing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from authz_server.documents.errors import Code as FieldCode
from authz_server.documents.errors import Problem


class Code(StrEnum):
    """The kinds of refusals, for machines."""

    NOT_FOUND = "not_found"
    NAME_TAKEN = "name_taken"
    ID_TAKEN = "id_taken"
    VERSION_MISMATCH = "version_mismatch"
    NO_CREDENTIAL = "no_credential"
    REVEAL_OFF = "reveal_off"
    TOO_MANY_PROFILES = "too_many_profiles"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    VALIDATION_FAILED = "validation_failed"
    UNAUTHENTICATED = "unauthenticated"
    LAST_ADMIN = "last_admin"


class Refused(Exception):
    """An edit that is not done, and why. `code` names the kind; the class's sentence will do where none is given."""

    code: ClassVar[Code]
    sentence: ClassVar[str]

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or self.sentence)


class NotFound(Refused):
    """There is no such client, profile, API key or account."""

    code = Code.NOT_FOUND
    sentence = "there is no such client, profile, API key or account"


class NameTaken(Refused):
    """Another client or account has this name, or another profile of the same client."""

    code = Code.NAME_TAKEN
    sentence = "this name is taken: names are unique among clients, among accounts, and among the profiles of a client"


class IdTaken(Refused):
    """A client or a profile with this id is there already."""

    code = Code.ID_TAKEN
    sentence = "this id is taken"


class VersionMismatch(Refused):
    """Somebody else has changed it since the caller looked."""

    code = Code.VERSION_MISMATCH
    sentence = "it was changed since it was read; read it again"


class NoCredential(Refused):
    """The profile has no credential that the product made."""

    code = Code.NO_CREDENTIAL
    sentence = "the profile has no credential that was made here; PUT its auth to have one made"


class RevealOff(Refused):
    """The credential is not kept in a form that can be shown again."""

    code = Code.REVEAL_OFF
    sentence = "credentials are shown once, when they are made; AUTHZ_REVEAL=on keeps those made from then on"


class TooManyProfiles(Refused):
    """A client holds as many profiles as it may."""

    code = Code.TOO_MANY_PROFILES
    sentence = "a client holds at most 1,000 profiles"


class IdempotencyKeyReused(Refused):
    """The key came with another request before."""

    code = Code.IDEMPOTENCY_KEY_REUSED
    sentence = "this Idempotency-Key came with another request before"


class ValidationFailed(Refused):
    """Values that are refused; `problems` are all of them, at their paths from the request's root."""

    code = Code.VALIDATION_FAILED
    sentence = "values are refused"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{'.'.join(map(str, each.path))} {each.detail}".strip() for each in problems))


class WrongPassword(ValidationFailed):
    """Whoever wants to change a password does not know it. To be counted as a failed sign-in is."""

    def __init__(self) -> None:
        super().__init__((Problem(("current_password",), FieldCode.INVALID, "is not the account's password"),))


class LastAdmin(Refused):
    """Nobody would be left who can let others in."""

    code = Code.LAST_ADMIN
    sentence = "this is the last active account with the role admin; give another one that role first"


class Unauthenticated(Refused):
    """No API key, password or session of ours, or one that does not work any more: one answer for all of a kind."""

    code = Code.UNAUTHENTICATED
    sentence = "this needs an API key that is neither revoked nor expired"


class DatabaseUnavailable(Exception):
    """The database is gone, locked, full or refuses to write; nothing is known to be done. The sentence says which."""


class PublisherUnavailable(Exception):
    """Redis is gone, still loading, or refuses to write; what was sent may or may not be there."""


class PublishConflict(Exception):
    """Redis shows another epoch, or another writer, than the change was meant for; nothing was written."""
