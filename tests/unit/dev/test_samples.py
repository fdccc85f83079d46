"""The sample profiles and their credentials: valid, kept from start to start, and never in a `repr`."""

import datetime as dt
import json
import stat
from pathlib import Path

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from authz_server.core.auth import JwtAuth, MtlsAuth, NoAuth, OidcAuth, TokenAuth
from authz_server.core.token import digest
from authz_server.dev.errors import StackError
from authz_server.dev.samples import Samples, load_or_make
from authz_server.dev.state import State
from authz_server.documents.document import Document, read_document

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(name="state")
def a_state_folder(tmp_path: Path) -> State:
    return State(tmp_path)


@pytest.fixture(name="samples")
def new_samples(state: State) -> Samples:
    return load_or_make(state, NOW)


def document(state: State) -> Document:
    return read_document(state.profiles.read_bytes(), resolve_env=lambda _name: None)


def test_the_sample_document_is_valid_and_has_every_auth_type(samples: Samples, state: State) -> None:
    read = document(state)
    assert read.warnings == ()
    assert {type(profile.auth) for profile in read.profiles} == {TokenAuth, JwtAuth, OidcAuth, MtlsAuth, NoAuth}


def test_the_document_holds_the_digest_of_the_token_and_not_the_token(samples: Samples, state: State) -> None:
    text = state.profiles.read_text()
    assert samples.secrets.token not in text
    assert digest(samples.secrets.token).hex() in text


def test_samples_of_an_earlier_start_are_used_again_with_edits(samples: Samples, state: State) -> None:
    state.profiles.write_text("edited")
    assert load_or_make(state, NOW) == samples
    assert state.profiles.read_text() == "edited"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("secrets.json", "not JSON"),
        ("secrets.json", '{"token": "azt_", "of_another_version": 1}'),
        ("secrets.json", "[]"),
        ("secrets.json", None),
        ("profiles.yaml", None),
        ("client.key", None),
    ],
)
def test_samples_that_are_damaged_are_not_overwritten(
    name: str, content: str | None, samples: Samples, state: State
) -> None:
    """Somebody's edits may be in that folder."""
    damaged = state.root / name
    damaged.unlink()
    if content is not None:
        damaged.write_text(content)
    before = {path.name: path.read_bytes() for path in state.root.iterdir()}
    with pytest.raises(StackError, match=f"{name} is .*remove the folder"):
        load_or_make(state, NOW)
    assert {path.name: path.read_bytes() for path in state.root.iterdir()} == before


def test_an_issuer_key_of_another_kind_is_damage(samples: Samples, state: State) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secrets = json.loads(state.secrets.read_text())
    state.secrets.write_text(json.dumps(secrets | {"issuer_key": pem.decode()}))
    with pytest.raises(StackError, match=r"secrets\.json is damaged"):
        load_or_make(state, NOW)


@pytest.mark.parametrize("name", ["profiles.yaml", "secrets.json", "client.key", "server.key"])
def test_what_holds_a_secret_is_readable_by_its_owner_only(name: str, samples: Samples, state: State) -> None:
    assert stat.S_IMODE((state.root / name).stat().st_mode) == 0o600


def test_no_secret_is_in_a_repr(samples: Samples) -> None:
    shown = repr(samples)
    for secret in (samples.secrets.token, samples.secrets.hmac_secret, samples.secrets.secret_key, "PRIVATE"):
        assert secret not in shown


def test_tokens_are_of_the_kind_that_each_profile_wants(samples: Samples) -> None:
    at = NOW.timestamp()
    assert jwt.get_unverified_header(samples.access_token(at, "orders.read"))["typ"] == "at+jwt"
    assert jwt.get_unverified_header(samples.id_token(at))["typ"] == "JWT"
    claims = jwt.decode(samples.partner_jwt(at), options={"verify_signature": False})
    assert claims["exp"] > claims["iat"] == int(at)


def test_certificates_are_of_one_authority_with_the_names_that_are_called(samples: Samples) -> None:
    read = {
        name: x509.load_pem_x509_certificate(samples.certificates.certificate(name).read_bytes())
        for name in ("server", "client")
    }
    authority = x509.load_pem_x509_certificate(samples.certificates.authority.read_bytes())
    for certificate in read.values():
        certificate.verify_directly_issued_by(authority)
    names = read["server"].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
