"""Reading beside the stages, writing between their runs."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live.actions.settings import set_value
from live.ledger.errors import LedgerMissing, LedgerUnavailable
from live.system.lock import single_instance
from live.views.settings import SettingsSource
from live.web.world import RunInProgressError, World
from tests.support.user_world import User, new_user
from tests.support.web_world import Site, inside


@pytest.fixture
def user(waiting: User, tmp_path: Path) -> User:
    return waiting.copy(tmp_path / "jutsu")


@pytest.fixture
def world(user: User) -> World:
    return World(SettingsSource(user.config, None, {}), inside())


def test_a_reader_sees_one_state(world: World, user: User) -> None:
    with world.reading() as inputs:
        before = inputs.ledger.signals.recent(1)[0].outcome
        with closing(sqlite3.connect(user.db)) as raw, raw:
            raw.execute("update signal_files set outcome = 'failed'")
        assert inputs.ledger.signals.recent(1)[0].outcome == before
    with world.reading() as inputs:
        assert inputs.ledger.signals.recent(1)[0].outcome == "failed"


def test_a_reader_cannot_write(world: World) -> None:
    with world.reading() as inputs, pytest.raises(LedgerUnavailable):
        inputs.ledger.state.set("x", "y", at=inputs.now)


def test_a_reader_keeps_nobody_from_writing(world: World, user: User) -> None:
    with world.reading() as inputs:
        inputs.ledger.signals.recent(1)
        with closing(sqlite3.connect(user.db, timeout=0)) as raw, raw:
            raw.execute("update signal_files set outcome = 'failed'")


def test_an_override_of_the_ledger_holds(world: World) -> None:
    set_value(world.source, "safety.cash_warn_pct", 1.5, actor="ann", at=world.clock.now())
    with world.reading() as inputs:
        assert inputs.settings.safety.cash_warn_pct == 1.5


def test_a_changed_settings_file_is_read_again(world: World, user: User) -> None:
    with world.reading() as inputs:
        assert inputs.settings.safety.cash_warn_pct == 0.5
    user.set(safety={"cash_warn_pct": 0.7})
    with world.reading() as inputs:
        assert inputs.settings.safety.cash_warn_pct == 0.7


def test_during_a_run_nothing_is_written(world: World, user: User) -> None:
    with single_instance(user.root / "state", "paper", run_id="x"):
        with pytest.raises(RunInProgressError), world.writing():
            pass
        with world.writing(even_during_a_run=True) as inputs:
            inputs.ledger.state.set("x", "y", at=inputs.now)


def test_a_busy_ledger_is_given_up_soon(world: World, user: User) -> None:
    with closing(sqlite3.connect(user.db, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with world.writing(0.05) as inputs, pytest.raises(LedgerUnavailable):
            inputs.ledger.state.set("x", "y", at=inputs.now)
        other.execute("ROLLBACK")


def test_without_a_ledger_one_reads_nothing_and_writes_nothing(tmp_path: Path) -> None:
    user = new_user(tmp_path / "jutsu")
    world = World(SettingsSource(user.config, None, {}), inside())
    with world.reading() as inputs:
        assert inputs.ledger.signals.recent(1) == ()
    with pytest.raises(LedgerMissing), world.writing():
        pass
    assert not user.db.exists()


def test_a_ledger_that_was_replaced_is_opened_anew(world: World, user: User) -> None:
    with world.reading() as inputs:
        assert inputs.ledger.signals.recent(1) != ()
    user.db.rename(user.db.with_suffix(".old"))
    with world.reading() as inputs:
        assert inputs.ledger.signals.recent(1) == ()


def test_an_older_ledger_is_left_to_the_stages(site: Site) -> None:
    """Opening it to write would migrate it under whoever runs the older program."""
    browser = site.browser()
    with closing(sqlite3.connect(site.user.db)) as raw, raw:
        raw.execute("update alembic_version set version_num = '0006'")
    before = site.user.rows("alembic_version")
    change = {"name": "safety.cash_warn_pct", "value": 1, "expected": 0.5}
    refused = [browser.post("/control/kill"), browser.send("PUT", "/config", change)]
    assert [found.status_code for found in refused] == [503, 503]
    assert {found.json()["type"] for found in refused} == {"about:jutsu#restart-dashboard"}
    assert site.user.rows("alembic_version") == before


def test_one_of_several_accounts(user: User) -> None:
    """The page of an account sees its ledger, and what another one is called is no way around it."""
    user.set(accounts={"ira": {}, "taxable": {}})
    (user.root / "state").rename(user.root / "was")
    (user.root / "state").mkdir()
    (user.root / "was").rename(user.root / "state" / "ira")
    ira, taxable = (
        World(SettingsSource(user.config, None, {}, name), inside()) for name in ("ira", "taxable")
    )
    assert ira.state == user.root / "state" / "ira"
    with ira.reading() as inputs:
        assert inputs.ledger.signals.recent(1)
    with taxable.reading() as inputs:
        assert not inputs.ledger.signals.recent(1)
    for name in (None, "all", ""):
        with pytest.raises(UsageError):
            World(SettingsSource(user.config, None, {}, name), inside()).settings_of_file()
