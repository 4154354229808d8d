"""One served project for every test that only looks; those that act serve a copy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from live.web.auth import passwords
from tests.support.user_world import User
from tests.support.web_world import Browser, Site, inside, served, waiting_user


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Hash passwords with little work; `test_passwords` looks at what is really used."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_COST", 2**4)
        yield


@pytest.fixture(scope="session")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> User:
    """A project whose first file waits for an answer."""
    return waiting_user(tmp_path_factory.mktemp("web") / "jutsu")


@pytest.fixture(scope="session")
def shown(waiting: User, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A served project that no test changes."""
    with served(waiting.copy(tmp_path_factory.mktemp("shown") / "jutsu"), inside()) as site:
        site.shared = True
        yield site


@pytest.fixture
def site(waiting: User, tmp_path: Path) -> Iterator[Site]:
    """A served project of this test alone."""
    with served(waiting.copy(tmp_path / "jutsu"), inside()) as found:
        yield found


@pytest.fixture
def browser(site: Site) -> Browser:
    """A person who is logged in."""
    return site.browser()
