"""`kill`, `panic` and `status` work whatever the settings say; impossible settings are refused when set."""

import json
from pathlib import Path

import pytest

from live.ledger.ledger import Ledger
from live.ledger.system_state import EVERY_ACCOUNT
from live.system.clock import SystemClock
from tests.support.user_world import FIRST, User

#: what a person may do to the settings -> whether it stays certain which account is meant
BROKEN = {
    "mode: [": False,
    "mode: sometimes\n": False,
    "broker: {name: nobody}\n": False,
    "borker: {name: schwab}\n": False,
    "paths: {state_db: 'https://user:pass@example.org/db'}\n": False,
    "safety: {max_drift_pct: wide}\n": True,
    "safety: {slippage_warn_pct: 9}\n": True,
    "books: [{primary: golden}, {primary: golden}]\n": True,
    "books: [{primary: nobody}]\n": True,
    "execution: {min_cash_pct: 300}\nnonsense: 3\n": False,
    "mode: online_live\n": True,
    "mode: online_live\ndata: {source: store}\n": True,
    "\x00": False,
}
NO_LOGIN = "mode: online_live\nbroker: {name: schwab}\ndata: {source: schwab}\n"


@pytest.fixture
def holding(fresh_file: User) -> User:
    """Two funds held at the paper broker."""
    assert fresh_file.execute(FIRST).code == 0
    return fresh_file


def level(user: User) -> str:
    with Ledger.open(user.db, account=EVERY_ACCOUNT, now=SystemClock().now()) as ledger:
        return ledger.state.kill_level()


def held(user: User) -> int:
    return len(user.rows("positions", "symbol", user.paper))


@pytest.mark.parametrize("text", [*BROKEN, NO_LOGIN])
def test_kill_works_with_any_settings(holding: User, text: str) -> None:
    holding.config.write_text(text)
    ran = holding.jutsu("kill", "--reason", "something is wrong")
    assert ran.code == 0, ran.text
    assert "kill switch is ON (all)" in ran.out
    assert level(holding) == "all"


@pytest.mark.parametrize("text", [*BROKEN, NO_LOGIN])
def test_status_shows_what_is_wrong_and_what_is_known(holding: User, text: str) -> None:
    holding.config.write_text(text)
    ran = holding.jutsu("status", "--json")
    assert ran.code == 0, ran.text
    shown = json.loads(ran.out)
    assert shown["problems"]
    assert shown["kill_switch"] == "none"


@pytest.mark.parametrize(("text", "certain"), BROKEN.items())
def test_panic_stops_everything_and_sells_only_from_the_right_account(
    holding: User, text: str, certain: bool
) -> None:
    before = held(holding)
    holding.config.write_text(text)
    ran = holding.jutsu("panic", "--yes")
    assert ran.code == 6, ran.text  # outside the session sells wait; an account nobody knows is not read
    assert level(holding) == "all"
    sells = [row for row in holding.orders() if row[1] == "sell"]
    assert bool(sells) == certain
    assert held(holding) == before
    assert ("not certain which account" in ran.err) != certain


def test_a_ledger_that_may_be_elsewhere_is_not_made_up(user: User) -> None:
    user.config.write_text("paths: [")
    ran = user.jutsu("kill")
    assert ran.code == 2
    assert "--state-db" in ran.err
    assert user.jutsu("status").code == 0
    assert not user.db.exists()


def test_the_ledger_a_person_names_is_the_one_that_is_stopped(holding: User, tmp_path: Path) -> None:
    elsewhere = tmp_path / "ledger.db"
    elsewhere.write_bytes(holding.db.read_bytes())
    holding.config.write_text("mode: [")
    ran = holding.jutsu("kill", "--state-db", str(elsewhere))
    assert ran.code == 0
    assert str(elsewhere) in ran.out
    assert level(holding) == "none"


class TestImpossible:
    def test_the_mode_before_the_broker_is_refused_when_it_is_set(self, holding: User) -> None:
        ran = holding.jutsu("config", "set", "mode", "online_live")
        assert ran.code == 2
        assert "real broker" in ran.err
        assert holding.jutsu("status").code == 0
        assert holding.rows("config_overrides") == []

    def test_broker_then_data_then_mode_is_accepted(self, holding: User) -> None:
        for name, value in (("broker.name", "alpaca"), ("data.source", "alpaca"), ("mode", "online_live")):
            ran = holding.jutsu("config", "set", name, value)
            assert ran.code == 0, ran.text
        ran = holding.jutsu("config", "set", "data.source", "demo")
        assert ran.code == 2
        assert "demo data" in ran.err

    def test_a_file_that_is_impossible_can_be_put_right_step_by_step(self, holding: User) -> None:
        holding.set(mode="online_live")
        assert "real broker" in holding.jutsu("status").out
        assert holding.jutsu("config", "set", "broker.name", "alpaca").code == 0
        assert holding.jutsu("config", "set", "data.source", "alpaca").code == 0

    def test_stages_refuse_it_as_before(self, holding: User) -> None:
        holding.set(mode="online_live")
        stages = User(holding.root)  # without --prices, which only a trial offline may have
        for ran in (stages.generate(None), stages.execute(None)):
            assert ran.code == 2
            assert "online_live needs a real broker" in ran.err
