"""What a person sees when something was off: the warnings themselves, a failed run, one line for Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from backtest.calendar import sessions as calendar
from live.system.clock import SystemClock
from tests.support.paths import PROJECT
from tests.support.user_world import FIRST, User, called, jutsu


def test_a_run_spells_out_what_it_counts(fresh_file: User) -> None:
    ran = fresh_file.execute(FIRST, "--paper-fault", "reject")
    assert ran.code == 7
    assert "no order was filled" in ran.err
    assert ran.err.count("CRITICAL: ") == 2
    assert "rejected by the paper broker" in ran.err
    assert "warning: QQQ: 0 of" in ran.err


def test_status_does_not_call_a_failed_run_fine(fresh_file: User) -> None:
    fresh_file.execute(FIRST, "--paper-fault", "reject")
    shown = fresh_file.jutsu("status")
    assert "all is well" not in shown.out
    assert f"PROBLEM  golden {FIRST}: QQQ: the buy was not accepted" in shown.out
    problems = json.loads(fresh_file.jutsu("status", "--json").out)["problems"]
    assert len(problems) == 3  # the exit code, and each order
    assert "exit code 7" in problems[0]


def test_the_generator_prints_its_warnings(user: User) -> None:
    from tests.support.user_world import User

    ran = User(user.root).generate(FIRST)
    assert ran.code == 0
    assert "  warning: DEMO data: a seeded synthetic market, not real prices" in ran.out.splitlines()


def test_a_holiday_is_said_once(user: User) -> None:
    ran = user.generate("2024-01-01")
    assert ran.out.splitlines() == ["2024-01-01 is not a trading day: nothing to do"]
    assert ran.code == 0


def test_a_session_that_has_not_come_is_refused_before_it_closes_the_ledger(user: User) -> None:
    user = User(user.root)  # the demo market has bars of days to come
    ahead = calendar.next_session(SystemClock().now().date() + timedelta(days=40)).day
    ran = user.generate(str(ahead))
    assert (ran.code, len(ran.text.splitlines())) == (2, 1)
    assert f"{ahead} has not come yet" in ran.err
    assert not user.db.exists()
    assert user.generate(FIRST).code == 0, "the ledger is open"
    forced = user.generate(str(ahead), "--force")
    assert (forced.code, f"warning: {ahead} has not come yet" in forced.text) == (0, True)
    shown = json.loads(user.jutsu("status", "--json").out)
    assert any(f"closed to earlier sessions until {ahead}" in text for text in shown["problems"])
    today = str(SystemClock().now().date())
    assert all(day <= today for day in shown["missed_sessions"])
    assert all(line["session"] <= today for line in json.loads(user.jutsu("runs", "--json").out))


def test_a_date_given_as_a_word_names_its_option(user: User) -> None:
    ran = user.jutsu("validate", FIRST)
    assert (ran.code, f"write --date {FIRST}" in ran.err) == (2, True)


def test_one_problem_is_said_once(user: User) -> None:
    user.set(execution={"min_cash_pc": 3})
    assert user.generate(FIRST).err.count("unknown setting") == 1


def test_a_setting_that_does_not_exist_is_no_empty_table(user: User) -> None:
    ran = user.jutsu("config", "show", "nosuch")
    assert ran.code == 2
    assert "nosuch: no setting begins with this" in ran.err


def test_an_export_that_cannot_be_written_is_the_users_error(fresh_file: User, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = fresh_file.jutsu("export", "--output", str(tmp_path / "file" / "trades.csv"))
    assert ran.code == 2
    assert "trades.csv: cannot be written" in ran.err


@pytest.mark.parametrize("command", ["trades", "export"])
def test_a_mode_that_does_not_exist_is_refused(user: User, command: str) -> None:
    ran = user.jutsu(command, "--mode", "paper")
    assert ran.code == 2
    assert "offline, online or all" in ran.err


def test_a_first_day_says_what_to_do(user: User) -> None:
    assert "no run yet: `jutsu doctor`" in user.jutsu("status").out
    ran = user.jutsu("explain", "QQQ")
    assert ran.code == 2
    assert "no decisions yet" in ran.err
    ran = user.jutsu("config", "history")
    assert ran.code == 2
    assert "no ledger yet" in ran.err
    assert not (user.root / "state" / "ledger.db").exists(), "reading commands create nothing"
    assert user.jutsu("resume").code == 0  # a command that may write
    assert user.jutsu("config", "history").out.splitlines() == ["no overrides", "no run and no change yet"]


def test_a_mistyped_ledger_is_not_created(user: User, tmp_path: Path) -> None:
    wrong = tmp_path / "none" / "ledger.db"
    for command in (("status",), ("trades",), ("compare",), ("explain", "QQQ")):
        words = [*command, "--config", str(user.config), "--state-db", str(wrong)]
        ran = called(partial(jutsu, words))
        assert ran.code == 2
        assert "there is no such ledger" in ran.err
    assert not wrong.parent.exists()


def test_a_narrow_window_cuts_no_name(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = called(lambda: jutsu(["config", "show", "execution.limits", "--config", str(user.config)])).out
    assert "…" not in shown
    assert "execution.limits.max_total_exposure_pct" in shown


@pytest.mark.parametrize(
    "command",
    [
        ["live.cli", "replay", "--start", "2022-01-03", "--end", "2024-12-30"],
        ["backtest", "audit", "--strategy", "golden", "--samples", "400"],
    ],
    ids=["replay", "audit"],
)
def test_ctrl_c_is_one_line(command: list[str], tmp_path: Path, prices: Path) -> None:
    more = (
        ["--state-db", str(tmp_path / "l.db"), "--output-dir", str(tmp_path)] if "replay" in command else []
    )
    with subprocess.Popen(
        [sys.executable, "-m", *command, "--prices", str(prices), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT), "JUTSU_PATHS__LOGS": str(tmp_path / "logs")},
    ) as child:
        deadline = time.monotonic() + 30
        while more and not (tmp_path / "trade_signals_2022-01-05_golden.json").exists():
            assert time.monotonic() < deadline, "the replay did not start"
            time.sleep(0.05)
        time.sleep(0 if more else 1)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
    assert child.returncode == 130, err
    assert "Traceback" not in err
    assert "interrupted" in err
