"""What a person is told when an answer comes too late, nobody answers, or a refused file is shown."""

import io
import json
import os
import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.user_world import FIRST, SECOND, SWITCH, User, called, jutsu


def test_an_executed_file_is_not_approved_again(fresh_file: User) -> None:
    assert fresh_file.execute(FIRST).code == 0
    ran = fresh_file.jutsu("approve", str(fresh_file.file(FIRST)))
    assert ran.code == 2
    assert "already executed" in ran.err


@pytest.mark.parametrize("command", ["approve", "skip"])
def test_a_file_of_a_past_session_gets_no_answer(fresh_file: User, command: str) -> None:
    assert fresh_file.generate(SECOND).code == 0
    ran = fresh_file.jutsu(command, str(fresh_file.file(FIRST)))
    assert ran.code == 7
    assert "past" in ran.err


def test_silence_leaves_the_entries_to_be_approved(invested: User) -> None:
    """The exit went without an answer; an approval inside the window still sends the rest."""
    invested.set(approval={"policy": "required"})
    assert invested.execute(SWITCH).code == 0
    assert invested.jutsu("approve", str(invested.file(SWITCH)), "--as-of", f"{SWITCH}T15:57").code == 0
    assert invested.execute(f"{SWITCH}T15:57").code == 0
    assert len(invested.orders()) == 5


