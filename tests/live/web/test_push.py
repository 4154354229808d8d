"""The socket says that something changed, to those who may know, and never what."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from live.web.push import MOST_SOCKETS
from tests.support.web_world import Browser, Site


@contextmanager
def opened(site: Site, browser: Browser | None, **more: Any) -> Iterator[Connection]:
    cookie = f"jutsu={browser.client.cookies['jutsu']}" if browser else "none=1"
    headers = {"Cookie": cookie} | more.pop("headers", {})
    origin = more.pop("origin", site.url)
    address = site.url.replace("http", "ws") + "/ws/live"
    with connect(address, additional_headers=headers, origin=origin, **more) as socket:
        yield socket


def test_a_commit_is_told_within_a_second(site: Site) -> None:
    with opened(site, site.browser()) as socket:
        hello = json.loads(socket.recv(5))
        site.browser().post("/control/kill")
        found = json.loads(socket.recv(5))
    assert (hello["type"], hello["topics"]) == ("changed", ["hello"])
    assert (found["type"], found["seq"] > hello["seq"]) == ("changed", True)
    assert set(found) == {"type", "topics", "seq"}


@pytest.mark.parametrize("case", ["nobody", "foreign origin", "foreign host"])
def test_who_is_refused(shown: Site, case: str) -> None:
    browser = None if case == "nobody" else shown.browser()
    more: dict[str, Any] = {}
    if case == "foreign origin":
        more["origin"] = "http://evil.example"
    if case == "foreign host":
        more["headers"] = {"Host": "evil.example"}
    with pytest.raises((InvalidStatus, ConnectionClosed)), opened(shown, browser, **more) as socket:
        socket.recv(5)


def test_a_key_without_read_is_refused(shown: Site) -> None:
    key = shown.logins.new_key("robot", ["metrics"], 60)
    headers = {"Authorization": f"Bearer {key}"}
    with pytest.raises((InvalidStatus, ConnectionClosed)), opened(shown, None, headers=headers) as socket:
        socket.recv(5)


def test_too_many_sockets_are_refused_and_a_closed_one_makes_room(shown: Site) -> None:
    from contextlib import ExitStack

    browser = shown.browser()
    with ExitStack() as stack:
        for _ in range(MOST_SOCKETS):
            stack.enter_context(opened(shown, browser)).recv(5)
        with pytest.raises((InvalidStatus, ConnectionClosed)), opened(shown, browser) as socket:
            socket.recv(5)


def test_a_large_message_ends_the_socket(shown: Site) -> None:
    with opened(shown, shown.browser()) as socket:
        socket.recv(5)
        socket.send("x" * 5000)
        with pytest.raises(ConnectionClosed):
            socket.recv(5)
