"""The environment as a whole: defaults, sources, every problem at once, contradictions, misspellings."""

import base64
import os
from enum import Enum
from pathlib import Path

import pytest

from authz_server.core.facts import CertificateForm
from authz_server.core.secret import REDACTED
from authz_server.ext_authz.decode import ClientIpFrom
from authz_server.ext_authz.encode import FaultAs
from authz_server.settings import Settings, SettingsError, Source, load, variables

A_KEY = base64.b64encode(os.urandom(32)).decode()
TLS = {"AUTHZ_GRPC_TLS_CERT": "/c.pem", "AUTHZ_GRPC_TLS_KEY": "/k.pem", "AUTHZ_GRPC_TLS_CLIENT_CA": "/ca.pem"}


def problems(**environ: str) -> tuple[str, ...]:
    """What is wrong with an environment of these variables, their prefix left out."""
    with pytest.raises(SettingsError) as refused:
        load({f"AUTHZ_{name}": text for name, text in environ.items()})
    return refused.value.problems


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = load({})
    assert settings == Settings()
    assert settings.redis_url.reveal() == "redis://127.0.0.1:6379/0"
    assert [str(address) for address in settings.grpc_listen] == ["127.0.0.1:9191"]
    assert settings.profiles_file is None
    assert settings.max_staleness_seconds == 300.0
    assert {settings.source_of(variable) for variable in variables()} == {Source.DEFAULT}


def test_every_default_is_accepted_by_its_own_parser() -> None:
    given = {variable.name: variable.default for variable in variables() if variable.default}
    assert load(given | {"AUTHZ_REALM": "x"}).realm == "x"


def test_every_variable_has_words_for_people() -> None:
    assert all(variable.doc.endswith(".") for variable in variables())
    assert all(variable.name == f"AUTHZ_{variable.field.upper()}" for variable in variables())


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("AUTHZ_REALM=file\nAUTHZ_LOG_LEVEL=debug\nAUTHZ_REDIS_PREFIX=a${HOME}b\nOTHER=1\nAUTHZ_WORKERS\n")
    with pytest.raises(SettingsError, match="AUTHZ_REDIS_PREFIX"):  # nothing is expanded
        load({}, dotenv)
    dotenv.write_text("AUTHZ_REALM=file\nAUTHZ_LOG_LEVEL=debug\n")
    settings = load({"AUTHZ_REALM": "environment"}, dotenv)
    assert (settings.realm, settings.log_level) == ("environment", "debug")
    sources = {variable.field: settings.source_of(variable) for variable in variables()}
    assert sources["realm"] is Source.ENVIRONMENT
    assert sources["log_level"] is Source.DOTENV


def test_a_file_that_is_not_there_gives_nothing(tmp_path: Path) -> None:
    assert load({}, tmp_path / ".env") == Settings()


def test_an_empty_value_counts_as_not_set() -> None:
    settings = load({"AUTHZ_PROFILES_FILE": "/p.yaml", "AUTHZ_REDIS_URL": ""})
    assert settings.profiles_file == Path("/p.yaml")
    assert not settings.is_set("redis_url")


def test_every_wrong_value_is_told_at_once_with_what_is_accepted() -> None:
    told = problems(WORKERS="many", GRPC_LISTEN="127.0.0.1:9191,nonsense", LOG_LEVEL="loud", REALM='a"b')
    assert told == (
        (
            "AUTHZ_GRPC_LISTEN: accepted: host:port such as 127.0.0.1:9191 or [::1]:9191,"
            " or unix:/path of at most 107 bytes; got '127.0.0.1:9191,nonsense'"
        ),
        "AUTHZ_WORKERS: accepted: an integer from 1 to 256; got 'many'",
        "AUTHZ_REALM: accepted: 1 to 128 printable ASCII characters without quotes and backslashes; got 'a\"b'",
        "AUTHZ_LOG_LEVEL: accepted: one of debug, info, warning, error; got 'loud'",
    )


