"""`authz-server dev`: everything on one machine, for a first look and for development."""

from __future__ import annotations

import os
import shlex
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer

from authz_server.cli.exits import ExitCode
from authz_server.core.secret import Secret
from authz_server.dev.environment import Inherited
from authz_server.dev.errors import RedisUnreachable, StackError, StopRequested
from authz_server.dev.examples import examples, first_edits
from authz_server.dev.ports import Ports
from authz_server.dev.samples import ADMIN, Samples
from authz_server.dev.stack import Stack
from authz_server.dev.state import STATE_FOLDER, State
from authz_server.settings import SettingsError
from authz_server.settings.values import masked_url

_DEFAULTS: Final = Ports()
_DOTENV: Final = Path(".env")
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Signals:
    """Remembers the first signal that asks for the end. The stack looks here wherever it waits."""

    def __init__(self) -> None:
        self.first: int | None = None
        for each in _ENDING:
            signal.signal(each, self._remember)

    def asked(self) -> bool:
        return self.first is not None

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        self.first = self.first or number


def dev(
    *,
    port_http: Annotated[int, typer.Option(min=1, max=65_535, help="Envoy, plain HTTP.")] = _DEFAULTS.http,
    port_https: Annotated[
        int, typer.Option(min=1, max=65_535, help="Envoy, HTTPS, with client certificates.")
    ] = _DEFAULTS.https,
    port_check: Annotated[int, typer.Option(min=1, max=65_535, help="The check server, gRPC.")] = _DEFAULTS.check,
    port_metrics: Annotated[
        int, typer.Option(min=1, max=65_535, help="The check server's /metrics and /readyz.")
    ] = _DEFAULTS.metrics,
    port_manage: Annotated[int, typer.Option(min=1, max=65_535, help="The pages and the REST API.")] = _DEFAULTS.manage,
    state: Annotated[Path, typer.Option(help="Where samples, logs and data are kept.")] = STATE_FOLDER,
) -> None:
    """Run Valkey, manage, the check server, a real Envoy and a sample upstream on this machine. Ctrl-C ends them all.

    Settings come from the environment and from a file .env in the working directory.

    Example: authz-server dev --port-http 8001
    """
    ports = Ports(http=port_http, https=port_https, check=port_check, metrics=port_metrics, manage=port_manage)
    signals = _Signals()
    try:
        inherited = Inherited.read(os.environ, _DOTENV)
        for sentence in inherited.without_effect():
            typer.echo(f"authz-server dev: {sentence}", err=True)
        with Stack(State(state.absolute()), ports, inherited, typer.echo, signals.asked) as stack:
            samples = stack.start()
            _introduce(stack.redis_url, samples, ports, state)
            stack.watch()
    except SettingsError as error:
        _fail(error.problems, ExitCode.USAGE)
    except RedisUnreachable as error:
        _fail((str(error),), ExitCode.UNREACHABLE)
    except StackError as error:
        _fail((str(error),), ExitCode.REFUSED)
    except StopRequested:
        typer.echo("Everything that was started has ended.")
        raise typer.Exit(ExitCode.INTERRUPTED if signals.first == signal.SIGINT else ExitCode.DONE) from None


def _fail(problems: tuple[str, ...], exit_code: ExitCode) -> None:
    for problem in problems:
        typer.echo(f"authz-server dev: {problem}", err=True)
    raise typer.Exit(exit_code)


def _introduce(redis_url: str, samples: Samples, ports: Ports, state: Path) -> None:
    folder = shlex.quote(str(state))
    rows = (
        ("Envoy", f"http://127.0.0.1:{ports.http} and https://127.0.0.1:{ports.https}"),
        ("check server", f"127.0.0.1:{ports.check} (grpcurl -plaintext 127.0.0.1:{ports.check} list)"),
        ("health, metrics", f"http://127.0.0.1:{ports.metrics}/readyz and /metrics"),
        ("pages", f"http://127.0.0.1:{ports.manage}/ (sign in as {ADMIN}, password {samples.secrets.admin_password})"),
        ("REST API", f"http://127.0.0.1:{ports.manage}/api/v1 (admin's key: {samples.secrets.api_key})"),
        ("Redis", masked_url(Secret(redis_url))),
        ("database, logs", f"{folder}/authz.db and {folder}/*.log"),
        ("other terminals", f"set -a; . {folder}/env; set +a"),
    )
    typer.echo()
    for name, place in rows:
        typer.echo(f"  {name:<17}{place}")
    typer.echo()
    typer.echo("Create a client, add a profile, and call Envoy with its new token:")
    for line in first_edits(samples, ports):
        typer.echo(f"  {line}")
    for example in examples(samples, ports, time.time()):
        typer.echo()
        for line in example.lines():
            typer.echo(line)
    typer.echo()
    typer.echo("Ready.")
