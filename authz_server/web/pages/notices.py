"""Notices: what the next page says was done. A closed list, since it travels in a cookie."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

COOKIE: Final = "authz_notice"
SECONDS: Final = 60
_PENDING: Final = "+pending"


class Notice(StrEnum):
    """What was done."""

    CLIENT_CREATED = "client_created"
    CLIENT_SAVED = "client_saved"
    CLIENT_DELETED = "client_deleted"
    CLIENT_ENABLED = "client_enabled"
    CLIENT_DISABLED = "client_disabled"
    PROFILE_CREATED = "profile_created"
    PROFILE_SAVED = "profile_saved"
    PROFILE_DELETED = "profile_deleted"
    PROFILE_ENABLED = "profile_enabled"
    PROFILE_DISABLED = "profile_disabled"
    AUTH_CHANGED = "auth_changed"
    AUTH_REMOVED = "auth_removed"
    CREDENTIAL_EXPIRED = "credential_expired"
    GRACE_ENDED = "grace_ended"
    ACCOUNT_CREATED = "account_created"
    ACCOUNT_SAVED = "account_saved"
    ACCOUNT_DELETED = "account_deleted"
    SESSIONS_ENDED = "sessions_ended"
    PASSWORD_SET = "password_set"  # noqa: S105 - a code
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a code
    API_KEY_REVOKED = "api_key_revoked"
    SIGNED_OUT = "signed_out"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    ALREADY_DONE = "already_done"


SENTENCES: Final = {
    Notice.CLIENT_CREATED: "Client created.",
    Notice.CLIENT_SAVED: "Client saved.",
    Notice.CLIENT_DELETED: "Client and its profiles deleted.",
    Notice.CLIENT_ENABLED: "Client switched on.",
    Notice.CLIENT_DISABLED: "Client switched off. Every request of its profiles is refused with 403.",
    Notice.PROFILE_CREATED: "Profile created.",
    Notice.PROFILE_SAVED: "Profile saved.",
    Notice.PROFILE_DELETED: "Profile deleted.",
    Notice.PROFILE_ENABLED: "Profile switched on.",
    Notice.PROFILE_DISABLED: "Profile switched off. Every request with it is refused with 403.",
    Notice.AUTH_CHANGED: "Auth type changed.",
    Notice.AUTH_REMOVED: "Auth removed. The profile asks for no credential any more.",
    Notice.CREDENTIAL_EXPIRED: "The credential has expired as of now.",
    Notice.GRACE_ENDED: "The old credential has stopped working; the new one works on.",
    Notice.ACCOUNT_CREATED: "Account created.",
    Notice.ACCOUNT_SAVED: "Account saved.",
    Notice.ACCOUNT_DELETED: "Account deleted.",
    Notice.SESSIONS_ENDED: "Every session of this account has ended.",
    Notice.PASSWORD_SET: "Password set. Every session of this account has ended.",
    Notice.PASSWORD_CHANGED: "Password changed. Every other session of this account has ended.",
    Notice.API_KEY_REVOKED: "API key revoked.",
    Notice.SIGNED_OUT: "Signed out.",
    Notice.SIGNED_OUT_EVERYWHERE: "Signed out everywhere: every session of your account has ended.",
    Notice.ALREADY_DONE: "This was already done. Nothing was done again.",
}
PENDING_SENTENCE: Final = (
    "Redis did not take it within a second. It is recorded and will be published as soon as Redis does;"
    " until then, servers decide by what they knew before."
)


class Told(NamedTuple):
    """A notice, and whether Redis still has to learn what was done."""

    notice: Notice
    is_pending: bool = False

    @property
    def sentence(self) -> str:
        """What was done, in words."""
        return SENTENCES[self.notice]

    def write(self) -> str:
        """As the cookie has it."""
        return f"{self.notice.value}{_PENDING if self.is_pending else ''}"


def read(text: str) -> Told | None:
    """What a cookie says; None where it says nothing that we would."""
    code = text.removesuffix(_PENDING)
    return Told(Notice(code), code != text) if code in set(Notice) else None
