"""Projects left behind by an earlier release: today's code opens, shows, checks and continues them.

Everything runs as a process, so that nothing here depends on where a module lives. What must hold is read
from the fixtures themselves: see the README beside them.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import rfc8785

RELEASE = Path(__file__).resolve().parents[1] / "golden" / "release_0001"
LAST = {"funds": "2024-07-09", "earnings": "2024-07-10"}
PRIMARY = {"funds": "golden", "earnings": "ema_p10"}

#: every table of the old ledger, and the columns whose values must survive every later version
KEPT = {
    "orders": (
        "id, account, client_order_id, variant, session, mode, symbol, side, intent, quantity, order_type, "
        "time_in_force, attempt, parent_client_order_id, rank, reason, details, reference_price, "
        "quote_price, stop_price, planned_stop_price, state, state_reason, broker_order_id, "
        "filled_quantity, average_price, commission, body, ids_before, position_before, seal, planned_at, "
        "sent_at, gave_up_at, ended_at"
    ),
    "order_events": "order_id, at, state, detail",
    "executions": "execution_id, order_id, broker_order_id, symbol, side, quantity, price, commission, at",
    "live_trades": (
        "order_id, variant, session, at, mode, symbol, action, intent, quantity, target_price, fill_price, "
        "commission, slippage_pct, quote_slippage_pct, realised_pnl, broker_order_id, execution_time, "
        "parameters"
    ),
    "positions": (
        "account, variant, symbol, status, quantity, entry_quantity, entry_price, entry_session, "
        "needs_stop, stop_price, stop_client_order_id, stop_broker_order_id, stop_expires_at, details, "
        "exit_price, exit_session, exit_reason, realised_pnl"
    ),
    "run_log": (
        "session, variant, role, mode, due_at, generated_at, approved_at, executed_at, missed, "
        "generator_exit, executor_exit, outcome, detail"
    ),
    "signal_files": (
        "account, session, variant, role, path, content, seal, bytes_sha256, generated_at, approved_sha256, "
        "approved_at, approved_by, approval_expires_at, answer, executed_sha256, executed_content, outcome, "
        "memory"
    ),
    "shadow_books": "account, variant, session, cash, equity",
    "shadow_positions": "account, variant, symbol, quantity, entry_price, entry_session, stop_price, details",
    "shadow_signals": "account, variant, session, status, decision, memory, fills, cash, equity",
    "performance_snapshots": (
        "account, variant, session, at, mode, equity, cash, daily_return, cumulative_return, drawdown, "
        "residual_cash"
    ),
    "config_overrides": (
        "account, parameter_name, override_value, effective_from, effective_until, created_by, created_at, "
        "reason"
    ),
    "config_history": "account, config_sha256, config_snapshot, changed_by, change_reason, created_at",
    "system_state": "account, key, value, updated_at",
    "alerts": "account, key, level, title, body, created_at, sent_at, attempts, error",
}


@dataclass(frozen=True)
class Project:
    """A copy of one old project folder, and the commands a user runs in it."""

    name: str
    root: Path

    @property
    def ledger(self) -> Path:
        return self.root / "state" / "ledger.db"

    @property
    def primary(self) -> str:
        return PRIMARY[self.name]

    def file(self, day: str, variant: str = "") -> Path:
        return self.root / "signals" / f"trade_signals_{day}_{variant or self.primary}.json"

    def jutsu(self, *arguments: str) -> str:
        return self._run(str(Path(sys.executable).with_name("jutsu")), *arguments)

    def generate(self, day: str) -> str:
        return self._run(sys.executable, "-m", "live.signal_generator", "--as-of", day)

    def execute(self, day: str) -> str:
        return self._run(sys.executable, "-m", "live.executor", "--as-of", day)

    def rows(self, table: str, columns: str) -> list[tuple[Any, ...]]:
        return rows(self.ledger, table, columns)

    def _run(self, *command: str) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("JUTSU_")}
        done = subprocess.run(
            command, cwd=self.root, env=kept, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout


def rows(ledger: Path, table: str, columns: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(ledger)) as connection:
        return connection.execute(f"select {columns} from {table} order by id").fetchall()


def copy(name: str, to: Path) -> Project:
    shutil.copytree(RELEASE / name, to / name)
    return Project(name, to / name)


def decisions(ledger: Path) -> list[dict[str, Any]]:
    """The first three of a shadow, without what only one of the two programs kept: cell, positions."""
    found = [json.loads(text) for (text,) in rows(ledger, "shadow_signals", "decision")[:3]]
    return [
        {name: value for name, value in decision.items() if name not in {"cell", "positions"}}
        for decision in found
    ]


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def exported(name: str) -> list[dict[str, str]]:
    """What `jutsu export` printed when the project was left."""
    with (RELEASE / name / "trades.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def sealed(signal: dict[str, Any]) -> bool:
    """Whether a file still is what the generator wrote (RFC 8785 over everything but the seal)."""
    content = {key: value for key, value in signal.items() if key != "seal"}
    return bool(signal["seal"]["digest"] == hashlib.sha256(rfc8785.dumps(content)).hexdigest())


@pytest.fixture(scope="module", params=["funds", "earnings"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Opened once, and migrated if that was needed; nothing traded since."""
    project = copy(request.param, tmp_path_factory.mktemp("opened"))
    (project.root / "status.json").write_text(project.jutsu("status", "--json"))
    return project


