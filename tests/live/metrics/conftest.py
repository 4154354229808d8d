"""A user who traded two sessions, with the figures wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.user_world import FIRST, SECOND, User, new_user


@pytest.fixture(scope="package")
def traded(tmp_path_factory: pytest.TempPathFactory) -> User:
    made = new_user(tmp_path_factory.mktemp("metrics") / "jutsu")
    made.set(metrics={"textfile": "prom"})
    for day in (FIRST, SECOND):
        made.trade(day)
    return made


@pytest.fixture
def user(tmp_path: Path) -> User:
    made = new_user(tmp_path / "jutsu")
    made.set(metrics={"textfile": "prom"})
    return made
