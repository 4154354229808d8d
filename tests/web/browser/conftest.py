"""Chromium in front of a served project. A test that leaves an error in the browser's console fails."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.support.user_world import User
from tests.support.web_world import Site, inside, served, waiting_user

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# `make test-web` installs Playwright; nobody else needs it
collect_ignore_glob = ["test_*.py"] if find_spec("playwright") is None else []

Scheme = Literal["light", "dark"]
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: what the server refuses on purpose, or when it is gone, is written to the console by Chromium itself
EXPECTED = ("Failed to load resource: ", "WebSocket connection to ")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not on this machine")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *root])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> User:
    """A project whose first file waits for an answer."""
    return waiting_user(tmp_path_factory.mktemp("browser") / "jutsu")


@pytest.fixture
def site(waiting: User, tmp_path: Path) -> Iterator[Site]:
    """A served project of this test alone."""
    with served(waiting.copy(tmp_path / "jutsu"), inside()) as found:
        yield found


@pytest.fixture
def opened(chromium: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Return what opens the page, logged in by a fresh link; errors in its console fail the test."""
    errors: list[str] = []
    contexts = []

    def open_page(path: str = "/", *, width: int = 1280, scheme: Scheme = "light", at: Site = site) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                errors.append(message.text)
                if message.type == "error" and not message.text.startswith(EXPECTED)
                else None
            ),
        )
        page.goto(f"{at.url}{path}#k={at.logins.new_link()}")
        page.get_by_role("navigation", name="Pages").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
