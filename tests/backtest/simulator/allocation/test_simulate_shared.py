"""Golden and titan on the real bars, against a second, naive simulator and the reviewed decisions."""

import csv
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pandas as pd
import pytest

from backtest.cli.run import equity_csv
from backtest.core.execution_rules import ExecutionRules
from backtest.data.sources.csv import read_directory
from backtest.simulator.allocation.result import Result
from backtest.simulator.allocation.simulate import simulate
from backtest.strategies.registry import build_strategy

START, END = date(2010, 2, 11), date(2018, 12, 31)
LEGS = ("TQQQ", "QQQ", "PSQ", "TMF", "TMV")
CENT = Decimal("0.01")
VARIANTS = {"golden": {}, "titan": {"measurement_noise": 2000, "t_norm_bull_thresh": 0.3}}

pytestmark = pytest.mark.shared


def simulated(
    shared_data: Path,
    variant: str,
    parameters: dict[str, float],
    rules: ExecutionRules | None = None,
    end: date = END,
) -> Result:
    strategy = build_strategy("Hierarchical_Adaptive_v3_5b", variant, parameters)
    history = read_directory(shared_data / "daily", ["QQQ", "TQQQ", "TLT", "TMF", "TMV"])
    rules = rules or ExecutionRules()
    return simulate(strategy, history, start=START, end=end, cash=100_000.0, rules=rules, benchmark="QQQ")


def naive(shared_data: Path, variant: str) -> str:
    """Weights from the reviewed file, whole shares at the close, no costs: nothing of the project is used."""
    rows = list(
        csv.DictReader((shared_data / f"reference/v35b_{variant}_2009_2018.csv").read_text().splitlines())
    )
    closes = pd.DataFrame(
        {
            leg: pd.read_csv(shared_data / f"daily/{leg}.csv", index_col="date", dtype=str)["close"]
            for leg in LEGS
            if leg != "PSQ"
        }
    )
    cash, held, lines = Decimal(100_000), dict.fromkeys(LEGS, 0.0), ["date,equity"]
    shares: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        if not START.isoformat() <= row["date"] <= END.isoformat():
            continue
        price = {leg: Decimal(str(closes.loc[row["date"], leg])) for leg in closes.columns}
        target = {leg: float(row[f"w_{leg}"]) for leg in LEGS}
        if sum(abs(held[leg] - target[leg]) for leg in LEGS) > 0.025:
            held = target
            equity = cash + sum(n * price[leg] for leg, n in shares.items())
            shrink = min(1.0, 0.95 / sum(target.values())) if sum(target.values()) else 1.0
            wanted = {
                leg: int(Decimal(target[leg] * shrink) * equity / price[leg] + Decimal("1e-7"))
                for leg in price
            }
            for leg in sorted(wanted, key=lambda name: wanted[name] - shares[name]):
                value = (wanted[leg] - shares[leg]) * price[leg]
                cash -= value.quantize(CENT, ROUND_HALF_EVEN)
                shares[leg] = wanted[leg]
        equity = cash + sum(n * price[leg] for leg, n in shares.items())
        lines.append(f"{row['date']},{equity.quantize(CENT, ROUND_HALF_EVEN)}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("variant", VARIANTS)
def test_equity_to_the_cent_over_nine_years(shared_data: Path, variant: str) -> None:
    assert equity_csv(simulated(shared_data, variant, VARIANTS[variant])) == naive(shared_data, variant)


def test_a_run_with_costs_keeps_its_books(shared_data: Path) -> None:
    rules = ExecutionRules(slippage_pct=0.05, commission_per_order=1.0, commission_per_share=0.005)
    result = simulated(shared_data, "golden", {}, rules)
    closes = pd.DataFrame(
        {
            leg: pd.read_csv(shared_data / f"daily/{leg}.csv", index_col="date")["close"]
            for leg in LEGS
            if leg != "PSQ"
        }
    )
    trades = pd.DataFrame([trade.row() for trade in result.trades])
    signed = trades.quantity.where(trades.side == "buy", -trades.quantity)
    sessions = [day.isoformat() for day in result.dates.tolist()]
    shares = (
        trades.assign(signed=signed)
        .pivot_table(index="date", columns="symbol", values="signed", aggfunc="sum")
        .reindex(sessions)
        .fillna(0)
        .cumsum()
    )
    cash = 100_000 + trades.groupby("date").cash_flow.sum().reindex(sessions).fillna(0).cumsum()
    equity = cash + (shares * closes.loc[sessions, shares.columns].fillna(0)).sum(axis=1)
    assert result.equity == pytest.approx(equity.to_numpy(), abs=0.0051)
    assert (shares.to_numpy() >= 0).all()
    assert (result.cash > 0).all()
    free = simulated(shared_data, "golden", {})
    assert result.equity[-1] < free.equity[-1]
    assert len(free.trades) > 250


def test_legs_that_ended_stay_in_cash(shared_data: Path) -> None:
    result = simulated(shared_data, "golden", {}, end=date(2026, 8, 21))
    warnings = [text for text in result.warnings if "no price" in text]
    assert warnings
    assert all(text[:10] > "2025-06-27" for text in warnings)
    assert all(t.session <= date(2025, 6, 27) for t in result.trades if t.symbol in {"TMF", "TMV"})
    assert (result.cash > 0).all()


def test_no_later_bar_reaches_back(shared_data: Path) -> None:
    strategy = build_strategy("Hierarchical_Adaptive_v3_5b", "golden", {})
    history = read_directory(shared_data / "daily", ["QQQ", "TQQQ", "TLT", "TMF", "TMV"])
    whole = simulated(shared_data, "golden", {})
    for day in (date(2011, 8, 8), date(2015, 8, 24), date(2018, 2, 5)):
        cut = {symbol: bars.until(day) for symbol, bars in history.items()}
        part = simulate(strategy, cut, start=START, end=END, cash=100_000.0, rules=ExecutionRules())
        n = len(part.dates)
        assert part.dates[-1].item() == day
        assert part.equity.tolist() == whole.equity[:n].tolist()
        assert part.trades == tuple(t for t in whole.trades if t.session <= day)
