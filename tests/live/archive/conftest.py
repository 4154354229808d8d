"""A small project that traded two sessions, and an archive of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from live.archive.make import make
from live.settings.load import load_settings
from tests.support.user_world import FIRST, SECOND, User, new_user

NOW = datetime(2026, 11, 27, 21, 30, tzinfo=UTC)


@pytest.fixture(scope="package")
def _traded(tmp_path_factory: pytest.TempPathFactory) -> User:
    made = new_user(tmp_path_factory.mktemp("archive") / "jutsu")
    (made.root / "state").mkdir()
    (made.root / "state" / "secrets.env").write_text("SCHWAB_APP_SECRET=kept-out-of-it\n")
    (made.root / "state" / "secrets.env").chmod(0o600)
    for day in (FIRST, SECOND):
        made.trade(day)
    return made


@pytest.fixture
def traded(tmp_path: Path, _traded: User) -> User:
    return _traded.copy(tmp_path / "jutsu")


@pytest.fixture(scope="package")
def archive(tmp_path_factory: pytest.TempPathFactory, _traded: User) -> Path:
    return make(load_settings(config=_traded.config), tmp_path_factory.mktemp("made"), NOW)
