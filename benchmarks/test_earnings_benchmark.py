"""Cost of the earnings simulator and of reading reports; growth shows that both are linear."""

from datetime import date

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from backtest.calendar import sessions as calendar
from backtest.candidates.html.reader import read_html
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.simulator.positions.model import PortfolioRules
from backtest.simulator.positions.simulate import simulate

RULES = PortfolioRules.model_validate({"daily_entry_limit": None, "quality_filter": False})
YEARS = {
    "4 years": (date(2018, 1, 2), date(2021, 12, 31)),
    "26 years": (date(2000, 1, 3), date(2025, 12, 31)),
}


def market(start: date, end: date, symbols: int, candidates: int) -> tuple[list[Candidate], dict[str, Bars]]:
    rng = np.random.default_rng(11)
    days = np.array([session.day for session in calendar.sessions(start, end)], dtype="datetime64[D]")
    names = [f"S{i:03d}" for i in range(symbols)]
    prices = {}
    for name in names:
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, len(days))))
        prices[name] = Bars(name, days, close * 0.995, close * 1.02, close * 0.98, close, np.ones(len(days)))
    drawn = sorted(days[rng.integers(0, len(days), candidates)].tolist())
    found = [
        Candidate(str(rng.choice(names)), day, "B", float(rng.integers(40, 100)), 100.0) for day in drawn
    ]
    return found, prices


@pytest.mark.parametrize(
    ("years", "symbols", "candidates"),
    [("4 years", 40, 600), ("4 years", 40, 6_000), ("26 years", 40, 600), ("26 years", 40, 6_000)],
)
def test_portfolio(benchmark: BenchmarkFixture, years: str, symbols: int, candidates: int) -> None:
    found, prices = market(*YEARS[years], symbols, candidates)
    result = benchmark(simulate, found, prices, RULES)
    assert len(result.trades) + len(result.skipped) == candidates


def report_page(stocks: int) -> str:
    metrics = "".join(
        f"<div class='metric'><i class='metric-label'>{label}</i><b class='metric-value'>{value}</b></div>"
        for label, value in (
            ("Current Price", "$17.28"),
            ("Gap Size", "+5.2%"),
            ("EPS Surprise", "+9%"),
            ("RSI", "66"),
        )
    )
    parts = "".join(
        f"<div class='score-item'><span>{name} (20%)</span><div class='bar'></div><span>3/5</span></div>"
        for name in ("Gap Size", "Trend", "Volume", "MA200", "MA50")
    )
    text = "<ul>" + "<li>Record revenue and a raised outlook for the year.</li>" * 6 + "</ul>"
    cards = "".join(
        f"<div class='stock-card'><div class='stock-ticker'>T{i}</div><div class='grade-badge'>B-Grade</div>"
        f"{metrics}<div class='score-breakdown'>{parts}</div>"
        f"<div class='total'><b>Total Score</b><i>78 / 100</i></div>{text}</div>"
        for i in range(stocks)
    )
    return f"<html><body><h1>Report</h1>{cards}</body></html>"


@pytest.mark.parametrize("stocks", [10, 100])
def test_one_report(benchmark: BenchmarkFixture, stocks: int) -> None:
    page = report_page(stocks)
    report = benchmark(read_html, page, "report_2026-03-02.html")
    assert len(report.candidates) == stocks


def test_a_thousand_reports(benchmark: BenchmarkFixture) -> None:
    pages = [report_page(3 + i % 10) for i in range(10)]

    def read_all() -> int:
        return sum(len(read_html(pages[i % 10], "report_2026-03-02.html").candidates) for i in range(1_000))

    assert benchmark.pedantic(read_all, rounds=1) == 7_500
