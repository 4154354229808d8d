"""What must hold for every session of a longer run, and that nothing in the pipeline looks ahead."""

import contextlib
import json
import sqlite3
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import PROJECT
from tests.support.user_world import Ran, called, edit_prices, jutsu, new_user

START, END, CUT = "2024-01-02", "2024-02-29", "2024-01-31"


def replayed(root: Path, prices: Path, *more: str) -> Ran:
    ran = called(
        lambda: jutsu(
            [
                *("replay", "--start", START, "--end", END, "--prices", str(prices)),
                *("--state-db", str(root / "ledger.db"), "--output-dir", str(root / "out")),
                *("--config", str(PROJECT / "config" / "live.yaml"), *more),
            ]
        )
    )
    assert ran.code == 0, ran.text
    return ran


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, prices: Path) -> tuple[Path, Ran]:
    root = tmp_path_factory.mktemp("replay")
    ran = replayed(root, prices, "--json")
    return root, ran


def query(root: Path, sql: str, database: str = "ledger.db") -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(root / database)) as connection:
        return connection.execute(sql).fetchall()


def test_replay_reports_one_json_document(world: tuple[Path, Ran]) -> None:
    root, ran = world
    result = json.loads(ran.out)
    assert result["sessions"] == 41
    assert result["failures"] == []
    assert result["warnings"] == []
    assert [v["variant"] for v in result["variants"]] == ["golden", "titan"]
    lines = (root / "out" / "equity.csv").read_text().splitlines()
    assert lines[0] == "date,equity"
    assert len(lines) == 42
    assert "\x1b" not in ran.text


def test_cash_follows_from_the_fills_and_is_never_negative(world: tuple[Path, Ran]) -> None:
    root, _ = world
    cash = Decimal(100_000)
    fills = query(
        root, "select side, quantity, price, commission from executions order by rowid", "ledger.paper.db"
    )
    assert len(fills) > 5
    for side, quantity, price, commission in fills:
        value = quantity * Decimal(price)
        cash += (value if side == "sell" else -value) - Decimal(commission)
        assert cash >= 0
    (left,) = query(root, "select cash from account", "ledger.paper.db")[0]
    assert abs(Decimal(left) - cash) < Decimal("0.005") * len(fills)
    assert min(float(row[0]) for row in query(root, "select cash from performance_snapshots")) >= 0


def test_equity_is_cash_plus_holdings_at_the_close(world: tuple[Path, Ran], prices: Path) -> None:
    root, _ = world
    (cash,) = query(root, "select cash from account", "ledger.paper.db")[0]
    closes = {
        symbol: next(
            Decimal(line.split(",")[4])
            for line in (prices / f"{symbol}.csv").read_text().splitlines()
            if line.startswith(END)
        )
        for symbol, *_ in query(root, "select symbol from positions", "ledger.paper.db")
    }
    held = sum(
        q * closes[s] for s, q in query(root, "select symbol, quantity from positions", "ledger.paper.db")
    )
    last = (root / "out" / "equity.csv").read_text().splitlines()[-1]
    assert last == f"{END},{Decimal(cash) + held:.2f}"


def test_sells_leave_before_buys_and_every_intent_once(world: tuple[Path, Ran]) -> None:
    root, _ = world
    sent = query(root, "select session, client_order_id, side, symbol, intent from orders order by id")
    assert len({row[1] for row in sent}) == len(sent)
    assert len({(row[0], row[3], row[4]) for row in sent}) == len(sent)
    for session in {row[0] for row in sent}:
        sides = [row[2] for row in sent if row[0] == session]
        assert sides == sorted(sides, reverse=True)
    at_broker = query(root, "select client_id from orders order by id", "ledger.paper.db")
    assert [row[0] for row in at_broker] == [row[1] for row in sent]


def test_files_never_exceed_their_limits(world: tuple[Path, Ran]) -> None:
    root, _ = world
    files = sorted((root / "out").glob("trade_signals_*_golden.json"))
    assert len(files) == 41
    for path in files:
        data = json.loads(path.read_text())
        assert sum(t["weight"] for t in data["targets"]) <= 0.95 + 1e-12
        sides = [o["side"] for o in data["orders"]]
        assert sides == sorted(sides, reverse=True)
        ranks = [(-o["rank"], o["symbol"]) for o in data["orders"] if o["side"] == "buy"]
        assert ranks == sorted(ranks)
        spent = sum(o["estimated_value"] for o in data["orders"] if o["side"] == "buy")
        freed = sum(o["estimated_value"] for o in data["orders"] if o["side"] == "sell")
        account = data["inputs"]["account"]
        assert spent <= account["cash"] + freed - 0.05 * account["equity"] + 0.02


