"""The machine and the network at their worst: a clear end every time, and the next run makes it good."""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from live.ledger import database, links
from tests.support.http_fuse import on_commit
from tests.support.http_imitation import DAY, MovedClock, at
from tests.support.http_stage import Stage, entries, stage
from tests.support.http_world import wanted

ALL = {"method": ".*", "path": "^/(trader|marketdata|v1)", "times": None}


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    with stage(tmp_path / "desk", monkeypatch, capsys) as made:
        yield made


def test_the_plain_run(run: Stage) -> None:
    assert run.execute() == 0, run.text
    assert run.wrong() == []
    assert run.sent() == 2
    state = run.project.folder / "state"
    assert json.loads((state / "state.json").read_text())
    (copy,) = (state / "backups").glob("*.db")
    with contextlib.closing(sqlite3.connect(copy)) as db:
        assert db.execute("select count(*) from orders where state = 'FILLED'").fetchone() == (2,)


def test_one_failure_is_one_alert(run: Stage) -> None:
    run.fake.clock(at=at(DAY, "16:05:00").isoformat())
    assert run.execute() == 7
    path = next((run.project.folder / "signals").glob("*.json"))
    path.write_text(path.read_text().replace('"note": ""', '"note": "x"', 1))
    assert run.execute() == 2, run.text
    assert run.jutsu("kill", "--reason", "test") == 0, run.text
    assert run.execute() == 3
    with run.project.ledger() as ledger:
        assert ledger.orders.recent() == ()
    with contextlib.closing(sqlite3.connect(run.project.folder / "state" / "ledger.db")) as db:
        rows = db.execute("select level, title, body from alerts order by id").fetchall()
    assert [level for level, *_ in rows] == ["critical"] * 3, rows
    assert "closed at 15:55" in rows[0][1] + rows[0][2]
    assert ["exit code 2" in rows[1][1], "exit code 3" in rows[2][1]] == [True, True]


