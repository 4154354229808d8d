"""Sessions, windows and clocks: holidays, early closes, time changes, too early, too late, the past."""

import json
from pathlib import Path

import pytest

from tests.support.user_world import FIRST, SECOND, User, new_user


def window(path: Path) -> tuple[str, str, str]:
    data = json.loads(path.read_text())
    times = data["execution_window"]
    return data["as_of"], times["opens_at"], times["closes_at"]


@pytest.mark.parametrize("day", ["2024-03-16", "2024-12-25", "2024-07-04T15:56"])
def test_a_day_without_trading_ends_with_0_and_leaves_nothing(user: User, day: str) -> None:
    for ran in (user.generate(day), user.execute(day)):
        assert ran.code == 0
        assert "not a trading day" in ran.out
    assert not user.signals.exists()


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        ("2024-11-29", "2024-11-29T12:55:00-05:00", "2024-11-29T12:59:00-05:00"),
        ("2024-07-03", "2024-07-03T12:55:00-04:00", "2024-07-03T12:59:00-04:00"),
        ("2024-03-08", "2024-03-08T15:55:00-05:00", "2024-03-08T15:59:00-05:00"),
        ("2024-03-11", "2024-03-11T15:55:00-04:00", "2024-03-11T15:59:00-04:00"),
        ("2024-11-01", "2024-11-01T15:55:00-04:00", "2024-11-01T15:59:00-04:00"),
        ("2024-11-04", "2024-11-04T15:55:00-05:00", "2024-11-04T15:59:00-05:00"),
    ],
)
def test_early_closes_and_time_changes_move_the_window(user: User, day: str, opens: str, closes: str) -> None:
    assert user.generate(day).code == 0
    assert window(user.file(day)) == (opens, opens, closes)
    assert json.loads(user.file(day).read_text())["session"]["early_close"] == ("T12" in opens)
    assert user.execute(day).code == 0
    assert [row[3] for row in user.orders()] == ["FILLED"] * len(user.orders()) != []


def test_a_future_half_day_in_the_configured_demo_market(tmp_path: Path) -> None:
    place = new_user(tmp_path / "jutsu")
    assert place.generate("2026-11-27").code == 0
    assert window(place.file("2026-11-27"))[1:] == ("2026-11-27T12:55:00-05:00", "2026-11-27T12:59:00-05:00")
    assert any("DEMO" in warning for warning in json.loads(place.file("2026-11-27").read_text())["warnings"])
    assert place.execute("2026-11-27").code == 0


def test_too_early_is_0_and_too_late_is_7(fresh_file: User) -> None:
    early = fresh_file.execute(f"{FIRST}T15:54:59")
    assert (early.code, fresh_file.orders()) == (0, [])
    assert "too early" in early.out
    late = fresh_file.execute(f"{FIRST}T15:59:01")
    assert (late.code, fresh_file.orders()) == (7, [])
    assert "closed at 15:59" in late.err
    assert fresh_file.rows("run_log", "variant, missed, outcome")[0] == ("golden", 1, "missed")
    assert fresh_file.execute(f"{FIRST}T15:59:00").code == 0
    assert len(fresh_file.orders()) == 2


def test_skip_time_check_trades_outside_the_window(fresh_file: User) -> None:
    assert fresh_file.execute(f"{FIRST}T14:00", "--skip-time-check").code == 0
    assert len(fresh_file.orders()) == 2


def test_the_generator_before_its_time_and_after_its_window(user: User) -> None:
    morning = user.generate(f"{FIRST}T09:00")
    assert (morning.code, user.signals.exists()) == (0, False)
    assert "too early" in morning.out
    late = user.generate(f"{FIRST}T15:59:30")
    assert (late.code, user.signals.exists()) == (7, False)


def test_a_time_with_an_offset_means_that_instant(user: User) -> None:
    """20:56 in London is 15:56 in New York in January."""
    assert user.generate(f"{FIRST}T20:56:00+00:00").code == 0
    assert window(user.file(FIRST))[0] == "2024-01-02T15:56:00-05:00"


@pytest.mark.parametrize(
    ("name", "opens", "closes", "price"),
    [
        ("open", "09:30:00", "09:35:00", "open"),
        ("15min_after_open", "09:45:00", "10:00:00", "open"),
        ("15min_before_close", "15:45:00", "15:55:00", "close"),
        ("5min_before_close", "15:55:00", "15:59:00", "close"),
        ("close", "15:55:00", "15:59:00", "close"),
    ],
)
def test_execution_time_for_one_run(
    user: User, prices: Path, name: str, opens: str, closes: str, price: str
) -> None:
    assert user.generate(FIRST, "--execution-time", name).code == 0
    data = json.loads(user.file(FIRST).read_text())
    assert data["execution_window"]["name"] == name
    assert window(user.file(FIRST))[1:] == (f"{FIRST}T{opens}-05:00", f"{FIRST}T{closes}-05:00")
    assert data["decision"]["decided_on"] == ("2023-12-29" if price == "open" else FIRST)
    assert data["strategy"]["sources"]["execution_time"] == "flag"
    assert {row["provisional"] for row in data["inputs"]["bars"]} == {price == "close"}
    ran = user.execute(FIRST)
    assert ran.code == 0, ran.text
    head, *lines = (prices / "QQQ.csv").read_text().splitlines()
    cells = next(line for line in lines if line.startswith(FIRST)).split(",")
    bar = dict(zip(head.split(","), cells, strict=True))
    bought = {row[0]: float(row[1]) for row in user.rows("orders", "symbol, average_price")}
    assert bought["QQQ"] == float(bar[price])


def test_the_past_of_a_ledger_is_refused_by_both_stages(invested: User) -> None:
    orders = invested.orders()
    before = invested.generate(FIRST)
    assert before.code == 2
    assert "past" in before.err
    old = invested.execute(SECOND)
    assert old.code == 2, old.text
    assert "past" in old.err
    assert invested.orders() == orders


def test_an_old_file_nobody_executed_is_not_executed_later(fresh_file: User) -> None:
    assert fresh_file.generate(SECOND).code == 0
    ran = fresh_file.execute(FIRST)
    assert (ran.code, fresh_file.orders()) == (2, [])


def test_a_file_of_another_day_is_refused(fresh_file: User) -> None:
    ran = fresh_file.execute(SECOND, "--signals-file", str(fresh_file.file(FIRST)))
    assert ran.code == 2
    assert "$.trade_date" in ran.err
    accepted = fresh_file.execute(SECOND, "--signals-file", str(fresh_file.file(FIRST)), "--accept-edits")
    assert accepted.code == 2
    assert fresh_file.orders() == []


def test_a_missed_session_is_told_and_the_next_one_proposes_again(fresh_file: User) -> None:
    assert fresh_file.execute(f"{FIRST}T16:30").code == 7
    fresh_file.trade(SECOND)
    assert len(fresh_file.orders()) == 2


def test_an_extra_start_after_the_window_is_harmless(user: User) -> None:
    """Nobody answered, so the entry waited: a later cron line neither alarms nor calls it missed."""
    user.set(approval={"policy": "required"})
    day = FIRST
    assert user.generate(day).code == 0
    held = user.execute(day)
    assert held.code == 0
    assert "not sent: nobody answered" in held.err
    late = user.execute(f"{day}T16:55")
    assert late.code == 0, late.err
    assert "the window is over, skipped stands" in late.out
    assert ("golden", 0, "skipped") in user.rows("run_log", "variant, missed, outcome")
    assert user.orders() == []
