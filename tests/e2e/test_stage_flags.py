"""The two command lines: defaults, every flag, running twice, dry runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import PROJECT
from tests.support.user_world import FIRST, SECOND, SWITCH, User, new_user, tree, unchanged

PROCESS_LIMIT = 120


def process(
    module: str, *arguments: str, cwd: Path | str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **environment},
        capture_output=True,
        text=True,
        timeout=PROCESS_LIMIT,
        check=False,
    )


def test_both_stages_need_no_flag(tmp_path: Path) -> None:
    """The two cron lines as they are: run in the project folder, today, whatever day it is."""
    place = new_user(tmp_path / "jutsu")
    for module in ("live.signal_generator", "live.executor"):
        done = process(module, cwd=place.root)
        assert done.returncode in {0, 7}, done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout or done.returncode == 7


def test_the_same_inputs_give_the_same_bytes_anywhere(tmp_path: Path, user: User, prices: Path) -> None:
    day = FIRST
    assert user.generate(day).code == 0
    elsewhere = tmp_path / "far away"
    done = process(
        "live.signal_generator",
        "--as-of",
        day,
        "--prices",
        str(prices),
        "--config",
        str(user.config),
        "--state-db",
        str(elsewhere / "other.db"),
        "--output-dir",
        str(elsewhere / "out"),
        cwd="/",
        TZ="Asia/Kolkata",
        LC_ALL="tr_TR.UTF-8",
        LANG="tr_TR.UTF-8",
        PYTHONHASHSEED="4711",
    )
    assert done.returncode == 0, done.stderr
    there = tree(elsewhere / "out")
    assert there == tree(user.signals)
    assert len(there) == 3


def test_two_files_per_run_with_a_schema_beside_them(fresh_file: User) -> None:
    assert sorted(tree(fresh_file.signals)) == [
        "schema/trade_signals.schema.json",
        f"trade_signals_{FIRST}_golden.json",
        f"trade_signals_{FIRST}_titan.json",
    ]
    data = json.loads(fresh_file.file(FIRST).read_text())
    assert (fresh_file.signals / data["$schema"]).is_file()
    assert [data["strategy"]["role"], data["mode"]] == ["primary", "offline_mock"]
    assert json.loads(fresh_file.file(FIRST, "titan").read_text())["strategy"]["role"] == "shadow"


def test_dry_runs_write_nothing_at_all_on_a_new_account(user: User) -> None:
    with unchanged(user.root):
        ran = user.generate(FIRST, "--dry-run")
    assert ran.code == 0
    assert "would write" in ran.out


def test_dry_runs_write_nothing_at_all_later(invested: User) -> None:
    with unchanged(invested.root):
        ran = invested.execute(SWITCH, "--dry-run")
        assert ran.code == 0
        assert ran.out.count("TMF") == 2  # the line and the id
        assert ran.out.index("sell") < ran.out.index("buy")
        assert invested.generate(SWITCH, "--dry-run", "--force").code == 0
        assert invested.generate("2024-01-08", "--dry-run").code == 0


def test_a_dry_run_shows_exactly_what_the_real_run_sends(invested: User) -> None:
    wanted = [
        line.split(" id ")[1]
        for line in invested.execute(SWITCH, "--dry-run").out.splitlines()
        if " id " in line
    ]
    before = len(invested.orders())
    assert invested.execute(SWITCH).code == 0
    assert [row[0] for row in invested.orders()[before:]] == wanted


def test_a_second_generator_run_leaves_the_file(fresh_file: User) -> None:
    with unchanged(fresh_file.signals):
        ran = fresh_file.generate(FIRST)
    assert ran.code == 0
    assert ran.out.count("already done") == 2


def test_a_second_executor_run_changes_nothing(invested: User) -> None:
    assert invested.execute(SWITCH).code == 0
    orders, account = invested.orders(), invested.paper_account()
    ran = invested.execute(SWITCH)
    assert (ran.code, "already done" in ran.out) == (0, True)
    assert (invested.orders(), invested.paper_account()) == (orders, account)


def test_a_lost_file_comes_back_as_it_was(fresh_file: User) -> None:
    before = fresh_file.file(FIRST).read_bytes()
    fresh_file.file(FIRST).unlink()
    assert fresh_file.generate(FIRST).code == 0
    assert fresh_file.file(FIRST).read_bytes() == before


def test_force_generates_again_until_an_order_was_sent(fresh_file: User) -> None:
    content = fresh_file.file(FIRST).read_bytes()
    fresh_file.file(FIRST).write_bytes(content.replace(b'"note": ""', b'"note": "mine"'))
    ran = fresh_file.generate(FIRST, "--force")
    assert (ran.code, fresh_file.file(FIRST).read_bytes()) == (0, content)
    assert fresh_file.execute(FIRST).code == 0
    with unchanged(fresh_file.signals):
        refused = fresh_file.generate(FIRST, "--force")
    assert refused.code == 2
    assert "already sent" in refused.err


def test_another_output_dir_and_state_db(user: User, tmp_path: Path) -> None:
    elsewhere = ["--output-dir", str(tmp_path / "files"), "--state-db", str(tmp_path / "books" / "mine.db")]
    assert user.generate(FIRST, *elsewhere).code == 0
    assert user.execute(FIRST, *elsewhere).code == 0
    assert not user.db.exists()
    assert not user.signals.exists()
    assert (tmp_path / "books" / "mine.paper.db").exists()
    assert len(user.rows("orders", database=tmp_path / "books" / "mine.db")) == 2


def test_signals_file_may_lie_anywhere_under_any_name(fresh_file: User, tmp_path: Path) -> None:
    moved = tmp_path / "whatever.json"
    moved.write_bytes(fresh_file.file(FIRST).read_bytes())
    ran = fresh_file.execute(FIRST, "--signals-file", str(moved))
    assert ran.code == 0
    assert len(fresh_file.orders()) == 2


def test_nothing_due_is_no_error(user: User) -> None:
    ran = user.execute(FIRST)
    assert ran.code == 0
    assert "no signal file is due" in ran.out


@pytest.mark.parametrize("choice", ["golden", "config/strategies/golden.yaml"])
def test_strategy_takes_a_name_or_a_file_and_brings_its_shadows(user: User, choice: str) -> None:
    wanted = str(user.root / choice) if choice.endswith(".yaml") else choice
    assert user.generate(FIRST, "--strategy", wanted).code == 0
    assert user.file(FIRST).exists()
    assert user.file(FIRST, "titan").exists()


def test_a_listed_shadow_runs_alone_and_an_unlisted_file_is_a_shadow(user: User) -> None:
    assert user.generate(FIRST, "--strategy", "titan").code == 0
    assert sorted(p.name for p in user.signals.glob("*.json")) == [f"trade_signals_{FIRST}_titan.json"]
    assert user.generate(FIRST, "--strategy", str(user.root / "config/strategies/gold2026.yaml")).code == 0
    data = json.loads(user.file(FIRST, "gold2026").read_text())
    assert data["strategy"]["role"] == "shadow"


def test_an_unknown_strategy_is_named_with_what_exists(user: User) -> None:
    ran = user.generate(FIRST, "--strategy", "goldne")
    assert ran.code == 2
    assert "golden" in ran.err
    assert not user.signals.exists()


def test_a_shadow_file_never_reaches_the_broker(fresh_file: User) -> None:
    account = fresh_file.paper_account()
    ran = fresh_file.execute(FIRST, "--signals-file", str(fresh_file.file(FIRST, "titan")))
    assert ran.code == 2
    assert "only a primary is executed" in ran.err
    assert fresh_file.orders() == []
    assert fresh_file.paper_account() == account
    accepted = fresh_file.execute(
        FIRST, "--signals-file", str(fresh_file.file(FIRST, "titan")), "--accept-edits"
    )
    assert (accepted.code, fresh_file.orders()) == (2, [])


def test_the_manifest_stops_both_stages(fresh_file: User) -> None:
    path = fresh_file.root / "config" / "strategies" / "golden.yaml"
    path.write_text(path.read_text().replace("sma_slow: 140", "sma_slow: 150"))
    for ran in (
        fresh_file.generate(SECOND),
        fresh_file.execute(FIRST),
        fresh_file.execute(FIRST, "--dry-run"),
    ):
        assert ran.code == 2
        assert "sma_slow" in ran.err
        assert "140" in ran.err
    assert fresh_file.orders() == []
    assert not fresh_file.file(SECOND).exists()


def test_a_missing_manifest_stops_both_stages(fresh_file: User, tmp_path: Path) -> None:
    nowhere = ["--manifest", str(tmp_path / "none.json")]
    assert fresh_file.generate(SECOND, *nowhere).code == 2
    assert fresh_file.execute(FIRST, *nowhere).code == 2
    assert fresh_file.orders() == []


def test_online_live_refuses_past_sessions_and_unconfirmed_accounts(user: User) -> None:
    past = user.generate(FIRST, "--mode", "online_live")
    assert past.code == 2
    assert "offline_mock" in past.err
    now = User(user.root).generate(None, "--mode", "online_live")
    assert now.code == 2
    assert not user.signals.exists()


def test_unknown_flags_are_bad_usage(user: User) -> None:
    assert user.generate(FIRST, "--nonsense").code == 2
    assert user.execute(FIRST, "--phase", "sometimes").code == 2
    assert user.generate("yesterday").code == 2


def test_the_run_log_and_snapshots_tell_every_session(invested: User) -> None:
    assert invested.execute(SWITCH).code == 0
    log = invested.rows("run_log", "session, variant, role, outcome, executor_exit")
    assert [row for row in log if row[1] == "golden"] == [
        (day, "golden", "primary", "completed", 0) for day in (FIRST, SECOND, "2024-01-04", SWITCH)
    ]
    assert len([row for row in log if row[2] == "shadow"]) == 4
    state = json.loads((invested.root / "state" / "state.json").read_text())
    assert state["mode"] == "offline_mock"
    assert sorted(state["current_positions"]) == ["QQQ", "TQQQ"]
    assert list((invested.root / "state" / "backups").iterdir())


def test_a_screen_nobody_reads_does_not_stop_the_day(invested: User) -> None:
    """A full disk behind the redirected output, and a pipe that was closed."""
    full = os.open("/dev/full", os.O_WRONLY)
    reading, closed = os.pipe()
    os.close(reading)
    runs = ((full, "live.executor", SWITCH), (closed, "live.signal_generator", "2024-01-08"))
    for screen, module, day in runs:
        done = subprocess.run(
            [sys.executable, "-m", module, *invested.flags(day)],
            stdout=screen,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            timeout=PROCESS_LIMIT,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
    os.close(full)
    os.close(closed)
    assert len(invested.orders()) == 5
    assert invested.file("2024-01-08", "titan").exists()


@pytest.mark.parametrize("arguments", [("review", "FILE"), ("status",), ("explain", "QQQ", "--json")])
def test_a_screen_that_knows_only_ascii_shows_something(invested: User, arguments: tuple[str, ...]) -> None:
    given = [str(invested.file(SWITCH)) if word == "FILE" else word for word in arguments]
    done = process(
        "live.cli", *given, "--config", str(invested.config), cwd=invested.root, PYTHONIOENCODING="ascii"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    if "--json" in arguments:
        json.loads(done.stdout)
