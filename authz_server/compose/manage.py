"""The control plane's process: the records, REST over them, and the loop that publishes what is left over."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from starlette.types import ASGIApp

from authz_server import __version__
from authz_server.checking.ports import Readiness
from authz_server.compose.records import Records, publisher, records, relay, verify_secrets
from authz_server.compose.refusal import CannotServe
from authz_server.core.allow_list import AllowList
from authz_server.managing.errors import DatabaseUnavailable
from authz_server.managing.relay import Relay
from authz_server.observability.health import routes
from authz_server.observability.http_requests import HttpObserver
from authz_server.observability.lines import LineWriter
from authz_server.observability.logs import Log, chosen_format, make_log
from authz_server.observability.publishing import PublishingExposition, PublishingObserver
from authz_server.settings import Settings
from authz_server.sql.database import SqlDatabase
from authz_server.web.app import application
from authz_server.web.http_server import CannotListen, HttpServer, TlsFiles
from authz_server.web.probes import Probes

AFTER_SURPRISE_SECONDS: Final = 5.0
LOOP_ENDS_SECONDS: Final = 5.0  # a round is short, but for a republish, and what that has staged expires

_STARTING: Final = Readiness(reasons=("starting",))
_DRAINING: Final = Readiness(reasons=("draining",))


class PublishingLoop:
    """The one thread of this process that publishes by itself."""

    def __init__(self, relay: Relay, observer: PublishingObserver) -> None:
        self._relay = relay
        self._observer = observer
        self._stopping = threading.Event()
        # A republish in the middle must not keep the process from ending: nothing of it is in force yet.
        self._thread = threading.Thread(target=self._run, name="publishing", daemon=True)

    def start(self) -> None:
        """Publish from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no more rounds, and wait for the one that runs."""
        self._stopping.set()
        if self._thread.is_alive():  # or it was never started
            self._thread.join(LOOP_ENDS_SECONDS)

    def _run(self) -> None:
        seconds = 0.0
        while not self._stopping.wait(seconds):
            try:
                seconds = self._relay.round()
            except Exception as error:  # noqa: BLE001 - whatever happens, the next round may do better
                self._observer.surprised(error)
                seconds = AFTER_SURPRISE_SECONDS


class ManageProcess:
    """One process of the control plane. On PostgreSQL there may be several."""

    def __init__(self, settings: Settings, lines: LineWriter) -> None:
        self._settings = settings
        self._state: Callable[[], Readiness] = lambda: _STARTING
        self._stopping = ExitStack()
        log_format = chosen_format(settings.log_format, terminal=sys.stderr.isatty())
        self.log: Log = make_log(lines, log_format, settings.log_level)
        self._observer = PublishingObserver(self.log)
        self._requests = HttpObserver(self.log)
        self._http: HttpServer | None = None

    async def start(self) -> None:
        """The records first, then publishing, then HTTP.

        Raises `CannotServe`, and `DatabaseUnavailable` where the records cannot be opened.
        """
        settings = self._settings
        for warning in settings.warnings:
            self.log.warning("setting", warning=warning)
        if settings.profiles_file is not None:
            raise CannotServe(
                "AUTHZ_PROFILES_FILE is for `check`; `manage` has its profiles in AUTHZ_DATABASE_URL", is_setting=True
            )
        opened, relaying, loop = await asyncio.to_thread(self._open)
        try:
            host, port = await self._listen(opened, relaying)
        except BaseException:
            self._stopping.close()
            raise
        loop.start()
        self._state = lambda: _readiness(opened.database, relaying)
        scheme = "http" if settings.http_tls_cert is None else "https"
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.log.info("listening", version=__version__, http=f"{scheme}://{address}")

    async def stop(self) -> bool:
        """No more requests; those in flight finish; then the rest. Whether all of them finished in time."""
        self._state = lambda: _DRAINING
        self.log.info("draining", seconds=self._settings.drain_seconds)
        finished = await self._http.stop() if self._http is not None else True
        await asyncio.to_thread(self._stopping.close)
        self.log.info("stopped", all_finished=finished)
        return finished

    async def _listen(self, opened: Records, relaying: Relay) -> tuple[str, int]:
        settings = self._settings
        application = self._application(opened, relaying)
        self._http = HttpServer(application, tls=_tls(settings), drain_seconds=settings.drain_seconds)
        listen = settings.http_listen
        try:
            return await self._http.start(listen.host, listen.port)
        except CannotListen as error:
            raise CannotServe(f"cannot listen on {listen} (AUTHZ_HTTP_LISTEN): {error}", is_setting=True) from None

    def _open(self) -> tuple[Records, Relay, PublishingLoop]:
        with ExitStack() as opening:
            opened = opening.enter_context(records(self._settings))
            if opened.upgraded is not None and opened.upgraded.before != opened.upgraded.after:
                self.log.info("database", upgraded_from=opened.upgraded.before, to=opened.upgraded.after)
            verify_secrets(opened.database)
            to = opening.enter_context(publisher(self._settings, opened.database))
            relaying = relay(self._settings, opened.database, to, self._observer)
            loop = PublishingLoop(relaying, self._observer)
            opening.callback(loop.stop)
            self._stopping = opening.pop_all()
        return opened, relaying, loop

    def _application(self, opened: Records, relaying: Relay) -> ASGIApp:
        settings = self._settings
        api = application(
            opened.service,
            relaying,
            self._requests,
            database=opened.database,
            clock=time.time,
            realm=settings.realm,
            gateway_url=settings.gateway_url,
            trusted_proxies=AllowList.of(settings.http_trusted_proxies),
        )
        exposition = PublishingExposition(
            self._observer,
            self._requests,
            pending=lambda: _pending(opened.database),
            ready=lambda: self._readiness().ready,
            version=__version__,
        )
        return Probes(api, routes(self._readiness, exposition.text))

    def _readiness(self) -> Readiness:
        return self._state()


def _readiness(database: SqlDatabase, relaying: Relay) -> Readiness:
    """Edits need the database. Redis may be gone: then they are kept, and published when it is back."""
    reasons: tuple[str, ...] = ()
    try:
        with database.read() as unit:
            unit.publication.get()
    except DatabaseUnavailable as error:
        reasons = (str(error),)
    state = relaying.state
    warnings = () if state.problem is None else (state.problem,)
    if state.problem is None and not state.in_step:
        warnings = ("what is in Redis is being compared with the database, or published anew",)
    return Readiness(reasons, warnings)


def _pending(database: SqlDatabase) -> int | None:
    try:
        with database.read() as unit:
            return unit.outbox.pending_count()
    except DatabaseUnavailable:
        return None


def _tls(settings: Settings) -> TlsFiles | None:
    if settings.http_tls_cert is None or settings.http_tls_key is None:
        return None
    return TlsFiles(settings.http_tls_cert, settings.http_tls_key)
