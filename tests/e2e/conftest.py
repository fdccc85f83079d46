"""One Envoy for each shipped configuration, sample applications behind it, a scripted check server beside it."""

import datetime as dt
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support import envoy_config
from tests.support.callers import Http1Caller, Http2Caller, HttpCaller, Tls
from tests.support.certificates import CertificateAuthority, IssuedCertificate
from tests.support.check_process import RunningCheck
from tests.support.decision_profiles import FOREIGN_TOKEN, TOKEN, decision_profiles
from tests.support.envoy_config import EDGE_MTLS, Change, Surroundings
from tests.support.envoy_process import RunningEnvoy
from tests.support.scripted_check import ScriptedCheck, allowed
from tests.support.upstream import GrpcApplication, HttpApplication


@dataclass(frozen=True, slots=True)
class Certificates:
    """Who can be trusted here: Envoy's own certificate, the callers' CA, and callers of every kind."""

    directory: Path  # server.pem, server.key, client-ca.pem
    server_ca: Path
    client_ca: CertificateAuthority
    client: IssuedCertificate
    other_client: IssuedCertificate
    expired: IssuedCertificate
    untrusted: IssuedCertificate

    def tls(self, identity: IssuedCertificate | None = None) -> Tls:
        """A caller that trusts Envoy, with or without a certificate of its own."""
        return Tls(self.server_ca, identity)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates as `edge-mtls.yaml` names them, and callers of every kind."""
    directory = tmp_path_factory.mktemp("certificates")
    server_ca = CertificateAuthority("server-ca", directory)
    server_ca.issue("server", dns=["localhost"], ips=["127.0.0.1"])
    client_ca = CertificateAuthority("client-ca", directory)
    hour = dt.timedelta(hours=1)
    return Certificates(
        directory=directory,
        server_ca=server_ca.certificate_path,
        client_ca=client_ca,
        client=client_ca.issue("acme", uris=["spiffe://acme.example/orders"], dns=["acme.example"], unit="Orders"),
        other_client=client_ca.issue("other", uris=["spiffe://other.example/orders"]),
        expired=client_ca.issue("expired", starts_in=-2 * hour, ends_in=-hour),
        untrusted=CertificateAuthority("stranger-ca", directory).issue(
            "stranger", uris=["spiffe://acme.example/orders"]
        ),
    )


@pytest.fixture(scope="session")
def application() -> Iterator[HttpApplication]:
    """The HTTP application behind every Envoy."""
    running = HttpApplication()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def grpc_application() -> Iterator[GrpcApplication]:
    """The gRPC application behind every Envoy."""
    running = GrpcApplication()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def scripted_check() -> Iterator[ScriptedCheck]:
    """One scripted check server for all Envoys; use `check` in tests, which starts from a clean script."""
    running = ScriptedCheck()
    yield running
    running.stop()


@pytest.fixture
def check(scripted_check: ScriptedCheck) -> ScriptedCheck:
    """The scripted check server, allowing everything until told otherwise."""
    scripted_check.always(allowed())
    scripted_check.checks.clear()
    return scripted_check


@pytest.fixture(scope="session")
def surroundings(
    certificates: Certificates,
    application: HttpApplication,
    grpc_application: GrpcApplication,
    scripted_check: ScriptedCheck,
) -> Surroundings:
    """Where a configuration of these tests finds everything, with the scripted check server."""
    return Surroundings(scripted_check.port, application.port, grpc_application.port, certificates.directory)


class StartEnvoy:
    """Start a shipped configuration, changed if the test says so; all of them are stopped at the end."""

    def __init__(self, directories: pytest.TempPathFactory, surroundings: Surroundings) -> None:
        self._directories = directories
        self._surroundings = surroundings
        self.started: list[RunningEnvoy] = []

    def __call__(self, name: str, *changes: Change, around: Surroundings | None = None) -> RunningEnvoy:
        """Start `envoy/<name>.yaml` in its usual surroundings, or in others."""
        config = envoy_config.shipped(name, around or self._surroundings)
        for change in changes:
            change(config)
        envoy = RunningEnvoy(config, self._directories.mktemp(name) / "run")
        self.started.append(envoy)
        return envoy

    def log_tail(self) -> str:
        """The log of the one started last, which a test that starts one is about."""
        return self.started[-1].log_tail() if self.started else ""


@pytest.fixture(scope="module")
def start_envoy(tmp_path_factory: pytest.TempPathFactory, surroundings: Surroundings) -> Iterator[StartEnvoy]:
    """Start a shipped configuration, changed if the test says so; it ends with the module."""
    yield from _starting(tmp_path_factory, surroundings)


@pytest.fixture(scope="session")
def start_envoy_for_all(tmp_path_factory: pytest.TempPathFactory, surroundings: Surroundings) -> Iterator[StartEnvoy]:
    """Likewise, for every module."""
    yield from _starting(tmp_path_factory, surroundings)


def _starting(directories: pytest.TempPathFactory, surroundings: Surroundings) -> Iterator[StartEnvoy]:
    starting = StartEnvoy(directories, surroundings)
    yield starting
    for envoy in starting.started:
        envoy.stop()


@pytest.fixture(scope="session")
def sidecar(start_envoy_for_all: StartEnvoy) -> RunningEnvoy:
    """`envoy/sidecar.yaml`."""
    return start_envoy_for_all(envoy_config.SIDECAR)


@pytest.fixture(scope="session")
def edge(start_envoy_for_all: StartEnvoy) -> RunningEnvoy:
    """`envoy/edge-mtls.yaml`."""
    return start_envoy_for_all(envoy_config.EDGE_MTLS)


@pytest.fixture(scope="session")
def behind_balancer(start_envoy_for_all: StartEnvoy) -> RunningEnvoy:
    """`envoy/behind-load-balancer.yaml`; the balancer is 127.0.0.1."""
    return start_envoy_for_all(envoy_config.BEHIND_LOAD_BALANCER)


@dataclass(frozen=True, slots=True)
class Shipped:
    """One shipped configuration that runs, and plain callers of it."""

    name: str
    envoy: RunningEnvoy
    http1: HttpCaller
    http2: HttpCaller

    def log_tail(self) -> str:
        """Envoy's log."""
        return self.envoy.log_tail()


