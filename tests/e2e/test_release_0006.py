"""Projects of the last release before ledger revision 0007: opened, migrated, traded on, replayed."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from live.ledger.opening import REVISIONS
from tests.support.paths import PROJECT
from tests.support.user_world import User

RELEASE = PROJECT / "tests" / "golden" / "release_0006"
PRIMARY = {"funds": "golden", "earnings": "ema_p10"}


def copied(name: str, to: Path) -> User:
    shutil.copytree(RELEASE / name, to)
    return User(to)


@pytest.fixture(scope="module", params=PRIMARY)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> User:
    """Opened once by a program, and migrated; nothing traded since."""
    user = copied(request.param, tmp_path_factory.mktemp("opened") / request.param)
    assert user.jutsu("doctor").code in {0, 1}
    return user


def tables(ledger: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of the old ledger with the values of the columns that it had then."""
    old = RELEASE / ledger.parents[1].name / "state" / "ledger.db"
    with closing(sqlite3.connect(old)) as known, closing(sqlite3.connect(ledger)) as now:
        names = [name for (name,) in known.execute("select name from sqlite_master where type = 'table'")]
        columns = {
            name: ", ".join(row[1] for row in known.execute(f"pragma table_info({name})"))
            for name in names
            if name != "alembic_version"
        }
        return {
            name: now.execute(f"select {listed} from {name} order by rowid").fetchall()
            for name, listed in columns.items()
        }


def test_migrating_keeps_every_value_and_the_ledger_from_before(opened: User) -> None:
    before = tables(RELEASE / opened.root.name / "state" / "ledger.db")
    after = tables(opened.db)
    grown = {"system_state", "alerts"}  # doctor keeps what it found
    assert {name for name in before if after[name] != before[name]} <= grown
    for name in grown:
        assert set(before[name]) <= set(after[name])
    assert len(before["orders"]) > 3
    assert opened.rows("alembic_version") == [(REVISIONS[-1],)]
    (kept,) = (opened.root / "state").glob("ledger.before_0007.db")
    assert tables(opened.db).keys() == before.keys()
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("select * from alembic_version").fetchall() == [("0006",)]


def test_the_export_and_the_audit_chain_are_what_they_were(opened: User) -> None:
    with (RELEASE / opened.root.name / "trades.csv").open(newline="") as stream:
        before = list(csv.DictReader(stream))
    now = list(csv.DictReader(opened.jutsu("export").out.splitlines()))
    assert [{name: row[name] for name in before[0]} for row in now] == before
    assert opened.jutsu("audit", "verify").code == 0
    assert len(opened.rows("audit_log")) == (6 if opened.root.name == "funds" else 0)


def test_the_next_sessions_go_on_from_the_old_books(tmp_path: Path) -> None:
    funds = copied("funds", tmp_path / "funds")
    funds.trade("2024-07-10")
    assert [row[:3] for row in funds.orders()][-2:] == [
        ("20240710_TMF_exit_sell", "sell", 662),  # all it held
        ("20240710_TMV_entry_buy", "buy", 159),
    ]
    earnings = copied("earnings", tmp_path / "earnings")
    for day in ("2024-07-11", "2024-07-12"):
        earnings.trade(day)
    assert earnings.rows("positions", "symbol, status, exit_price") == [
        ("HALO", "closed", 86.6433),
        ("UMBR", "closed", 103.5675),
        ("PIKE", "open", None),
    ]


def test_a_replay_decides_what_was_decided(tmp_path: Path) -> None:
    user = copied("funds", tmp_path / "funds")
    again = user.root / "again"
    ran = user.jutsu("replay", "--start", "2024-07-03", "--end", "2024-07-09", "--output-dir", str(again))
    assert ran.code == 0, ran.text
    old = sorted((RELEASE / "funds" / "signals").glob("*_titan.json"))
    assert len(old) == 4
    for path in old:
        before, now = (json.loads((folder / path.name).read_text()) for folder in (path.parent, again))
        for part in ("decision", "targets", "orders", "skipped", "residual_cash"):
            assert now[part] == before[part], (path.name, part)
