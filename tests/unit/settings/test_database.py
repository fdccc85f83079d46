"""AUTHZ_DATABASE_URL."""

import pytest

from authz_server.core.secret import Secret
from authz_server.settings import SettingsError, load
from authz_server.settings.database import database_url, masked_database_url


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:///authz.db",
        "sqlite:////var/lib/authz/authz.db",
        "postgresql+psycopg://authz:s3cret@db.example:5432/authz",
        "postgresql://authz@/authz?host=/run/postgresql",
        "postgresql+psycopg://authz:s3cret@a.example,b.example:5433/authz?sslmode=verify-full",
        "postgresql+psycopg://[::1]:5432/authz",
    ],
)
def test_files_and_postgresql_are_accepted(text: str) -> None:
    assert database_url(text).reveal() == text


@pytest.mark.parametrize(
    "text",
    [
        "authz.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///authz.db?mode=ro",
        "sqlite:///a\0b",
        "mysql://authz:s3cret@db.example/authz",
        "postgresql+asyncpg://authz:s3cret@db.example/authz",
        "postgresql+psycopg://authz:s3cret@db.example",
        "postgresql+psycopg://authz:s3cret@db.example/",
        "postgresql+psycopg://authz:s3cret@db.example:port/authz",
        "postgresql+psycopg://authz:s3cret@db.example:0/authz",
        "postgresql+psycopg://authz:s3cret@[::1/authz",
        "postgresql+psycopg://authz:s3cret#@db.example/authz",
    ],
)
def test_whatever_else_is_refused_and_never_quoted(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({"AUTHZ_DATABASE_URL": text})
    (problem,) = refused.value.problems
    assert problem.startswith("AUTHZ_DATABASE_URL: accepted: sqlite:///path or postgresql+psycopg://")
    assert "s3cret" not in problem


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sqlite:///authz.db", "sqlite:///authz.db"),
        ("sqlite:////var/authz.db", "sqlite:////var/authz.db"),
        ("postgresql://authz:s3:cr@t@db.example/a", "postgresql://authz:********@db.example/a"),
        ("postgresql://authz@db.example/a", "postgresql://authz@db.example/a"),
        (
            "postgresql://db.example/a?user=x&password=s3cret&SSLPASSWORD=s3cret&sslmode=require",
            "postgresql://db.example/a?user=x&password=********&SSLPASSWORD=********&sslmode=require",
        ),
    ],
)
def test_the_password_is_masked_wherever_it_stands(text: str, shown: str) -> None:
    assert masked_database_url(Secret(text)) == shown