def test_a_daily_file_is_judged_by_today(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Generated about now (not `--as-of`), its window is over the day after, offline too."""
    today = datetime(2024, 1, 2, 20, 56, tzinfo=UTC)
    later = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)
    assert User(user.root).generate(FIRST).code == 0
    with sqlite3.connect(user.db) as connection:
        connection.execute("update run_log set past = 0")
    for now, code in ((today, 0), (later, 7)):
        monkeypatch.setattr("live.system.clock.SystemClock.now", lambda _self, now=now: now)
        assert user.jutsu("approve", str(user.file(FIRST))).code == code


def test_the_next_step_carries_the_flags_of_the_call(fresh_file: User) -> None:
    at = f"{FIRST}T15:56"
    ran = fresh_file.jutsu("review", str(fresh_file.file(FIRST)), "--as-of", at)
    assert ran.code == 0
    assert f"next: python -m live.executor --config {fresh_file.config} --as-of {at}\n" in ran.out
    fresh_file.set(approval={"policy": "required"})
    shown = json.loads(fresh_file.jutsu("review", str(fresh_file.file(FIRST)), "--as-of", at, "--json").out)
    assert shown["next"].startswith(f"jutsu approve {fresh_file.file(FIRST)} --config")


def test_a_refused_file_is_shown_and_is_exit_2(fresh_file: User) -> None:
    path = fresh_file.file(FIRST)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    for words in ([], ["--json"]):
        ran = fresh_file.jutsu("review", str(path), *words)
        assert ran.code == 2
        assert "byte order mark" in ran.out.replace("\n", " ")


def test_a_file_over_a_limit_is_shown_and_is_exit_7(fresh_file: User) -> None:
    fresh_file.set(execution={"limits": {"max_orders_per_run": 1}})
    assert fresh_file.jutsu("review", str(fresh_file.file(FIRST))).code == 7


def test_a_rejected_report_is_exit_2(user: User, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text("{}")
    assert called(lambda: jutsu(["report", "parse", str(report)])).code == 2
    assert called(lambda: jutsu(["report", "parse", str(report), "--json"])).code == 2


def test_nobody_there_to_answer_is_exit_2(fresh_file: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    ran = fresh_file.jutsu("panic")
    assert ran.code == 2, ran.text
    assert "nobody answered" in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_recover_where_nothing_is_says_so_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = called(lambda: jutsu(["recover", "--yes"]))
    assert ran.code == 2
    assert "no ledger" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_status_names_the_prices_that_were_used(user: User) -> None:
    user.trade(FIRST)
    shown = json.loads(user.jutsu("status", "--json").out)
    assert shown["data_source"] == f"prices:{user.prices}"
    assert "DEMO" not in user.jutsu("status").out


def test_config_check_takes_the_flag_every_command_has(user: User) -> None:
    assert called(lambda: jutsu(["config", "check", "--config", str(user.config)])).code == 0
    ran = called(lambda: jutsu(["config", "check", str(user.config), "--config", str(user.config)]))
    assert ran.code == 2


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("safety", "min_free_disk_mb"),
        ("polling", "retries"),
        ("execution", "min_cash_pct"),
        ("execution", "limits.max_orders_per_run"),
        ("data", "demo_seed"),
        ("paper", "initial_cash"),
    ],
)
@pytest.mark.parametrize("value", [True, False])
def test_true_and_false_are_no_numbers(user: User, section: str, name: str, value: bool) -> None:
    last = name.rpartition(".")[2]
    user.set(**{section: {"limits": {last: value}} if "." in name else {last: value}})
    ran = user.generate(FIRST)
    assert ran.code == 2
    assert f"{section}.{name}" in ran.err
    assert user.jutsu("config", "set", f"{section}.{name}", json.dumps(value)).code == 2


def test_a_huge_settings_file_is_called_what_it_is(user: User) -> None:
    user.config.write_text("# nothing\n" * 200_000)
    ran = user.jutsu("config", "show")
    assert ran.code == 2
    assert "larger than 1,000,000 bytes" in ran.err
    assert "strategy" not in ran.err


def test_everything_is_for_its_owner_alone(user: User) -> None:
    before = os.umask(0)
    try:
        user.trade(FIRST)
        for name in ("ledger.db", "ledger.paper.db"):
            (user.root / "state" / name).chmod(0o644)
        for words in (
            ["backup"],
            ["validate", "--date", FIRST],
            ["config", "set", "safety.max_drift_pct", "2"],
        ):
            user.jutsu(*words)
    finally:
        os.umask(before)
    for folder in ("state", "logs", "signals"):
        for path in (user.root / folder, *(user.root / folder).rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_dry_run_shows_the_value_of_the_edited_quantity(fresh_file: User) -> None:
    path = fresh_file.file(FIRST)
    data = json.loads(path.read_text())
    order = data["orders"][0]
    order["quantity"] = 7  # the value beside it is left as it was, which is allowed
    path.write_text(json.dumps(data))
    ran = fresh_file.execute(FIRST, "--dry-run", "--accept-edits")
    assert f"about {7 * order['reference_price']:,.2f}" in ran.out
    assert f"{order['estimated_value']:,.2f}" not in ran.out


def test_a_file_whose_orders_a_person_took_out_is_an_edit_to_approve(fresh_file: User) -> None:
    """The executor refuses it like any edit: "nothing to approve" would end in exit 2."""
    path, at = fresh_file.file(FIRST), ["--as-of", f"{FIRST}T15:56"]
    for order in json.loads(path.read_text())["orders"]:
        assert fresh_file.jutsu("order", "drop", str(path), order["client_order_id"], *at).code == 0
    shown = json.loads(fresh_file.jutsu("review", str(path), *at, "--json").out)
    assert shown["next"].startswith(f"jutsu approve {path}")
    assert fresh_file.execute(FIRST).code == 2
    assert fresh_file.jutsu("approve", str(path), *at).code == 0
    assert fresh_file.execute(FIRST).code == 0
    assert fresh_file.orders() == []


def test_a_file_without_orders_asks_for_nothing(user: User) -> None:
    user.trade(FIRST)
    user.set(approval={"policy": "required"})
    assert user.generate(SECOND).code == 0
    at = ["--as-of", f"{SECOND}T15:56"]
    shown = json.loads(user.jutsu("review", str(user.file(SECOND)), *at, "--json").out)
    assert shown["orders"] == []
    assert shown["next"].startswith("nothing to approve: no orders")
