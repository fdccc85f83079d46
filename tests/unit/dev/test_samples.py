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

from authz_server.dev.errors import StackError
from authz_server.dev.samples import ADMIN, CLIENT_ID, Samples
from authz_server.dev.state import State
from authz_server.managing.commands import DeleteProfile, RotateCredential
from authz_server.managing.errors import NotFound
from authz_server.managing.ports import ProfileFilter
from authz_server.managing.records import COMMAND_LINE, Role
from tests.support.sample_records import samples_of, service_of

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(name="state")
def a_state_folder(tmp_path: Path) -> State:
    return State(tmp_path)


@pytest.fixture(name="samples")
def new_samples(state: State) -> Samples:
    return samples_of(state, NOW)


def test_the_sample_records_have_every_auth_type(samples: Samples, state: State) -> None:
    with service_of(state)(samples.secrets.secret_key) as service:
        page = service.reading.profiles(ProfileFilter(client_id=CLIENT_ID), limit=200)
    assert {shape["auth"]["type"] for shape in page.items} == {"token", "jwt", "oidc", "mtls", "none"}


def test_the_credentials_of_samples_can_be_rotated(samples: Samples, state: State) -> None:
    """They were made by the product, which holds digests and sealed secrets of them."""
    with service_of(state)(samples.secrets.secret_key) as service:
        for profile_id in ("pr_sandbox", "pr_partner"):
            rotated = service.credentials.rotate(RotateCredential(actor=COMMAND_LINE, profile_id=profile_id))
            assert rotated.credential is not None
    text = state.database.read_bytes()
    for secret in (
        samples.secrets.token,
        samples.secrets.hmac_secret,
        samples.secrets.api_key,
        samples.secrets.admin_password,
    ):
        assert secret.encode() not in text


def test_the_api_key_of_the_samples_is_an_admins(samples: Samples, state: State) -> None:
    with service_of(state)(samples.secrets.secret_key) as service:
        assert service.api_keys.authenticate(samples.secrets.api_key).role is Role.ADMIN


def test_an_admin_can_sign_in_with_a_password_of_this_folders_own(
    samples: Samples, state: State, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with service_of(state)(samples.secrets.secret_key) as service:
        signed_in = service.sessions.sign_in(ADMIN, samples.secrets.admin_password)
    assert signed_in.account.role is Role.ADMIN
    assert len(samples.secrets.admin_password) == 19
    other = samples_of(State(tmp_path_factory.mktemp("other")), NOW)
    assert other.secrets.admin_password != samples.secrets.admin_password


def test_samples_of_an_earlier_start_are_used_again_with_edits(samples: Samples, state: State) -> None:
    with service_of(state)(samples.secrets.secret_key) as service:
        service.profiles.delete(DeleteProfile(actor=COMMAND_LINE, profile_id="pr_orders"))
    assert samples_of(state, NOW) == samples
    with service_of(state)(samples.secrets.secret_key) as service, pytest.raises(NotFound):
        service.reading.profile("pr_orders")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("secrets.json", "not JSON"),
        ("secrets.json", '{"token": "azt_", "of_another_version": 1}'),
        ("secrets.json", "[]"),
        ("secrets.json", None),
        ("authz.db", None),
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
        samples_of(state, NOW)
    assert {path.name: path.read_bytes() for path in state.root.iterdir()} == before


def test_an_issuer_key_of_another_kind_is_damage(samples: Samples, state: State) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secrets = json.loads(state.secrets.read_text())
    state.secrets.write_text(json.dumps(secrets | {"issuer_key": pem.decode()}))
    with pytest.raises(StackError, match=r"secrets\.json is damaged"):
        samples_of(state, NOW)


@pytest.mark.parametrize("name", ["authz.db", "secrets.json", "client.key", "server.key"])
def test_what_holds_a_secret_is_readable_by_its_owner_only(name: str, samples: Samples, state: State) -> None:
    assert stat.S_IMODE((state.root / name).stat().st_mode) == 0o600


def test_no_secret_is_in_a_repr(samples: Samples) -> None:
    shown = repr(samples)
    kept = samples.secrets
    for secret in (kept.token, kept.hmac_secret, kept.secret_key, kept.api_key, kept.admin_password, "PRIVATE"):
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
