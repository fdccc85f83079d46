"""One record: `authz1 <epoch> <sequence> <signature or -> <content>`, content being JSON, `null` for a deletion.

The first word is the schema's version. Readable by people and by the script that compares versions; trusted by nobody
before its signature is verified.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from authz_server.core.errors import ProfileUnusable
from authz_server.core.profile import Profile, Version
from authz_server.sealing import content
from authz_server.sealing.keys import RecordKeys
from authz_server.sealing.records import SIGNATURE_BYTES, RecordSigner
from authz_server.sealing.seal import Seal

SCHEMA: Final = b"authz1"
DELETED: Final = b"null"
_UNSIGNED: Final = b"-"
_PARTS: Final = 5
_SEQUENCE_DIGITS: Final = 16  # 2**53 has as many, and the script compares as floating point


@dataclass(frozen=True, slots=True)
class Record:
    """A record whose signature was verified. `current` tells that the key that signs now has made it."""

    profile_id: str
    version: Version
    content: bytes
    current: bool

    @property
    def deleted(self) -> bool:
        """It says that the profile is gone."""
        return self.content == DELETED


class RecordCodec:
    """Writes and reads the records under one prefix. Without keys: unsigned, and then no signed one is taken either."""

    __slots__ = ("_seal", "_signer")

    def __init__(self, prefix: str, keys: RecordKeys | None) -> None:
        self._signer = RecordSigner(keys, prefix) if keys else None
        self._seal = Seal.of_records(keys) if keys else None

    @property
    def signs(self) -> bool:
        """Whether there are keys."""
        return self._signer is not None

    def content(self, profile: Profile) -> bytes:
        """What the record says of a profile, the version left out. Raises `content.SealMissing`."""
        return content.write(profile, self._seal)

    def write(self, profile_id: str, version: Version, content: bytes = DELETED) -> bytes:
        """The record of a profile with this content, or of its deletion."""
        signature = _UNSIGNED
        if self._signer:
            signature = _encode(self._signer.sign(profile_id, version.epoch, version.sequence, content))
        head = f"{version.epoch} {version.sequence}".encode("ascii")
        return b" ".join((SCHEMA, head, signature, content))

    def open(self, profile_id: str, epoch: str, record: bytes) -> Record:
        """Verify a record that was found under this id in this epoch. Raises `ProfileUnusable`."""
        parts = record.split(b" ", 4)
        if parts[0] != SCHEMA:
            raise _unusable(profile_id, "is of another schema, or no record at all")
        if len(parts) != _PARTS or not parts[2].isdigit() or len(parts[2]) > _SEQUENCE_DIGITS:
            raise _unusable(profile_id, "is cut off or garbled")
        _, written_epoch, digits, signature, content = parts
        if written_epoch != epoch.encode():
            raise _unusable(profile_id, "belongs to another epoch")
        version = Version(epoch, int(digits))
        return Record(profile_id, version, content, self._verified(profile_id, version, signature, content))

    def profile(self, record: Record) -> Profile | None:
        """What an opened record says: a profile, or None of a deleted one. Raises `ProfileUnusable`."""
        if record.deleted:
            return None
        try:
            profile = content.read(record.content, record.version, self._seal)
        except ValueError as error:
            raise _unusable(record.profile_id, str(error)) from None
        if profile.id != record.profile_id:
            raise _unusable(record.profile_id, "is of another profile")
        return profile

    def _verified(self, profile_id: str, version: Version, signature: bytes, content: bytes) -> bool:
        if self._signer is None:
            if signature != _UNSIGNED:
                raise _unusable(profile_id, "is signed, and there is no key to verify it with")
            return True
        if signature == _UNSIGNED:
            raise _unusable(profile_id, "is not signed")
        key = self._signer.key_of(_decode(signature), profile_id, version.epoch, version.sequence, content)
        if key is None:
            raise _unusable(profile_id, "has a signature that does not match")
        return key == 0


def _unusable(profile_id: str, problem: str) -> ProfileUnusable:
    return ProfileUnusable(f"the record of profile {profile_id} {problem}")


def _encode(signature: bytes) -> bytes:
    return base64.urlsafe_b64encode(signature).rstrip(b"=")


def _decode(signature: bytes) -> bytes:
    """The signature's bytes; none, which match nothing, where it is not the one way to write 32 bytes."""
    try:
        decoded = base64.b64decode(signature + b"=", altchars=b"-_", validate=True)
    except binascii.Error:
        return b""
    return decoded if len(decoded) == SIGNATURE_BYTES and _encode(decoded) == signature else b""
