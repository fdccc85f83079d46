"""The laptop stack's samples, made as records of a folder's own database."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from authz_server.compose.records import records
from authz_server.dev.samples import Samples, load_or_make
from authz_server.dev.state import State
from authz_server.managing.service import Service
from authz_server.settings import load


def service_of(state: State) -> Callable[[str], AbstractContextManager[Service]]:
    """What opens the records of that folder."""

    @contextmanager
    def opened(secret_key: str) -> Iterator[Service]:
        settings = load({"AUTHZ_DATABASE_URL": f"sqlite:///{state.database}", "AUTHZ_SECRET_KEYS": secret_key})
        with records(settings) as found:
            yield found.service

    return opened


def samples_of(state: State, now: dt.datetime) -> Samples:
    """The samples of that folder."""
    return load_or_make(state, now, service_of(state))
