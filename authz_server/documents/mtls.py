"""The auth type whose credential is a client certificate: `mtls`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

from authz_server.authentication.certificate_chain import check_ca_bundle
from authz_server.authentication.certificate_rules import (
    check_common_name,
    check_fingerprint,
    check_issuer_dn,
    check_organizational_unit,
    check_san_dns,
    check_san_uri,
)
from authz_server.core.auth import MtlsAuth
from authz_server.documents import values
from authz_server.documents.errors import Code, Path
from authz_server.documents.fields import Fields
from authz_server.documents.tree import Value

_KINDS: Final[Mapping[str, values.Check]] = {
    "fingerprints_sha256": check_fingerprint,
    "san_uris": check_san_uri,
    "san_dns": check_san_dns,
    "subject_cn": check_common_name,
    "subject_ou": check_organizational_unit,
    "issuer_dn": check_issuer_dn,
}
# What a certificate says of itself: true only where somebody verifies who issued it.
_SAID_BY_THE_CERTIFICATE: Final = tuple(name for name in _KINDS if name != "fingerprints_sha256")
FIELDS: Final = frozenset(("type", *_KINDS, "ca_bundle", "any_verified"))

_check_ca_bundle: Final = functools.lru_cache(maxsize=16)(check_ca_bundle)  # many profiles share one


def read_mtls(fields: Fields) -> MtlsAuth:
    """An `mtls` profile's auth; of use only where no error was reported."""
    fields.know(FIELDS, "auth of type mtls")
    kinds = {
        name: tuple(dict.fromkeys(fields.each(name, values.checked(check))))
        for name, check in _KINDS.items()
        if name in fields
    }
    bundle = _ca_bundle(fields)
    any_verified = fields.optional("any_verified", values.boolean, False)  # noqa: FBT003 - a default
    given = [name for name in (*_KINDS, "ca_bundle") if name in fields and fields.value(name) != []]
    if any_verified and given:
        fields.error(
            "any_verified", Code.CONFLICT, f"is true beside {given[0]}; a constraint or any_verified, not both"
        )
    elif not any_verified and not given:
        fields.report.error(
            fields.path,
            Code.MISSING,
            f"constrains no certificate; give one of {', '.join((*_KINDS, 'ca_bundle'))}, or any_verified: true",
        )
    _warn(fields, given)
    return MtlsAuth(**kinds, ca_bundle=bundle, any_verified=any_verified)


def _ca_bundle(fields: Fields) -> str | None:
    """One PEM text; a list of them becomes one."""
    if "ca_bundle" not in fields:
        return None
    value, path = fields.value("ca_bundle"), (*fields.path, "ca_bundle")
    if type(value) is not list:
        return fields.optional("ca_bundle", _bundle, None)
    # Each is checked by itself, so that an error says which.
    return "\n".join(pem.rstrip("\n") for pem in fields.entries(path, value, _bundle)) + "\n" if value else None


def _bundle(value: Value) -> str:
    pem = values.pem(value)
    _check_ca_bundle(pem)
    return pem


def _warn(fields: Fields, given: list[str]) -> None:
    unverified = [name for name in _SAID_BY_THE_CERTIFICATE if name in given]
    if unverified and "ca_bundle" not in given and "fingerprints_sha256" not in given:
        path: Path = (*fields.path, unverified[0])
        fields.report.warn(
            path,
            Code.UNVERIFIED,
            "is worth something only where Envoy itself verifies the certificate's issuer (trusted_ca, "
            "VERIFY_TRUST_CHAIN), which cannot be seen from here; give ca_bundle to have it verified here",
        )
