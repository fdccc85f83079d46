"""The check: who is wired to whom, in what order things start and stop."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Callable, Mapping
from typing import Final

from redis.asyncio import Redis

from authz_server import __version__
from authz_server.cache.connection import connect
from authz_server.cache.file_source import FileProfileSource
from authz_server.cache.redis_source import RecordsSigned, RedisProfileSource
from authz_server.checking.checker import Checker
from authz_server.checking.ports import Readiness, RunningProfileSource
from authz_server.compose.refusal import CannotServe
from authz_server.core.decision import Denied
from authz_server.core.denial_reasons import DenialReason
from authz_server.core.facts import CertificateForm, CheckFacts
from authz_server.documents.errors import DocumentInvalid
from authz_server.ext_authz.decode import ClientIpFrom, Decoder
from authz_server.ext_authz.encode import Encoder, FaultAs
from authz_server.ext_authz.listeners import CannotListen, TlsFiles
from authz_server.ext_authz.server import GrpcServer, ServerOptions
from authz_server.ext_authz.service import CheckService, new_request_id
from authz_server.observability.decisions import Observer
from authz_server.observability.health import HealthServer, routes
from authz_server.observability.lines import LineWriter
from authz_server.observability.logs import Log, chosen_format, make_log
from authz_server.observability.metrics import Exposition, Gauges, Metrics
from authz_server.settings import Settings
from authz_server.settings.redis import document_seal, record_keys, redis_address

READINESS_SECONDS: Final = 0.25

_STARTING: Final = Readiness(reasons=("starting",))
_DRAINING: Final = Readiness(reasons=("draining",))


class CheckProcess:
    """One process that checks. Several differ by `worker` only, their number from 0."""

    def __init__(self, settings: Settings, environ: Mapping[str, str], lines: LineWriter, *, worker: int = 0) -> None:
        """`environ` is where `secret_env` of the profiles file is looked up."""
        self._settings = settings
        self._state: Callable[[], Readiness] = lambda: _STARTING
        self._file_ok: bool | None = None
        self._readiness_task: asyncio.Task[None] | None = None
        self._metrics = Metrics()
        terminal = sys.stderr.isatty()
        log_format = chosen_format(settings.log_format, terminal=terminal)
        self.log: Log = make_log(lines, log_format, settings.log_level)
        self._observer = Observer(self._metrics, lines, self.log, level=settings.log_level, log_format=log_format)
        self.source = self._profile_source(environ)
        self._server = self._grpc_server(worker)
        self._health = HealthServer(routes(self._readiness, self._exposition(lines).text))
        self._metrics_listen = settings.metrics_listen.for_worker(worker)

    async def start(self) -> None:
        """Metrics first, so that probes are answered while profiles load; the check last. Raises `CannotServe`."""
        settings = self._settings
        for warning in settings.warnings:
            self.log.warning("setting", warning=warning)
        metrics = await self._listen_for_probes()
        await self._start_source()
        self._state = self.source.readiness
        gc.collect()
        gc.freeze()  # the profiles stay: no later collection needs to walk over them
        addresses = await self._listen_for_checks()
        self._readiness_task = asyncio.create_task(self._follow_readiness())
        self.log.info(
            "listening",
            version=__version__,
            grpc=list(addresses),
            metrics=metrics,
            profiles="redis" if settings.profiles_file is None else str(settings.profiles_file),
        )

    async def stop(self) -> bool:
        """The reverse: no more calls, those in flight finish, then the rest. Whether all of them finished in time."""
        self._state = lambda: _DRAINING
        self.log.info("draining", seconds=self._settings.drain_seconds)
        if self._readiness_task is not None:
            self._readiness_task.cancel()
            await asyncio.wait((self._readiness_task,))
        finished = await self._server.drain()
        await self.source.close()
        await self._health.close()
        self.log.info("stopped", all_finished=finished)
        return finished

    def _readiness(self) -> Readiness:
        try:
            return self._state()
        except Exception as error:  # noqa: BLE001 - who cannot tell its state is not ready
            self._observer.fault("readiness", error)
            return Readiness(reasons=("the state cannot be told",))

    async def _start_source(self) -> None:
        try:
            await self.source.start()
        except RecordsSigned as error:
            raise CannotServe(str(error), is_setting=True) from None
        except DocumentInvalid as error:
            file = self._settings.profiles_file
            raise CannotServe(*(f"{file}:{each}" for each in error.errors), is_setting=False) from None
        except OSError as error:
            why = f"{error.filename} (AUTHZ_PROFILES_FILE) cannot be read: {error.strerror}"
            raise CannotServe(why, is_setting=True) from None

    async def _listen_for_probes(self) -> str:
        listen = self._metrics_listen
        try:
            host, port = await self._health.start(listen.host, listen.port)
        except OSError as error:
            why = f"cannot listen on {listen} (AUTHZ_METRICS_LISTEN): {error.strerror or error}"
            raise CannotServe(why, is_setting=True) from None
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def _listen_for_checks(self) -> tuple[str, ...]:
        try:
            return await self._server.start()
        except CannotListen as error:
            raise CannotServe(str(error), is_setting=True) from None

    async def _follow_readiness(self) -> None:
        """Tell gRPC health checks, and the log, whenever the state changes."""
        told: Readiness | None = None
        while True:
            state = self._readiness()
            if state != told:
                await self._server.set_ready(state.ready)
                tell = self.log.info if state.ready and not state.warnings else self.log.warning
                tell("readiness", ready=state.ready, reasons=list(state.reasons), warnings=list(state.warnings))
                told = state
            await asyncio.sleep(READINESS_SECONDS)

    def _profile_source(self, environ: Mapping[str, str]) -> RunningProfileSource:
        settings = self._settings
        if settings.profiles_file is not None:
            seal = document_seal(settings)
            return FileProfileSource(
                settings.profiles_file,
                resolve_env=environ.get,
                open_sealed=None if seal is None else seal.open,
                on_fault=self._observer.source_fault,
                on_state=self._remember_file_state,
            )
        return RedisProfileSource(
            _connect(settings),
            prefix=settings.redis_prefix,
            record_keys=record_keys(settings),
            timeout=settings.redis_timeout_seconds,
            max_staleness=settings.max_staleness_seconds,
            on_fault=self._observer.source_fault,
        )

    def _grpc_server(self, worker: int) -> GrpcServer:
        settings = self._settings
        client_ip_from = ClientIpFrom(settings.client_ip_from)
        encoder = Encoder(settings.realm)
        service = CheckService(
            Decoder(client_ip_from, CertificateForm(settings.certificate_from)),
            Checker(self.source, time.time),
            encoder,
            self._observer,
            fault_as=FaultAs(settings.fault_as),
        )
        options = ServerOptions(
            addresses=[str(listen.for_worker(worker)) for listen in settings.grpc_listen],
            tls=_tls_files(settings),
            reflection=settings.grpc_reflection,
            reads_metadata=client_ip_from is ClientIpFrom.METADATA,
            max_connection_age_seconds=settings.grpc_max_connection_age_seconds,
            drain_seconds=settings.drain_seconds,
        )
        last_resort = encoder.denied(Denied(DenialReason.INTERNAL_ERROR), CheckFacts(), new_request_id())
        return GrpcServer(
            service, last_resort, options, lambda sentence: self._observer.source_fault("tls_files", sentence)
        )

    def _exposition(self, lines: LineWriter) -> Exposition:
        source = self.source
        gauges = Gauges(
            profiles=lambda: source.count,
            ready=lambda: self._readiness().ready,
            replica_age_seconds=lambda: source.age,
            profiles_file_ok=lambda: self._file_ok,
            log_lines_dropped=lambda: lines.dropped,
        )
        return Exposition(self._metrics, gauges, __version__)

    def _remember_file_state(self, ok: bool) -> None:  # noqa: FBT001 - the source's call
        self._file_ok = ok


def _connect(settings: Settings) -> Redis:
    try:
        return connect(redis_address(settings))
    except ValueError as error:
        raise CannotServe(f"AUTHZ_REDIS_URL: {error}", is_setting=True) from None


def _tls_files(settings: Settings) -> TlsFiles | None:
    if settings.grpc_tls_cert is None or settings.grpc_tls_key is None:
        return None
    return TlsFiles(settings.grpc_tls_cert, settings.grpc_tls_key, settings.grpc_tls_client_ca)
