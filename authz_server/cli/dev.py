"""`authz-server dev`: everything on one machine, for a first look and for development."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import dotenv
import typer

from authz_server.dev.errors import StackError
from authz_server.dev.examples import examples
from authz_server.dev.ports import Ports
from authz_server.dev.samples import Samples
from authz_server.dev.stack import Stack
from authz_server.dev.state import STATE_FOLDER, State
from authz_server.settings import PREFIX, SettingsError, load

_DEFAULTS = Ports()
_DOTENV = Path(".env")


class _Terminated(Exception):
    """SIGTERM came: the stack ends in order, and that is no failure."""


def dev(
    port_http: Annotated[int, typer.Option(help="Envoy, plain HTTP.")] = _DEFAULTS.http,
    port_https: Annotated[int, typer.Option(help="Envoy, HTTPS, with client certificates.")] = _DEFAULTS.https,
    port_check: Annotated[int, typer.Option(help="The check server, gRPC.")] = _DEFAULTS.check,
    port_metrics: Annotated[int, typer.Option(help="The check server's /metrics and /readyz.")] = _DEFAULTS.metrics,
    state: Annotated[Path, typer.Option(help="Where samples, logs and data are kept.")] = STATE_FOLDER,
) -> None:
    """Run Valkey, the check server, a real Envoy and a sample upstream on this machine. Ctrl-C ends them all.

    Settings come from the environment and from a file .env in the working directory.

    Example: authz-server dev --port-http 8001
    """
    ports = Ports(http=port_http, https=port_https, check=port_check, metrics=port_metrics)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        with Stack(State(state.absolute()), ports, _environment(), _say) as stack:
            samples = stack.start()
            _introduce(stack, samples, ports, state)
            stack.watch()
    except SettingsError as error:
        typer.echo("\n".join(error.problems), err=True)
        raise typer.Exit(2) from None
    except StackError as error:
        typer.echo(f"authz-server dev: {error}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("Everything that was started has ended.")
        raise typer.Exit(130) from None
    except _Terminated:
        typer.echo("Everything that was started has ended.")


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise _Terminated


def _environment() -> dict[str, str]:
    """The environment with the settings of a .env file below it. Raises SettingsError."""
    load(os.environ, _DOTENV)
    settings = {
        name: text
        for name, text in dotenv.dotenv_values(_DOTENV, interpolate=False).items()
        if name.startswith(PREFIX) and text
    }
    return settings | dict(os.environ)


def _say(sentence: str) -> None:
    typer.echo(sentence)


def _introduce(stack: Stack, samples: Samples, ports: Ports, state: Path) -> None:
    rows = (
        (
            "Envoy",
            f"http://127.0.0.1:{ports.http}  and  https://127.0.0.1:{ports.https}",
        ),
        (
            "check server",
            f"grpc 127.0.0.1:{ports.check}  (grpcurl -plaintext 127.0.0.1:{ports.check} list)",
        ),
        ("health, metrics", f"http://127.0.0.1:{ports.metrics}/readyz  and  /metrics"),
        ("Redis", stack.redis_url),
        ("profiles, logs", f"{state}/profiles.yaml  and  {state}/*.log"),
        ("other terminals", f"set -a; . {state}/env; set +a"),
    )
    typer.echo()
    for name, place in rows:
        typer.echo(f"  {name:<17}{place}")
    for example in examples(samples, ports, time.time()):
        typer.echo()
        for line in example.lines():
            typer.echo(line)
    typer.echo()
    typer.echo("Ready.")
