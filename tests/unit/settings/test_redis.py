"""From settings to what reaching Redis takes."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from authz_server.settings import SettingsError, load
from authz_server.settings.redis import redis_address
from tests.support.certificates import CertificateAuthority, IssuedCertificate


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority("redis-ca", tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def mine(ca: CertificateAuthority) -> IssuedCertificate:
    return ca.issue("check")


def refused(**files: Path) -> str:
    """What is said of a Redis reached with these files."""
    environ = {f"AUTHZ_REDIS_TLS_{name}": str(path) for name, path in files.items()}
    settings = load({"AUTHZ_REDIS_URL": "rediss://127.0.0.1", **environ})
    with pytest.raises(SettingsError) as error:
        redis_address(settings)
    (problem,) = error.value.problems
    return problem


def test_tls_files_that_can_be_used_are_handed_on(ca: CertificateAuthority, mine: IssuedCertificate) -> None:
    environ = {
        "AUTHZ_REDIS_URL": "rediss://127.0.0.1",
        "AUTHZ_REDIS_TLS_CA": str(ca.certificate_path),
        "AUTHZ_REDIS_TLS_CERT": str(mine.certificate_path),
        "AUTHZ_REDIS_TLS_KEY": str(mine.key_path),
    }
    address = redis_address(load(environ))
    assert (address.tls_ca, address.tls_cert) == (str(ca.certificate_path), str(mine.certificate_path))
    assert address.tls_key == str(mine.key_path)


def test_a_ca_that_cannot_be_used_names_its_variable(tmp_path: Path, mine: IssuedCertificate) -> None:
    missing = tmp_path / "missing.pem"
    assert refused(CA=missing) == (
        f"AUTHZ_REDIS_TLS_CA: cannot be used: No such file or directory; got {str(missing)!r}"
    )
    assert refused(CA=mine.key_path).startswith("AUTHZ_REDIS_TLS_CA: cannot be used: ")


def test_a_key_that_cannot_be_used_names_its_variables_and_asks_for_no_password(
    tmp_path: Path, ca: CertificateAuthority, mine: IssuedCertificate
) -> None:
    other = ca.issue("other")
    assert "AUTHZ_REDIS_TLS_CERT, AUTHZ_REDIS_TLS_KEY: cannot be used: " in refused(
        CERT=mine.certificate_path, KEY=other.key_path
    )
    encrypted = tmp_path / "encrypted.key"
    key = load_pem_private_key(mine.key_pem, None)
    encrypted.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hunter2")))
    assert "the key is encrypted" in refused(CERT=mine.certificate_path, KEY=encrypted)
