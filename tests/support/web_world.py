"""A project that is served: the real server on a port of its own, and browsers and programs that ask it."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from backtest.calendar.sessions import NEW_YORK
from live.system.clock import SimulatedClock
from live.views.settings import SettingsSource
from live.web.accounts import Accounts, Served, logins_folder
from live.web.app import Serving, create_app
from live.web.auth.sessions import Logins
from live.web.auth.store import Store
from live.web.guard import Door
from live.web.serve import Address, bound, server_of
from live.web.watch import Watcher
from live.web.world import World
from tests.support.user_world import FIRST, User, new_user

WAIT = 20.0
#: made once: loading the certificates of the machine for each client costs more than a request
_NO_TLS = ssl.create_default_context()


@dataclass
class Browser:
    """One person with cookies; unsafe requests carry what the page would send."""

    client: httpx.Client
    origin: str
    csrf: str = ""

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.client.get(f"/api/v1{path}", **more)

    def data(self, path: str) -> Any:
        """The view at an address that must answer."""
        found = self.get(path)
        assert found.status_code == 200, found.text
        return found.json()["data"]

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        given = {"origin": self.origin, "x-csrf-token": self.csrf} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.client.request(method, f"/api/v1{path}", json=body, headers=given)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.send("POST", path, body, **headers)

    def log_in(self, **body: Any) -> httpx.Response:
        found = self.post("/auth/login", body)
        if found.status_code == 200:
            self.csrf = found.json()["csrf"]
        return found


@dataclass
class Site:
    """A served project."""

    user: User
    clock: SimulatedClock
    app: FastAPI
    url: str
    #: one person for every test, where none changes anything: a login costs more than a question
    shared: bool = False
    _person: Browser | None = None
    _clients: list[httpx.Client] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def logins(self) -> Logins:
        return self.door.logins

    @property
    def door(self) -> Door:
        found: Door = self.app.state.door
        return found

    @property
    def watcher(self) -> Watcher:
        return self.served.watcher

    @property
    def served(self) -> Served:
        """The one account, or the first of several."""
        accounts: Accounts = self.app.state.accounts
        return accounts.first()

    def browser(self, *, logged_in: bool = True) -> Browser:
        if self.shared and logged_in:
            self._person = self._person or self._new_browser(logged_in=True)
            return self._person
        return self._new_browser(logged_in=logged_in)

    def _new_browser(self, *, logged_in: bool) -> Browser:
        client = httpx.Client(base_url=self.url, timeout=WAIT, verify=_NO_TLS)
        self._clients.append(client)
        found = Browser(client, self.url)
        if logged_in:
            assert found.log_in(link=self.logins.new_link()).status_code == 200
        return found

    def program(self, *scopes: Any) -> httpx.Client:
        """A program with a key of these scopes."""
        key = self.logins.new_key("test", scopes, 3600)
        client = httpx.Client(
            base_url=self.url, timeout=WAIT, verify=_NO_TLS, headers={"authorization": f"Bearer {key}"}
        )
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()


def waiting_user(root: Path) -> User:
    """A project whose first file waits for an answer."""
    user = new_user(root)
    user.set(approval={"policy": "required"})
    assert user.generate(FIRST).code == 0
    return user


def inside(day: str = FIRST, time: str = "15:56") -> SimulatedClock:
    """A clock that stands in the execution window of a session."""
    return SimulatedClock(datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=NEW_YORK))


@contextmanager
def served(
    user: User,
    clock: SimulatedClock,
    *,
    port: int = 0,
    beyond: bool = False,
    read_only: bool = False,
    changes_a_minute: int = 1000,
) -> Iterator[Site]:
    """Serve a project until the block ends."""
    world = World(SettingsSource(user.config, None, {}), clock)
    store = Store(logins_folder(world) / "web.db")
    listening = bound("127.0.0.1", port)
    port = listening.getsockname()[1]
    app = create_app(
        world,
        store,
        Serving.at(port, beyond=beyond, read_only=read_only),
        changes_a_minute=changes_a_minute,
    )
    started = threading.Event()
    server = server_of(app, Address("127.0.0.1", port), started.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    assert started.wait(WAIT)
    site = Site(user, clock, app, f"http://127.0.0.1:{port}")
    try:
        yield site
    finally:
        site.close()
        server.should_exit = True
        thread.join(WAIT)
        listening.close()
        assert not thread.is_alive()
