"""Rehearsals: the imitation's time, on this machine only; and the login check before a run."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backtest.core.errors import BrokerError, SettingsError
from live.brokers.rehearsal import rehearsal_clock, stand_in
from live.brokers.schwab.token import TokenStore
from live.model.run import Mode
from live.operations import checks as preflight
from live.operations.checks import CheckResult
from live.runtime.loading import instant_of_run
from live.settings.model import BrokerSettings, SchwabSettings, Settings
from live.system.clock import SimulatedClock
from tests.fakes.schwab import FakeSchwab
from tests.support.runtimes import runtime_in

AT = datetime(2024, 3, 12, 19, 45, tzinfo=UTC)


def test_the_clock_of_the_imitation_stands_in() -> None:
    base = SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))
    with FakeSchwab(AT) as fake:
        clock = rehearsal_clock(fake.url, base)
        assert clock.now() == AT
        clock.sleep(5)
        assert clock.now() == AT + timedelta(seconds=5)
        assert clock.monotonic() == base.monotonic()


@pytest.mark.parametrize("url", ["https://127.0.0.1:1", "http://example.com", "http://10.1.2.3:80"])
def test_only_this_machine_may_stand_in(url: str) -> None:
    with pytest.raises(SettingsError):
        rehearsal_clock(url)


def test_an_imitation_that_is_not_there() -> None:
    with pytest.raises(BrokerError, match="does not answer"):
        rehearsal_clock("http://127.0.0.1:9")


def test_settings_are_changed_at_the_time_that_is_played() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with FakeSchwab(AT) as fake:
        broker = BrokerSettings(name="schwab", schwab=SchwabSettings(base_url=fake.url))
        played = Settings(mode="online_live", broker=broker)
        assert abs(instant_of_run(played, now) - AT) < timedelta(seconds=1)
        assert instant_of_run(Settings(broker=broker), now) == now
    assert instant_of_run(played, now) == now, "nothing answers any more"


def test_which_address_stands_in() -> None:
    schwab = SchwabSettings(base_url="http://127.0.0.1:1")
    assert stand_in(BrokerSettings(name="schwab", schwab=schwab)) == "http://127.0.0.1:1"
    assert stand_in(BrokerSettings(name="schwab")) is None
    assert stand_in(BrokerSettings(name="paper", schwab=schwab)) is None


def check(tmp_path: Path, age: timedelta | None, mode: Mode = "online_live") -> CheckResult:
    path = tmp_path / "t.json"
    if age is not None:
        created = int((AT - age).timestamp())
        token = {"access_token": "a" * 9, "refresh_token": "b" * 9}
        TokenStore(path).write({"creation_timestamp": created, "token": token})
    broker = BrokerSettings(name="schwab", schwab=SchwabSettings(token_file=path))
    runtime = runtime_in(tmp_path, AT, settings=Settings(mode=mode, broker=broker))
    return preflight.login(runtime.context, runtime.loaded.root)


@pytest.mark.parametrize(
    ("days", "ok", "warning"), [(1, True, True), (5, False, True), (6.5, False, True), (7, False, False)]
)
def test_the_login_is_judged_before_a_run(tmp_path: Path, days: float, ok: bool, warning: bool) -> None:
    found = check(tmp_path, timedelta(days=days))
    assert (found.ok, found.warning_only) == (ok, warning)
    assert ("before the next run" in found.detail) == (days > 6)


def test_no_login_at_all_stops_the_run_with_exit_code_six(tmp_path: Path) -> None:
    found = check(tmp_path, None)
    assert not found.ok
    assert not found.warning_only
    assert found.error.exit_code == 6


def test_paper_needs_no_login(tmp_path: Path) -> None:
    assert check(tmp_path, None, mode="offline_mock").ok
