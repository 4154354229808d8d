"""The backtest beside a book's own curve: over the same sessions, on the data the runs used, or why not."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from live.jobs.project import StoredFeed
from live.views.backtests import BacktestColumns, read_backtests
from live.views.curves import read_curves
from live.views.inputs import ViewInputs
from live.views.settings import SettingsSource
from live.web.world import World
from tests.support.user_world import FIRST, SECOND, User, new_user
from tests.support.web_world import inside


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> User:
    """Two sessions that were traded."""
    user = new_user(tmp_path_factory.mktemp("backtests") / "jutsu")
    for day in (FIRST, SECOND):
        user.trade(day)
    return user


def read(user: User) -> tuple[ViewInputs, tuple[BacktestColumns, ...]]:
    world = World(SettingsSource(user.config, None, {}), inside(SECOND, "17:00"))
    with world.reading() as inputs:
        read_curves(inputs)
        return inputs, read_backtests(inputs, StoredFeed(world.settings(inputs.ledger)))


def test_it_is_over_the_sessions_of_the_book_and_near_it(traded: User) -> None:
    inputs, (found,) = read(traded)
    (own,) = (curve for curve in read_curves(inputs) if curve.variant == "golden")
    assert (found.variant, found.why) == ("golden", "")
    assert found.time == own.time
    assert found.growth == pytest.approx(own.growth, abs=0.005)


def test_a_book_that_ran_on_other_data_has_none(traded: User, tmp_path: Path) -> None:
    user = traded.copy(tmp_path / "jutsu")
    with closing(sqlite3.connect(user.db)) as raw, raw:
        raw.execute("update run_log set source = 'prices:/elsewhere'")
    _, (found,) = read(user)
    assert (found.time, found.growth) == ((), ())
    assert found.why == "it ran on prices:/elsewhere, and demo is configured"


def test_data_that_cannot_be_read_say_so(traded: User, tmp_path: Path) -> None:
    user = traded.copy(tmp_path / "jutsu")
    user.set(data={"source": "store"})
    with closing(sqlite3.connect(user.db)) as raw, raw:
        raw.execute("update run_log set source = 'store'")
    _, (found,) = read(user)
    assert "no bars are stored here" in found.why