# disk and folders ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("commit", range(1, 15, 3))
def test_a_disk_that_fills_up_at_any_commit(run: Stage, commit: int) -> None:
    """From that commit on nothing can be written any more; orders in the air are found by the next run."""

    def full(number: int) -> None:
        if number >= commit:
            raise sqlite3.OperationalError("database or disk is full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database.Database, "transaction", on_commit(full))
        code = run.execute()
    assert code == 8, run.text
    assert "disk is full" in run.text
    assert "Traceback" not in run.text
    assert run.sent() <= 2
    run.finish()
    assert run.sent() <= 3  # an order that provably never left is sent by the second run


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash to set the limit")
@pytest.mark.parametrize(("kilobytes", "at_most"), [(0, 0), (100, 1)])
def test_a_real_process_that_may_not_write_another_byte(run: Stage, kilobytes: int, at_most: int) -> None:
    """The operating system refuses to let any file grow: ledger, journal and log."""
    shell = f"ulimit -f {kilobytes}; exec {shlex.quote(sys.executable)} -B -m live.executor"
    done = subprocess.run(
        ["bash", "-c", shell],
        cwd=run.project.folder,
        env=run.project.environ(run.fake.url),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 8, done.stderr
    assert "the disk reports an error" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert run.sent() <= at_most
    run.finish()


def test_a_state_folder_that_is_a_file(run: Stage) -> None:
    (run.project.folder / "state").rename(run.project.folder / "kept")
    (run.project.folder / "state").write_text("not a folder")
    code = run.execute()
    assert code == 8, run.text
    assert "ledger" in run.text
    assert run.sent() == 0
    (run.project.folder / "state").unlink()
    (run.project.folder / "kept").rename(run.project.folder / "state")
    run.finish()


def test_a_ledger_another_process_holds(run: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "BUSY_MILLISECONDS", 50)
    other = sqlite3.connect(run.project.folder / "state" / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    code = run.execute()
    assert code == 8, run.text
    assert "another process is writing to the ledger" in run.text
    assert run.sent() == 0
    other.execute("ROLLBACK")
    other.close()
    run.finish()


# clocks -------------------------------------------------------------------------------------------------


def jumping(run: Stage, seconds: int) -> type[Any]:
    """A clock of this machine that jumps once the first order has left; the broker's does not."""

    class Jumps(MovedClock):
        def now(self) -> datetime:
            moved = timedelta(seconds=seconds if run.sent() else 0)
            return super().now() + moved

    return Jumps


@pytest.mark.parametrize(
    ("hours", "fault"),
    [
        (-2, "drop"),
        (24, None),
        *(
            pytest.param(*at, marks=pytest.mark.long)
            for at in ((-2, None), (2, None), (2, "drop"), (24, "drop"))
        ),
    ],
)
def test_a_clock_that_jumps_while_an_order_is_in_the_air(run: Stage, hours: int, fault: str | None) -> None:
    run.clock = jumping(run, hours * 3600)
    if fault:
        run.fake.fault(method="POST", path="/orders$", action=fault)
    code = run.execute()
    assert code in {0, 4, 7, 8}, run.text
    assert run.sent() == 1
    run.clock = MovedClock
    if run.execute() == 8:  # listed at a time that cannot be: a person looks at the broker and says so
        (listed,) = [o for o in run.fake.state()["orders"] if o["parent"] is None]
        assert run.jutsu("resolve", "20261119_AAA_entry_buy", "--adopt", listed["id"]) == 0, run.text
    run.finish()
    assert run.sent() == 2


def test_a_clock_that_is_wrong_from_the_start_trades_nothing(run: Stage) -> None:
    class Wrong(MovedClock):
        def now(self) -> datetime:
            return super().now() + timedelta(seconds=60)

    run.clock = Wrong
    assert run.execute() == 7, run.text
    assert "clock" in run.text
    assert run.sent() == 0
    run.clock = MovedClock
    run.finish()


# network ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("served", [0, 3, 7, 9, 10, 11, 13, 16, 19, 24])
def test_a_network_that_is_gone_from_the_nth_request_on(run: Stage, served: int) -> None:
    run.fake.fault(**ALL, action="reset", point="before", skip=served)
    code = run.execute()
    assert code in {6, 8}, run.text
    assert "Traceback" not in run.text
    run.fake.call("faults", method="DELETE")
    if code == 8 and run.execute() == 8:
        # protocol B asks a person, who sees at the broker that nothing arrived
        with run.project.ledger() as ledger:
            (waiting,) = ledger.orders.unresolved()
        assert run.jutsu("resolve", waiting.client_order_id, "--absent") == 0, run.text
    with run.project.ledger() as ledger:
        switch = ledger.state.kill_switch()
    if switch.level != "none":  # a stop that could not be confirmed blocks entries until a person has looked
        assert "NO STOP" in switch.reason
        assert run.execute() == 0, run.text
        assert run.jutsu("resume") == 0, run.text
    run.finish()


def test_an_imitation_that_is_not_there_at_all(run: Stage) -> None:
    run.fake.server.shutdown()
    run.fake.server.server_close()
    assert run.execute() == 6, run.text


# days ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("time", ["15:55:30", "16:05:00", "20:00:00"])
def test_a_late_run_sends_nothing(run: Stage, time: str) -> None:
    run.fake.clock(at=at(DAY, time).isoformat())
    assert run.execute() == 7, run.text
    assert "closed at 15:55" in run.text
    assert run.sent() == 0


def test_an_early_run_waits_for_its_cron_line(run: Stage) -> None:
    run.fake.clock(at=at(DAY, "12:45:30").isoformat())
    assert run.execute() == 0, run.text
    assert "too early" in run.text
    assert run.sent() == 0


@pytest.mark.parametrize("hours", [["09:30", "13:00"], None])
def test_a_broker_with_other_hours_than_the_calendar_is_not_traded_with(
    run: Stage, hours: list[str] | None
) -> None:
    run.fake.call("market", {"hours": {DAY.isoformat(): hours}})
    assert run.execute() == 5, run.text
    assert "hours" in run.text
    assert run.sent() == 0
    run.fake.call("market", {"hours": {DAY.isoformat(): ["09:30", "16:00"]}})
    run.finish()


HALF_DAY = date(2026, 11, 27)
SUMMER_ENDED = date(2026, 11, 2)  # the Monday after the clocks went back
SUMMER_BEGAN = date(2026, 3, 9)  # the Monday after they went forward
SUMMER = date(2026, 7, 1)


@pytest.mark.parametrize(
    ("day", "utc", "late"),
    [
        (HALF_DAY, "2026-11-27T17:46:00+00:00", "2026-11-27T17:56:00+00:00"),
        (SUMMER_BEGAN, "2026-03-09T19:46:00+00:00", "2026-03-09T19:56:00+00:00"),
        (SUMMER, "2026-07-01T19:46:00+00:00", "2026-07-01T19:56:00+00:00"),
        (SUMMER_ENDED, "2026-11-02T20:46:00+00:00", "2026-11-02T20:56:00+00:00"),
    ],
)
def test_early_closes_and_time_changes_move_the_window(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    day: date,
    utc: str,
    late: str,
) -> None:
    with stage(tmp_path / "desk", monkeypatch, capsys, day) as run:
        run.fake.clock(at=utc)
        run.project.write([wanted("CCC", "entry", 10, stop=18.0, day=day), *entries(day)][1:], day=day)
        if day == HALF_DAY:  # the usual hour of a full day
            run.fake.clock(at="2026-11-27T20:46:00+00:00")
            assert run.execute() == 7, run.text
            assert run.sent() == 0
            return
        run.fake.clock(at=late)
        assert run.execute() == 7, run.text
        assert run.sent() == 0


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        (HALF_DAY, "2026-11-27T17:46:00+00:00"),
        (SUMMER_BEGAN, "2026-03-09T19:46:00+00:00"),
        (SUMMER_ENDED, "2026-11-02T20:46:00+00:00"),
    ],
)
def test_inside_the_moved_window_everything_is_traded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], day: date, utc: str
) -> None:
    with stage(tmp_path / "desk", monkeypatch, capsys, day) as run:
        run.fake.clock(at=utc)
        run.finish()


def test_a_holiday(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stage(tmp_path / "desk", monkeypatch, capsys) as run:
        run.fake.clock(at="2026-11-26T20:46:00+00:00")  # Thanksgiving
        assert run.execute() == 0, run.text
        assert "not a trading day" in run.text
        assert run.sent() == 0