def test_nothing_after_a_session_changes_anything_up_to_it(
    world: tuple[Path, Ran], prices: Path, tmp_path: Path
) -> None:
    """Every bar after CUT is another market; files, orders and equity up to CUT stay as they are."""

    def changed(lines: list[str]) -> list[str]:
        return [line if line[:10] <= CUT else other(line) for line in lines]

    def other(line: str) -> str:
        day, *four, volume = line.split(",")
        factor = 1 + (date.fromisoformat(day).toordinal() % 7 - 3) / 400
        return ",".join([day, *(repr(float(x) * factor) for x in four), volume])

    folder = prices
    for index, symbol in enumerate(("QQQ", "TQQQ", "PSQ", "TLT", "TMF", "TMV")):
        folder = edit_prices(folder, tmp_path / f"p{index}", symbol, changed)
    replayed(tmp_path / "r", folder, "--keep-going")
    root, _ = world
    for path in sorted((root / "out").glob("trade_signals_*.json")):
        if path.name.split("_")[2] <= CUT:
            assert (tmp_path / "r" / "out" / path.name).read_bytes() == path.read_bytes()
    upto = f"where session <= '{CUT}' order by id"
    columns = "client_order_id, quantity, state, filled_quantity, average_price"
    before = query(root, f"select {columns} from orders {upto}")
    assert query(tmp_path / "r", f"select {columns} from orders {upto}") == before
    assert len(before) > 5
    ours, theirs = ((r / "out" / "equity.csv").read_text().splitlines() for r in (root, tmp_path / "r"))
    same = [line for line in ours if line[:10] <= CUT]
    assert [line for line in theirs if line[:10] <= CUT] == same
    assert ours != theirs


def test_the_stage_of_a_session_writes_what_replay_wrote(
    world: tuple[Path, Ran], prices: Path, tmp_path: Path
) -> None:
    """The daily stage computes everything from the history it has; replay computes once and reads a row."""
    place = new_user(tmp_path / "jutsu", prices)
    assert place.generate(START).code == 0
    root, _ = world
    for variant in ("golden", "titan"):
        name = place.file(START, variant).name
        ours = json.loads(place.file(START, variant).read_text())
        theirs = json.loads((root / "out" / name).read_text())
        assert ours["decision"] == theirs["decision"]
        assert ours["orders"] == theirs["orders"]


def test_replay_needs_a_ledger_of_its_own(world: tuple[Path, Ran], prices: Path) -> None:
    root, _ = world
    ran = called(
        lambda: jutsu(
            [
                *("replay", "--start", START, "--end", END, "--prices", str(prices)),
                *("--state-db", str(root / "ledger.db"), "--output-dir", str(root / "out")),
            ]
        )
    )
    assert ran.code == 2
    assert "--state-db" in ran.err


@pytest.mark.parametrize("cash", ["0", "-5", "nan", "inf"])
def test_replay_starts_with_real_money_only(tmp_path: Path, prices: Path, cash: str) -> None:
    ran = called(
        lambda: jutsu(
            [
                *("replay", "--start", START, "--end", END, "--prices", str(prices), "--cash", cash),
                *("--state-db", str(tmp_path / "ledger.db"), "--output-dir", str(tmp_path / "out")),
            ]
        )
    )
    assert ran.code == 2
    assert "--cash" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("2024-02-01", "2024-01-01", 2),
        ("2024-02-30", "2024-03-01", 2),
        ("2024-01-06", "2024-01-07", 2),
        ("2024-12-30", "2025-01-03", 5),
        ("2099-01-02", "2099-01-05", 2),
    ],
)
def test_replay_names_what_is_wrong_with_its_range(
    tmp_path: Path, prices: Path, start: str, end: str, code: int
) -> None:
    ran = called(
        lambda: jutsu(
            [
                *("replay", "--start", start, "--end", end, "--prices", str(prices)),
                *("--state-db", str(tmp_path / "ledger.db"), "--output-dir", str(tmp_path / "out")),
            ]
        )
    )
    assert ran.code == code, ran.text
    if (code, end) == (5, "2025-01-03"):
        assert "session 2025-01-02" in ran.err
        assert (tmp_path / "out" / "equity.csv").read_text().count("\n") == 3
