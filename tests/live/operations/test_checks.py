"""Preflight: each check answers with a reason."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backtest.calendar.sessions import session
from backtest.core.errors import BrokerError, LimitError
from live.model.run import Replay
from live.operations import checks as preflight
from live.operations import timers
from live.operations.crontab import DAILY_STAGES
from live.operations.installed import units_folder
from tests.support.exec_world import AT, DAY, world

LINE = "45 15 * * 1-5 cd {} &&"


@pytest.fixture
def runtime(tmp_path: Path) -> Any:
    return world(tmp_path).open()


def cron(runtime: Any) -> preflight.CheckResult:
    return preflight.cron(runtime.loaded.root, runtime.state, runtime.clock)


def test_preflight_names_every_check(runtime: Any) -> None:
    names = [r.name for r in preflight.before_trading(runtime.context, runtime.broker, session(DAY))]
    assert names == ["session", "disk", "login", "broker", "clock", "cron"]


def test_preflight_is_skipped_for_the_past(runtime: Any) -> None:
    assert (
        preflight.before_trading(replace(runtime, run=Replay()).context, runtime.broker, session(DAY)) == ()
    )


def test_missing_cron_lines_only_warn(runtime: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        preflight, "crontab", lambda: f"{LINE} python -m live.executor\n".format(runtime.loaded.root)
    )
    found = cron(runtime)
    assert not found.ok
    assert "signal_generator" in found.detail
    assert preflight.require([found]) == (f"cron: {found.detail}",)


def test_timers_agents_and_the_loop_are_schedules_too(
    runtime: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(preflight, "crontab", lambda: None)
    monkeypatch.setattr(timers, "enabled", lambda: ())
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "no crontab" in cron(runtime).detail
    assert "--systemd" in cron(runtime).remedy, "no cron lines are advised where there is no cron"
    monkeypatch.setattr(timers, "enabled", lambda: ("jutsu-executor-place.timer",))
    assert "signal_generator" in cron(runtime).detail
    units = ("jutsu-executor-place.timer", "jutsu-signal-generator.timer")
    monkeypatch.setattr(timers, "enabled", lambda: units)
    assert cron(runtime).detail == "both stages are scheduled (timers)"
    monkeypatch.setattr(timers, "enabled", lambda: ())
    agents = tmp_path / "Library" / "LaunchAgents"
    agents.mkdir(parents=True)
    for name in ("signal-generator", "executor"):
        text = f"<string>{runtime.loaded.root}</string>"
        (agents / f"org.jutsu.{name}.plist").write_text(text)
    assert cron(runtime).ok
    for path in agents.iterdir():
        path.unlink()
    at = runtime.clock.now().isoformat()
    runtime.state.mkdir(exist_ok=True)
    (runtime.state / "schedule_heartbeat.json").write_text(f'{{"at": "{at}"}}')
    assert cron(runtime).ok


def test_what_starts_another_project_is_no_schedule_of_this_one(
    runtime: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root, other = runtime.loaded.root, tmp_path / "other"
    text = "\n".join(f"{LINE} python -m {stage}".format(other) for stage in DAILY_STAGES)
    monkeypatch.setattr(preflight, "crontab", lambda: text)
    monkeypatch.setattr(timers, "enabled", lambda: ("jutsu-signal-generator.timer", "jutsu-executor.timer"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    units, agents = units_folder(tmp_path, None), tmp_path / "Library" / "LaunchAgents"
    for place in (units, agents):
        place.mkdir(parents=True)
    for folder, ok in ((other, False), (root, True)):
        for name in ("signal-generator", "executor"):
            (units / f"jutsu-{name}.service").write_text(f"WorkingDirectory={folder}\n")
            (agents / f"org.jutsu.{name}.plist").write_text(f"<string>{other}</string>")
        assert cron(runtime).ok is ok
    assert cron(runtime).detail.endswith("(timers)")


def test_a_full_disk_stops_the_run(runtime: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("U", (), {"free": 5_000_000})())
    with pytest.raises(LimitError, match="only 5 MB free"):
        preflight.require([preflight.disk(runtime.settings, runtime.state)])


def test_a_dead_token_is_a_broker_failure() -> None:
    from backtest.core.errors import AuthenticationFailed

    class Locked:
        def account(self) -> None:
            raise AuthenticationFailed("token expired", remedy="jutsu auth login")

    locked: Any = Locked()
    with pytest.raises(BrokerError) as caught:
        preflight.require([preflight.connectivity(locked)])
    assert caught.value.exit_code == 6
    assert "token" in caught.value.line()
    assert "`python -m live.signal_generator`" in str(caught.value.remedy)  # after the login


@pytest.mark.parametrize(("seconds", "ok"), [(29, True), (31, False), (-31, False)])
def test_clock_skew_against_the_broker(runtime: Any, seconds: int, ok: bool) -> None:
    class Skewed:
        def clock_offset(self) -> timedelta:
            return timedelta(seconds=seconds)

    broker: Any = Skewed()
    assert preflight.clock_skew(runtime.settings, broker).ok is ok


def test_after_the_close_is_no_session(runtime: Any) -> None:
    runtime.clock.set(AT.replace(hour=16, minute=1))
    assert not preflight.session_open(runtime.clock, session(DAY)).ok