@pytest.mark.parametrize("name", [variable.name for variable in variables() if variable.secret])
def test_a_wrong_secret_is_not_repeated(name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({name: "hunter2"})
    assert name in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_secrets_are_in_no_text_that_settings_turn_into() -> None:
    settings = load({"AUTHZ_REDIS_URL": "redis://u:hunter2@127.0.0.1/0", "AUTHZ_SECRET_KEYS": A_KEY})
    shown = {variable.field: settings.shown(variable) for variable in variables()}
    assert shown["redis_url"] == f"redis://u:{REDACTED}@127.0.0.1/0"
    assert shown["secret_keys"] == REDACTED
    for text in (repr(settings), str(settings), *shown.values()):
        assert "hunter2" not in text
        assert A_KEY not in text


def test_values_are_shown_as_one_would_write_them() -> None:
    settings = load({"AUTHZ_GRPC_LISTEN": "127.0.0.1:1,unix:/a.sock", "AUTHZ_GRPC_REFLECTION": "off"})
    shown = {variable.field: settings.shown(variable) for variable in variables()}
    assert shown["grpc_listen"] == "127.0.0.1:1,unix:/a.sock"
    assert (shown["grpc_reflection"], shown["drain_seconds"], shown["workers"]) == ("off", "30", "1")
    assert (shown["profiles_file"], shown["redis_timeout_seconds"]) == ("", "0.1")


def test_a_file_and_a_redis_chosen_by_somebody_contradict_each_other() -> None:
    (told,) = problems(PROFILES_FILE="/p.yaml", REDIS_URL="redis://127.0.0.1")
    assert "AUTHZ_PROFILES_FILE" in told
    assert "AUTHZ_REDIS_URL" in told


@pytest.mark.parametrize("url", ["redis://cache.example/0", "redis://10.0.0.1", "rediss://127.0.0.1,10.0.0.2"])
def test_a_redis_that_others_can_reach_needs_keys(url: str) -> None:
    (told,) = problems(REDIS_URL=url)
    assert told.startswith("AUTHZ_SECRET_KEYS (or AUTHZ_RECORD_KEYS) is required")
    assert load({"AUTHZ_REDIS_URL": url, "AUTHZ_SECRET_KEYS": A_KEY}).secret_keys is not None
    assert load({"AUTHZ_REDIS_URL": url, "AUTHZ_RECORD_KEYS": f"{A_KEY}, {A_KEY}"}).record_keys is not None


def test_keys_stand_in_for_one_another_and_never_side_by_side() -> None:
    (told,) = problems(SECRET_KEYS=A_KEY, RECORD_KEYS=A_KEY)
    assert "unset one" in told


def test_a_sentinel_needs_the_name_it_watches() -> None:
    (told,) = problems(REDIS_MODE="sentinel")
    assert "AUTHZ_REDIS_SENTINEL_NAME" in told
    assert load({"AUTHZ_REDIS_MODE": "sentinel", "AUTHZ_REDIS_SENTINEL_NAME": "main"}).redis_sentinel_name == "main"


@pytest.mark.parametrize("listen", ["0.0.0.0:9191", "127.0.0.1:9191,[::]:9191", "authz.internal:9191"])
def test_a_listener_that_others_can_reach_needs_mutual_tls(listen: str) -> None:
    (told,) = problems(GRPC_LISTEN=listen)
    assert "AUTHZ_GRPC_INSECURE=on" in told
    without_client_ca = {name: path for name, path in TLS.items() if name != "AUTHZ_GRPC_TLS_CLIENT_CA"}
    with pytest.raises(SettingsError, match="AUTHZ_GRPC_TLS_CLIENT_CA"):
        load({"AUTHZ_GRPC_LISTEN": listen, **without_client_ca})
    assert load({"AUTHZ_GRPC_LISTEN": listen, **TLS}).grpc_tls_client_ca == Path("/ca.pem")
    assert load({"AUTHZ_GRPC_LISTEN": listen, "AUTHZ_GRPC_INSECURE": "on"}).grpc_insecure


def test_half_of_a_key_pair_is_refused() -> None:
    assert problems(GRPC_TLS_CERT="/c.pem") == (
        "AUTHZ_GRPC_TLS_CERT is set without AUTHZ_GRPC_TLS_KEY: set both or none",
    )
    assert problems(REDIS_URL="rediss://127.0.0.1", REDIS_TLS_KEY="/k.pem") == (
        "AUTHZ_REDIS_TLS_KEY is set without AUTHZ_REDIS_TLS_CERT: set both or none",
    )


def test_a_client_ca_without_a_certificate_is_refused_rather_than_ignored() -> None:
    (told,) = problems(GRPC_TLS_CLIENT_CA="/ca.pem")
    assert "has no effect without" in told


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1", "unix:///run/redis.sock"])
def test_tls_files_for_a_redis_without_tls_are_refused_rather_than_ignored(url: str) -> None:
    """Somebody thinks that the connection is encrypted."""
    (told,) = problems(REDIS_URL=url, REDIS_TLS_CA="/ca.pem")
    assert told.startswith("AUTHZ_REDIS_TLS_CA has no effect, as AUTHZ_REDIS_URL is not rediss://")
    assert load({"AUTHZ_REDIS_URL": "rediss://127.0.0.1", "AUTHZ_REDIS_TLS_CA": "/ca.pem"}).redis_tls_ca is not None
    assert load({"AUTHZ_PROFILES_FILE": "/p.yaml", "AUTHZ_REDIS_TLS_CA": "/ca.pem"}).redis_tls_ca is not None


def test_what_this_version_cannot_do_is_said() -> None:
    assert problems(GRPC_SERVER="lean") == ("AUTHZ_GRPC_SERVER=lean is not in this version yet; use grpcio",)
    assert problems(WORKERS="2") == ("AUTHZ_WORKERS above 1 is not in this version yet; use 1",)


def test_several_workers_do_not_share_a_unix_socket() -> None:
    shared = problems(WORKERS="2", GRPC_LISTEN="unix:/a.sock")
    own = problems(WORKERS="2", GRPC_LISTEN="unix:/a-{worker}.sock")
    assert "put {worker} into the path" in shared[1]
    assert len(own) == 1


def test_a_misspelt_variable_is_a_warning_with_a_suggestion() -> None:
    settings = load({"AUTHZ_GRPC_LSTEN": "x", "AUTHZ_ZZZZ": "y", "AUTHZ_HTTP_CHECK_LISTEN": "127.0.0.1:1", "HOME": "/"})
    assert settings.warnings == (
        "AUTHZ_GRPC_LSTEN is not a setting; did you mean AUTHZ_GRPC_LISTEN?",
        "AUTHZ_HTTP_CHECK_LISTEN has no effect in this version",
        "AUTHZ_ZZZZ is not a setting",
    )


@pytest.mark.parametrize(
    ("field", "words"),
    [("client_ip_from", ClientIpFrom), ("certificate_from", CertificateForm), ("fault_as", FaultAs)],
)
def test_the_words_of_a_choice_are_those_of_the_part_that_acts_on_it(field: str, words: type[Enum]) -> None:
    (variable,) = (each for each in variables() if each.field == field)
    for word in words:
        assert variable.parse(word.value) == word.value
    with pytest.raises(ValueError, match=f"accepted: one of {', '.join(word.value for word in words)}"):
        variable.parse("?")


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", "[::]:8080", "authz.internal:8080"])
def test_an_api_that_others_can_reach_needs_tls_or_a_proxy_that_has_it(listen: str) -> None:
    (told,) = problems(HTTP_LISTEN=listen)
    assert "in the clear" in told
    assert load({"AUTHZ_HTTP_LISTEN": listen, "AUTHZ_HTTP_TLS_CERT": "/c", "AUTHZ_HTTP_TLS_KEY": "/k"}).http_tls_key
    behind = load({"AUTHZ_HTTP_LISTEN": listen, "AUTHZ_HTTP_TRUSTED_PROXIES": "10.0.0.0/8, ::1"})
    assert behind.http_trusted_proxies == ("10.0.0.0/8", "::1/128")


@pytest.mark.parametrize("proxies", ["10.0.0.1/8", "*", "proxy.internal"])
def test_a_proxy_that_is_no_network_is_refused(proxies: str) -> None:
    (told,) = problems(HTTP_TRUSTED_PROXIES=proxies)
    assert "networks such as" in told


def test_revealing_needs_keys_to_seal_with() -> None:
    (told,) = problems(REVEAL="on")
    assert "AUTHZ_SECRET_KEYS" in told
    assert load({"AUTHZ_REVEAL": "on", "AUTHZ_SECRET_KEYS": A_KEY}).reveal
