"""What the laptop stack takes over from its surroundings, and what it decides itself."""

from pathlib import Path

import pytest

from authz_server.dev.environment import FOREIGN_PREFIX, Inherited
from authz_server.dev.errors import StackError
from authz_server.dev.ports import Ports
from authz_server.settings import SettingsError

KEY = "A" * 43 + "="
EMBEDDED = "redis://127.0.0.1:1/0"
PORTS = Ports()


def settings(**variables: str) -> dict[str, str]:
    """What `check` runs with when these were inherited."""
    inherited = Inherited(variables)
    return inherited.settings(inherited.redis_url or EMBEDDED, Path("/state/authz.db"), KEY, PORTS)


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("AUTHZ_REALM=file\nAUTHZ_LOG_LEVEL=debug\n")
    inherited = Inherited.read({"AUTHZ_REALM": "environment"}, file)
    assert inherited.variables == {"AUTHZ_REALM": "environment", "AUTHZ_LOG_LEVEL": "debug"}


def test_an_empty_setting_counts_as_not_set(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("AUTHZ_REALM=file\nAUTHZ_LOG_LEVEL=\n")
    assert Inherited.read({"AUTHZ_REALM": "", "EMPTY": ""}, file).variables == {"AUTHZ_REALM": "file", "EMPTY": ""}


def test_of_the_env_file_only_our_settings_are_taken(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PATH=/nowhere\nAUTHZ_REALM=file\n")
    assert Inherited.read({}, file).variables == {"AUTHZ_REALM": "file"}


def test_no_env_file_is_no_error(tmp_path: Path) -> None:
    assert Inherited.read({"A": "1"}, tmp_path / ".env").variables == {"A": "1"}


def test_an_env_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"AUTHZ_REALM=\xff\n")
    with pytest.raises(StackError, match=r"\.env cannot be read"):
        Inherited.read({}, tmp_path / ".env")


def test_programs_that_are_not_ours_see_none_of_our_settings() -> None:
    assert Inherited({"AUTHZ_SECRET_KEYS": KEY, "PATH": "/bin"}).others == {"PATH": "/bin"}


def test_what_the_stack_decides_itself_is_named() -> None:
    inherited = Inherited({"AUTHZ_PROFILES_FILE": "profiles.yaml", "AUTHZ_REALM": "x"})
    assert list(inherited.without_effect()) == [
        "AUTHZ_PROFILES_FILE has no effect here: the clients and profiles are in the state folder"
    ]
    assert "AUTHZ_PROFILES_FILE" not in settings(AUTHZ_PROFILES_FILE="profiles.yaml")


def test_lines_to_paste_lead_to_the_stacks_own_envoy() -> None:
    assert settings()["AUTHZ_GATEWAY_URL"] == f"http://127.0.0.1:{PORTS.http}"
    assert settings(AUTHZ_GATEWAY_URL="https://elsewhere.example") == settings()


def test_check_server_listens_where_the_ports_say() -> None:
    chosen = settings(AUTHZ_GRPC_LISTEN="127.0.0.1:1", AUTHZ_GRPC_TLS_CERT="cert.pem")
    assert chosen["AUTHZ_GRPC_LISTEN"] == f"127.0.0.1:{PORTS.check}"
    assert chosen["AUTHZ_METRICS_LISTEN"] == f"127.0.0.1:{PORTS.metrics}"
    assert chosen["AUTHZ_CLIENT_IP_FROM"] == "metadata"
    assert "AUTHZ_GRPC_TLS_CERT" not in chosen


def test_manage_listens_where_the_ports_say_over_the_records_of_the_state_folder() -> None:
    chosen = settings(AUTHZ_HTTP_LISTEN="0.0.0.0:1", AUTHZ_DATABASE_URL="sqlite:////elsewhere.db")
    assert chosen["AUTHZ_HTTP_LISTEN"] == f"127.0.0.1:{PORTS.manage}"
    assert chosen["AUTHZ_DATABASE_URL"] == "sqlite:////state/authz.db"


def test_keys_of_the_samples_are_used_unless_others_are_set() -> None:
    other = "B" * 42 + "A="
    assert settings()["AUTHZ_SECRET_KEYS"] == KEY
    assert settings(AUTHZ_SECRET_KEYS=other)["AUTHZ_SECRET_KEYS"] == other


def test_samples_in_somebody_elses_redis_have_a_prefix_of_their_own() -> None:
    """What the default prefix holds there may be real."""
    assert "AUTHZ_REDIS_PREFIX" not in settings()
    foreign = settings(AUTHZ_REDIS_URL="redis://redis.example:6379/0")
    assert foreign["AUTHZ_REDIS_PREFIX"] == FOREIGN_PREFIX
    assert settings(AUTHZ_REDIS_URL="redis://redis.example", AUTHZ_REDIS_PREFIX="x")["AUTHZ_REDIS_PREFIX"] == "x"


def test_a_wrong_setting_is_refused_before_anything_starts() -> None:
    with pytest.raises(SettingsError, match="AUTHZ_LOG_LEVEL"):
        settings(AUTHZ_LOG_LEVEL="loud")