@pytest.fixture(scope="module")
def funds(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The next session of golden, which sells one fund and buys another."""
    project = copy("funds", tmp_path_factory.mktemp("next"))
    project.generate("2024-07-10")
    project.execute("2024-07-10")
    return project


@pytest.fixture(scope="module")
def earnings(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The next two sessions of ema_p10: two stops are hit in the first, which the second finds."""
    project = copy("earnings", tmp_path_factory.mktemp("next"))
    for day in ("2024-07-11", "2024-07-12"):
        project.generate(day)
        project.execute(day)
    return project


@pytest.mark.parametrize("name", LAST)
def test_every_table_of_the_old_ledger_is_looked_at(name: str) -> None:
    with closing(sqlite3.connect(RELEASE / name / "state" / "ledger.db")) as connection:
        tables = {
            table for (table,) in connection.execute("select name from sqlite_master where type = 'table'")
        }
    assert tables == {*KEPT, "alembic_version"}


@pytest.mark.parametrize("table", KEPT)
def test_opening_keeps_every_value(opened: Project, table: str) -> None:
    before = rows(RELEASE / opened.name / "state" / "ledger.db", table, KEPT[table])
    assert before or (opened.name == "earnings" and table == "config_overrides")
    assert opened.rows(table, KEPT[table]) == before


@pytest.mark.parametrize(
    ("table", "moved"),
    [
        ("live_trades", ("cell", "trend_state", "vol_state", "t_norm", "z_score")),
        ("performance_snapshots", ("cell",)),
    ],
)
def test_the_words_of_a_strategy_moved_into_the_context(
    opened: Project, table: str, moved: tuple[str, ...]
) -> None:
    before = rows(RELEASE / opened.name / "state" / "ledger.db", table, ", ".join(moved))
    expected = [
        {name: value for name, value in zip(moved, row, strict=True) if value is not None} for row in before
    ]
    assert [json.loads(context) for (context,) in opened.rows(table, "context")] == expected
    assert any(expected) == (opened.name == "funds")


def test_positions_get_mode_and_first_instant_from_the_trade_of_their_entry(opened: Project) -> None:
    trades = opened.rows("live_trades", "symbol, session, mode, at, action")
    bought: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for symbol, session, mode, at, action in trades:
        if action == "buy":
            bought.setdefault((symbol, session), (mode, at))
    for symbol, session, mode, created in opened.rows("positions", "symbol, entry_session, mode, created_at"):
        assert (mode, created) == bought[symbol, session]


def test_the_ledger_from_before_the_migration_is_kept(opened: Project) -> None:
    (copy_,) = (opened.root / "state").glob("ledger.before_0002.db")
    for table, columns in KEPT.items():
        assert rows(copy_, table, columns) == rows(
            RELEASE / opened.name / "state" / "ledger.db", table, columns
        )


def test_status_knows_the_last_session_and_the_positions(opened: Project) -> None:
    facts = read(opened.root / "status.json")
    book = next(book for book in facts["books"] if book["variant"] == opened.primary)
    assert book["last_session"] == LAST[opened.name]
    assert book["last_outcome"] == "completed"
    state = read(RELEASE / opened.name / "state" / "state.json")
    assert {row["symbol"]: row["quantity"] for row in book["positions"]} == state["current_positions"]
    assert book["equity"] == state["account_equity"]
    assert facts["unresolved_orders"] == facts["naked_positions"] == []


def test_the_export_tells_what_it_told(opened: Project) -> None:
    before = exported(opened.name)
    now = list(csv.DictReader(opened.jutsu("export").splitlines()))
    assert [{name: row[name] for name in before[0]} for row in now] == before
    trades = json.loads(opened.jutsu("trades", "--limit", "100", "--json"))
    assert [row["broker_order_id"] for row in trades] == [row["broker_order_id"] for row in reversed(before)]


def test_an_executed_file_is_not_executed_again(opened: Project) -> None:
    account = (opened.root / "state" / "ledger.paper.db").read_bytes()
    orders = opened.rows("orders", KEPT["orders"])
    assert "already done" in opened.execute(LAST[opened.name])
    assert opened.rows("orders", KEPT["orders"]) == orders
    assert (opened.root / "state" / "ledger.paper.db").read_bytes() == account


def test_the_review_of_an_executed_file_finds_no_problem(opened: Project) -> None:
    shown = json.loads(opened.jutsu("review", str(opened.file(LAST[opened.name])), "--json"))
    assert shown["problems"] == []
    assert shown["limits"] == []
    edited = opened.name == "funds"
    assert shown["standing"] == ("approved" if edited else "auto")
    assert [edit["path"] for edit in shown["edits"]] == (
        ["$.orders[2].quantity", "$.orders[2].note"] if edited else []
    )


@pytest.mark.parametrize("name", ["funds", pytest.param("earnings", marks=pytest.mark.long)])
def test_old_signal_files_are_valid_today(name: str, request: pytest.FixtureRequest) -> None:
    """Against the schema that today's generator puts beside them."""
    project = request.getfixturevalue(name)
    schema = read(project.root / "signals" / "schema" / "trade_signals.schema.json")
    old = sorted((RELEASE / name / "signals").glob("*.json"))
    assert len(old) == 8
    broken = []
    for path in old:
        assert (project.root / "signals" / path.name).read_bytes() == path.read_bytes()
        jsonschema.validate(read(path), schema)
        broken += [] if sealed(read(path)) else [path.name]
    assert broken == (["trade_signals_2024-07-09_golden.json"] if name == "funds" else [])
    assert all(sealed(json.loads(content)) for (content,) in project.rows("signal_files", "content"))


def test_the_next_session_of_the_funds_goes_on_from_the_old_books(funds: Project) -> None:
    with closing(sqlite3.connect(RELEASE / "funds" / "state" / "ledger.paper.db")) as connection:
        (cash,) = connection.execute("select cash from account").fetchone()
    assert read(funds.file("2024-07-10"))["inputs"]["account"]["cash"] == float(cash)
    orders = funds.rows("orders", "client_order_id, quantity, state, filled_quantity")
    assert orders[-2:] == [
        ("20240710_TMF_exit_sell", 664, "FILLED", 664),
        ("20240710_TMV_entry_buy", 159, "FILLED", 159),
    ]
    assert funds.rows("positions", "symbol, status, quantity, realised_pnl")[-2:] == [
        ("TMF", "closed", 0, pytest.approx(664 * (51.8729 - 52.085))),
        ("TMV", "open", 159, 0),
    ]
    shadow = funds.rows("shadow_signals", "session, status, cash")[-2:]
    assert shadow == [("2024-07-09", "settled", 59_781.7), ("2024-07-10", "pending", 59_781.7)]
    assert read(funds.root / "state" / "state.json")["current_positions"] == {"TMV": 159}


def test_the_next_run_of_the_earnings_book_finds_the_stops_that_were_hit(earnings: Project) -> None:
    found = earnings.rows("positions", "symbol, status, exit_session, exit_price, exit_reason, stop_price")
    assert found == [
        ("HALO", "closed", "2024-07-11", 86.6433, "stop_loss", 87.89),
        ("UMBR", "closed", "2024-07-11", 103.5675, "stop_loss", 103.79),
        ("PIKE", "open", None, None, None, 245.36),
    ]
    stops = [row for row in earnings.rows("orders", "symbol, intent, state") if row[1] == "stop"]
    assert [state for _, _, state in stops] == ["FILLED", "FILLED", "WORKING"]
    assert earnings.rows("shadow_positions", "symbol, quantity, stop_price") == [("PIKE", 36, 245.36)]


def test_a_replay_decides_what_the_old_shadow_decided(tmp_path: Path) -> None:
    """titan traded no edited file and no partial fill, so history must repeat to the byte."""
    project = copy("funds", tmp_path)
    project.jutsu("replay", "--start", "2024-07-03", "--end", "2024-07-09", "--output-dir", "again")
    old = sorted((RELEASE / "funds" / "signals").glob("*_titan.json"))
    assert len(old) == 4
    for path in old:
        before, again = read(path), read(project.root / "again" / path.name)
        for part in ("decision", "targets", "orders", "skipped", "residual_cash"):
            assert again[part] == before[part], (path.name, part)
        assert again["inputs"]["bars"] == before["inputs"]["bars"]
    columns = "session, memory, fills, cash, equity"
    settled = rows(project.ledger, "shadow_signals", columns)[:3]
    assert rows(project.root / "again" / "ledger.db", "shadow_signals", columns)[:3] == settled
    assert decisions(project.root / "again" / "ledger.db") == decisions(project.ledger)
