"""`python -m backtest run`: the files it writes, the figures it prints, what it refuses."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.cli.app import main
from backtest.cli.run import TRADE_COLUMNS, equity_csv, iso_date, trades_csv, write_files
from backtest.core.bars import Bars
from backtest.core.errors import UsageError
from backtest.core.execution_rules import ExecutionRules
from backtest.simulator.allocation.result import Result
from backtest.simulator.allocation.simulate import simulate
from tests.support.market_v35b import random_walk
from tests.support.scripted_strategy import ScriptedWeights, days, make_bars

FUNDS = ("QQQ", "TLT", "TQQQ", "PSQ", "TMF", "TMV")
WEEK = days("2024-01-02", "2024-01-03", "2024-01-04")


def write_csv(folder: Path, bars: Bars) -> None:
    rows = zip(bars.dates.tolist(), bars.close.tolist(), strict=True)
    lines = [f"{day},{price:.4f},{price:.4f},{price:.4f},{price:.4f},1000000" for day, price in rows]
    (folder / f"{bars.symbol}.csv").write_text("\n".join(["date,open,high,low,close,volume", *lines]) + "\n")


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred sessions of six funds that never move by much."""
    folder = tmp_path_factory.mktemp("prices")
    from backtest.calendar import sessions as calendar

    dates = calendar.session_dates(date(2015, 1, 5), date(2016, 12, 30))[:200]
    for seed, symbol in enumerate(FUNDS):
        write_csv(folder, replace(random_walk(symbol, 200, seed, scale=0.002), dates=dates))
    return folder


def rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text().splitlines()))


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*more: str) -> tuple[int, str, str]:
        words = [
            "run",
            "--strategy",
            "golden",
            "--prices",
            str(prices),
            "--output-dir",
            str(tmp_path / "out"),
        ]
        code = main([*words, "--no-report", *more])
        screen = capsys.readouterr()
        return code, screen.out, screen.err

    return call


def test_the_files_hold_what_is_printed(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("--json")
    assert code == 0
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "equity.csv",
        "metrics.json",
        "metrics_timeseries.csv",
        "trades.csv",
    ]
    course = rows(tmp_path / "out" / "metrics_timeseries.csv")
    assert len(course) == 200
    assert course[61]["beta_63"] == "" != course[62]["beta_63"]
    metrics = json.loads(out)
    assert float(course[-1]["drawdown"]) >= metrics["max_drawdown"]
    assert set(metrics["captures"]) == {"up", "down"}
    assert metrics == json.loads((tmp_path / "out" / "metrics.json").read_text())
    equity = rows(tmp_path / "out" / "equity.csv")
    assert len(equity) == 200
    assert float(equity[0]["equity"]) == 100_000.0
    total = float(equity[-1]["equity"]) / 100_000.0 - 1
    assert metrics["total_return"] == pytest.approx(total, abs=1e-6)
    trades = rows(tmp_path / "out" / "trades.csv")
    assert trades
    assert all(trade["decided_on"] <= trade["date"] for trade in trades)


def test_a_range_and_the_cash_are_the_callers(run: Run, tmp_path: Path) -> None:
    code, _, _ = run("--start", "2015-08-03", "--end", "2015-08-31", "--cash", "5000", "--benchmark", "TLT")
    assert code == 0
    equity = rows(tmp_path / "out" / "equity.csv")
    assert (equity[0]["date"], equity[-1]["date"]) == ("2015-08-03", "2015-08-31")
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["benchmark"]["symbol"] == "TLT"


def test_the_table_compares_with_the_benchmark_and_says_where_the_files_are(run: Run, tmp_path: Path) -> None:
    code, out, _ = run()
    assert code == 0
    assert "QQQ held" in out
    assert f"written to {tmp_path / 'out'}" in out


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("--start", "2024-01-02"), 5, "no session on or after 2024-01-02"),
        (("--end", "2014-01-02"), 5, "no bars of QQQ, TLT up to 2014-01-02"),
        (("--benchmark", "SPY"), 5, "no bars of SPY"),
        (("--strategy", "ema_p10"), 2, "trades positions, not weights"),
        (("--start", "02.01.2024"), 2, "is not a date like 2026-11-20"),
        (("--cash", "-5"), 2, "is not a positive amount"),
    ],
)
def test_what_is_refused_writes_nothing(
    run: Run, tmp_path: Path, words: tuple[str, ...], code: int, problem: str
) -> None:
    found, _, err = run(*words)
    assert found == code
    assert problem in err
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def result() -> Result:
    history = {
        "SIG": make_bars("SIG", dict(zip(WEEK, [100.0, 101.0, 102.0], strict=True))),
        "AAA": make_bars("AAA", dict(zip(WEEK, [50.0, 52.0, 55.0], strict=True))),
    }
    strategy = ScriptedWeights({WEEK[0]: {"AAA": 0.5}}, tradable_symbols=("AAA",))
    return simulate(strategy, history, start=WEEK[0], end=WEEK[-1], cash=10_000.0, rules=ExecutionRules())


def test_equity_has_cents(result: Result) -> None:
    marked = replace(result, equity=np.array([10_000.0, 1.005, 2.0]))
    assert equity_csv(marked).splitlines()[1:] == [
        "2024-01-02,10000.00",
        "2024-01-03,1.00",
        "2024-01-04,2.00",
    ]


def test_a_trade_is_a_row_and_an_undefined_value_an_empty_cell(result: Result) -> None:
    (row,) = csv.DictReader(trades_csv(result).splitlines())
    assert tuple(row) == TRADE_COLUMNS
    assert (row["date"], row["symbol"], row["side"], row["quantity"]) == ("2024-01-02", "AAA", "buy", "100")
    assert row["z_score"] == ""


def test_a_folder_that_is_a_file_is_refused(result: Result, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written to"):
        write_files(result, {}, tmp_path / "file", report=False)


@given(st.dates(date(1991, 1, 1), date(2047, 12, 31)))
def test_dates_come_back(day: date) -> None:
    assert iso_date(day.isoformat()) == day
