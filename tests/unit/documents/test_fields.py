"""What goes to the report when a check refuses a value."""

from authz_server.documents.errors import Code
from authz_server.documents.fields import Report


def test_a_codec_s_words_are_not_repeated_for_they_hold_the_value() -> None:
    report = Report()
    problem = UnicodeEncodeError("ascii", "a secret", 0, 1, "not in range")
    report.refused(("issuer",), "a secret", problem)
    (error,) = report.errors
    assert (error.code, error.detail) == (Code.INVALID, "has characters that are not accepted")


def test_a_value_of_a_secret_field_is_not_repeated() -> None:
    report = Report()
    for path in (("auth", "secret"), ("auth", "previous", "until")):
        report.refused(path, "short", ValueError("is wrong"))
    assert [error.detail for error in report.errors] == ["is wrong", "is wrong"]
