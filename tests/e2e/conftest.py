"""Worlds that are made once: the demo market as CSV files, and a user who has traded for three sessions."""

from pathlib import Path

import pytest

from tests.support.user_world import FIRST, SECOND, SWITCH, THIRD, User, new_user, write_demo_prices


@pytest.fixture(scope="session")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Daily CSV files of the demo market, 2019 to 2024."""
    return write_demo_prices(tmp_path_factory.mktemp("market") / "csv")


@pytest.fixture
def user(tmp_path: Path, prices: Path) -> User:
    """A new user, nothing traded yet."""
    return new_user(tmp_path / "jutsu", prices)


@pytest.fixture(scope="session")
def _first_day(tmp_path_factory: pytest.TempPathFactory, prices: Path) -> User:
    made = new_user(tmp_path_factory.mktemp("first") / "jutsu", prices)
    assert made.generate(FIRST).code == 0
    return made


@pytest.fixture(scope="session")
def _invested(tmp_path_factory: pytest.TempPathFactory, prices: Path) -> User:
    made = new_user(tmp_path_factory.mktemp("invested") / "jutsu", prices)
    for day in (FIRST, SECOND, THIRD):
        made.trade(day)
    assert made.generate(SWITCH).code == 0
    return made


@pytest.fixture
def fresh_file(tmp_path: Path, _first_day: User) -> User:
    """A user whose first signal file (two buys) waits to be executed."""
    return _first_day.copy(tmp_path / "jutsu")


@pytest.fixture
def invested(tmp_path: Path, _invested: User) -> User:
    """A user holding two funds, with a file waiting that sells one and buys two."""
    return _invested.copy(tmp_path / "jutsu")