@pytest.fixture
def shipped_by_name(
    sidecar: RunningEnvoy, edge: RunningEnvoy, behind_balancer: RunningEnvoy, certificates: Certificates
) -> dict[str, Shipped]:
    """Every shipped configuration, running."""
    plain = {envoy_config.SIDECAR: sidecar, envoy_config.BEHIND_LOAD_BALANCER: behind_balancer}
    found = {name: _shipped(name, envoy, None) for name, envoy in plain.items()}
    return found | {envoy_config.EDGE_MTLS: _shipped(envoy_config.EDGE_MTLS, edge, certificates.tls())}


def _shipped(name: str, envoy: RunningEnvoy, tls: Tls | None) -> Shipped:
    return Shipped(name, envoy, Http1Caller(envoy.port, tls), Http2Caller(envoy.port, tls))


@pytest.fixture(params=envoy_config.NAMES)
def shipped(request: pytest.FixtureRequest, shipped_by_name: dict[str, Shipped]) -> Shipped:
    """Each shipped configuration in turn."""
    return shipped_by_name[request.param]


@dataclass(frozen=True, slots=True)
class Checked:
    """`envoy/edge-mtls.yaml` with the real check server."""

    envoy: RunningEnvoy
    check: RunningCheck
    surroundings: Surroundings

    def log_tail(self) -> str:
        """The logs of both."""
        return f"{self.envoy.log_tail()}\n{self.check.log_tail()}"


@pytest.fixture(scope="session")
def checked(
    start_envoy_for_all: StartEnvoy,
    surroundings: Surroundings,
    certificates: Certificates,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Checked]:
    """The edge, and the check server behind it on a Unix socket."""
    directory = tmp_path_factory.mktemp("check")
    other_ca = CertificateAuthority("other-ca", directory)
    document = decision_profiles(certificates.client, certificates.client_ca, other_ca)
    check = RunningCheck(document, directory)
    around = replace(surroundings, check=check.socket)
    yield Checked(start_envoy_for_all(EDGE_MTLS, around=around), check, around)
    assert check.stop() == 0
    log = check.log()
    for secret in (TOKEN, FOREIGN_TOKEN, "PRIVATE KEY", "Traceback"):
        assert secret not in log


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the processes of a failed test wrote."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for name, value in item.funcargs.items():
            if hasattr(value, "log_tail"):
                report.sections.append((f"log of {name}", value.log_tail()))
    return report
