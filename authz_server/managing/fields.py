"""A command's plain fields, checked by the validators of documents: all errors at once, each with its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from authz_server.documents import values
from authz_server.documents.errors import Code
from authz_server.documents.fields import Fields, Report
from authz_server.documents.profiles import ProfileReader
from authz_server.managing.errors import ValidationFailed

EXPIRES_IN_HOURS: Final = values.integer(1, 87_600)
GRACE_SECONDS: Final = values.integer(0, 86_400)
_OF_DOCUMENTS: Final = ("previous", "secret_env", "secret_sealed")  # what no single request may set


def reader() -> ProfileReader:
    """What reads a client or a profile; neither the environment nor sealed secrets are looked at."""
    return ProfileReader(None, None)


@contextmanager
def checked(given: Mapping[str, Any]) -> Iterator[Fields]:
    """The fields to be read in the block; raises `ValidationFailed` at its end where anything was wrong with them."""
    fields = Fields(dict(given), (), Report())
    yield fields
    if fields.report.errors:
        raise ValidationFailed(tuple(fields.report.errors))


def without(fields: Fields, *names: str) -> Fields:
    """The same fields without these, which somebody else reads."""
    return Fields({name: value for name, value in fields.items() if name not in names}, fields.path, fields.report)


def without_what_only_documents_have(auth: Fields) -> Fields:
    """A predecessor, a sealed secret or a name of the environment's comes with a document, as a whole: refused here."""
    for name in _OF_DOCUMENTS:
        if name in auth:
            auth.error(name, Code.UNAVAILABLE, "is taken in a document that is applied, not in a single request")
    return without(auth, *_OF_DOCUMENTS)


def refuse_profiles(client: Fields) -> None:
    """A client is created by itself."""
    if "profiles" in client:
        client.error("profiles", Code.UNAVAILABLE, "is taken in a document that is applied, not in a single request")
