"""Faults: what goes wrong on our side of a check. A refusal that is expected is a value, never one of these."""

from typing import ClassVar

from authz_server.core.denial_reasons import DenialReason


class Fault(Exception):
    """Something of ours failed for one request or one profile; its caller is refused with 503 and `reason`."""

    reason: ClassVar[DenialReason] = DenialReason.INTERNAL_ERROR


class ProfileUnusable(Fault):
    """A profile's record cannot be trusted, read or enforced."""

    reason = DenialReason.PROFILE_UNUSABLE


class KeysUnavailable(Fault):
    """No key to verify a token with can be had."""

    reason = DenialReason.KEYS_UNAVAILABLE


class LookupFailed(Fault):
    """One look-up failed although the cache answers others."""

    reason = DenialReason.LOOKUP_FAILED


class CannotTell(Exception):
    """Nothing usable is loaded and the cache is gone: no answer, for any caller. Nothing that a caller can provoke."""
