"""The pages as a person meets them: a real control plane over SQLite and Valkey, with accounts that can sign in."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import randbelow
from typing import Final

from playwright.sync_api import Page, StorageState

from authz_server.managing.commands import CreateAccount, CreateApiKey
from authz_server.managing.records import COMMAND_LINE
from authz_server.managing.service import Service
from authz_server.sealing.passwords import Argon2Passwords
from authz_server.sql.database import SqlDatabase
from tests.support import sample_site
from tests.support.browser import WatchedPage
from tests.support.databases import SEAL, Databases
from tests.support.manage_process import HOST, Api, RunningManage, environment
from tests.support.redis_records import valkey


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    name: str
    role: str
    password: str = field(repr=False)


ADMIN: Final = Person("ada", "admin", "correct horse battery staple")
OPERATOR: Final = Person("olga", "operator", "tulips from amsterdam")
VIEWER: Final = Person("vera", "viewer", "nothing but blue skies")
PEOPLE: Final = (ADMIN, OPERATOR, VIEWER)

_SECRET_KEYS: Final = base64.b64encode(b"k" * 32).decode()  # the key of tests.support.databases


@dataclass(frozen=True, slots=True)
class Site:
    """A running control plane. Its records are those of `sample_site`, or none; `PEOPLE` can sign in to both."""

    manage: RunningManage
    key: str = field(repr=False)  # an admin's API key

    @property
    def origin(self) -> str:
        """Scheme, host and port, without a path."""
        return f"http://{HOST}:{self.manage.port}"

    @property
    def api(self) -> Api:
        """The REST API, as an admin, for what a test needs or wants to see done."""
        return self.manage.api(self.key)

    def log_tail(self) -> str:
        """What it wrote, for the report of a test that failed."""
        return self.manage.log_tail()


class Sites:
    """Starts sites, each over a copy of one of two databases; these are made once, which is most of the work."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._databases = Databases(folder)
        self._made: dict[bool, tuple[Path, str]] = {}

    @contextmanager
    def running(self, folder: Path, *, filled: bool, **settings: str) -> Iterator[Site]:
        """One in this folder, with everything in it (`filled`), or with accounts alone."""
        template, key = self._template(filled=filled)
        shutil.copy(template, folder / template.name)
        with valkey(folder) as address:
            manage = RunningManage(folder, _settings(folder, address.url) | settings)
            try:
                manage.wait_until_in_step()
                yield Site(manage, key)
            finally:
                assert manage.stop() == 0, manage.log_tail()

    def _template(self, *, filled: bool) -> tuple[Path, str]:
        if filled not in self._made:
            folder = self._folder / ("filled" if filled else "empty")
            folder.mkdir()
            self._made[filled] = self._new(folder, filled=filled)
        return self._made[filled]

    def _new(self, folder: Path, *, filled: bool) -> tuple[Path, str]:
        """The file, and the API key that is in it."""
        file = folder / "authz.db"
        database = SqlDatabase(self._databases.sqlite(folder), SEAL)
        clock = sample_site.Then()
        service = Service(database, clock=clock, random_below=randbelow, passwords=Argon2Passwords(), seal=SEAL)
        try:
            return file, _inhabit(service, clock, folder, filled=filled)
        finally:
            database.close()


def _inhabit(service: Service, clock: sample_site.Then, folder: Path, *, filled: bool) -> str:
    """The key that was made."""
    today = clock.now
    clock.now = today - 100 * sample_site.DAY
    for person in PEOPLE:
        fields = {"name": person.name, "role": person.role, "password": person.password}
        service.accounts.create(CreateAccount(actor=COMMAND_LINE, fields=fields))
    made = service.api_keys.create(CreateApiKey(actor=COMMAND_LINE, fields={"name": "tests", "role": "admin"}))
    clock.now = today
    if filled:
        sample_site.fill(service, clock, folder)
    assert made.credential is not None
    assert made.credential.value is not None
    return made.credential.value.reveal()


def _settings(folder: Path, redis_url: str) -> dict[str, str]:
    return environment(folder, redis_url, AUTHZ_SECRET_KEYS=_SECRET_KEYS)


def sign_in(page: Page, person: Person = ADMIN) -> None:
    """Sign in as a person does, with the keyboard, from wherever the page is; it ends on the home page."""
    page.goto("/sign-in")
    page.get_by_label("User name").fill(person.name)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_label("Password", exact=True).press("Enter")
    page.get_by_role("button", name="Sign out").wait_for()


@dataclass(slots=True)
class SignedIn:
    """The cookies of people who have signed in to one site, so that each does so once for a module of tests."""

    _cookies: dict[Person, StorageState] = field(default_factory=dict)

    def cookies(self, open_page: Callable[[], WatchedPage], person: Person) -> StorageState:
        """Those of this person; `open_page` opens one to sign in on, where it has not been done."""
        if person not in self._cookies:
            opened = open_page()
            sign_in(opened.page, person)
            self._cookies[person] = opened.cookies()
        return self._cookies[person]
