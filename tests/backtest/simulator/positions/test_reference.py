"""The portfolio command against every reference result, row by row, and its handling of settings."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.cli import app as cli
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.simulator.positions.metrics import max_drawdown, summary
from backtest.simulator.positions.model import PortfolioResult, PortfolioRules
from backtest.simulator.positions.simulate import simulate
from tests.support.bar_columns import bars_of_columns

EMA = "config/strategies/ema_p10.yaml"


def run(
    shared: Path, project_root: Path, output: Path, *settings: str, compat: bool = True
) -> dict[str, Any]:
    code = cli.main(
        [
            "portfolio",
            *("--strategy", str(project_root / EMA)),
            *("--candidates", str(shared / "earnings" / "candidates_dev.json")),
            *("--prices", str(shared / "earnings" / "prices")),
            *("--output", str(output)),
            *(["--compat"] if compat else []),
            *(part for setting in settings for part in ("--set", setting)),
        ]
    )
    assert code == 0
    found: dict[str, Any] = json.loads(output.read_text())
    return found


def settings_of(config: dict[str, Any]) -> list[str]:
    return [f"{name}={json.dumps(value)}" for name, value in config.items()]


@pytest.mark.shared
@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.long)])
def test_every_reference_configuration(
    shared_data: Path, project_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], every: int
) -> None:
    files = sorted((shared_data / "reference").glob("earnings_portfolio_dev_*.json"))
    assert len(files) == 17
    for file in files[::every]:
        reference = json.loads(file.read_text())
        for variant, fill in (("week_close", "stop"), ("week_close_gapfill", "gap")):
            ours = run(
                shared_data,
                project_root,
                tmp_path / "out.json",
                *settings_of(reference["config"]),
                f"stop_fill={fill}",
            )
            expected = reference["variants"][variant]
            assert ours["trades"] == expected["trades"], (file.stem, variant)
            assert ours["skipped"] == expected["skipped"], (file.stem, variant)


@pytest.mark.shared
def test_every_independent_reference(
    shared_data: Path, project_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted((shared_data / "reference").glob("earnings_independent_dev_*.json"))
    assert len(files) == 4
    for file in files:
        reference = json.loads(file.read_text())
        ours = run(
            shared_data,
            project_root,
            tmp_path / "out.json",
            *settings_of(reference["config"]),
            "stop_fill=stop",
            "book=independent",
        )
        expected = reference["variants"]["original"]
        assert ours["trades"] == expected["trades"], file.stem
        assert ours["skipped"] == expected["skipped"], file.stem


@pytest.mark.shared
def test_without_compat_candidates_without_data_are_recorded(
    shared_data: Path, project_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = run(shared_data, project_root, tmp_path / "out.json", compat=False)
    missing = [row[0] for row in ours["skipped"] if row[4] == "no_price_data"]
    assert missing == ["QQQX1", "ZZZZ", "QQQX1", "QQQX1", "AAPL", "MSFT"]
    assert len(ours["trades"]) + len(ours["skipped"]) == 400


# --- markets made by hand ---------------------------------------------------------------------------------


def bars(symbol: str, rows: list[Any]) -> Bars:
    days = np.array([row[0] for row in rows], dtype="datetime64[D]")
    columns = [np.array([float(row[i]) for row in rows]) for i in range(1, 5)]
    return bars_of_columns(symbol, days, [*columns, np.full(len(rows), 1000.0)])


def flat(symbol: str, days: list[str], price: float = 100.0) -> Bars:
    return bars(symbol, [(day, price, price, price, price) for day in days])


DAYS = [f"2024-03-{day:02d}" for day in (4, 5, 6, 7, 8, 11, 12, 13, 14, 15)]
PLAIN = {"daily_entry_limit": None, "quality_filter": False}


def found(ticker: str = "AAA", day: str = "2024-03-04", score: float = 80.0) -> Candidate:
    return Candidate(ticker, date.fromisoformat(day), "B", score, 100.0)


def play(
    candidates: list[Candidate], prices: list[Bars], **changes: Any
) -> tuple[PortfolioResult, PortfolioRules]:
    rules = PortfolioRules.model_validate({**PLAIN, **changes})
    return simulate(candidates, {b.symbol: b for b in prices}, rules), rules


def test_a_position_without_a_last_bar_closes_at_its_last_close_not_at_its_entry() -> None:
    short = bars("AAA", [(DAYS[0], 100, 101, 99, 100), (DAYS[1], 100, 105, 99, 104)])
    result, _ = play([found()], [short, flat("BBB", DAYS)])
    assert [(t.reason, t.exit_price) for t in result.trades] == [("end_of_data", 104.0)]
    result, _ = play([found()], [short, flat("BBB", DAYS)], final_price="entry")
    assert result.trades[0].exit_price == 100.0


def test_a_ticker_whose_data_start_much_later_is_not_entered_then() -> None:
    late = flat("AAA", DAYS[7:])
    result, _ = play([found()], [late, flat("BBB", DAYS)])
    assert [skip.reason for skip in result.skipped] == ["no_price_data"]
    result, _ = play([found()], [late, flat("BBB", DAYS)], max_entry_delay_sessions=None)
    assert result.trades[0].position.entry_date == date(2024, 3, 13)


def test_the_next_day_mode_enters_strictly_after_the_report() -> None:
    result, _ = play([found()], [flat("AAA", DAYS)], entry_mode="next_day_open")
    assert result.trades[0].position.entry_date == date(2024, 3, 5)


def test_a_week_cut_short_by_the_end_of_data_is_no_week_end() -> None:
    # Lows of 90 two weeks long, then a close below them on a Wednesday, where the data end.
    days = [f"2024-03-{day:02d}" for day in (4, 8, 11, 15, 18, 20)]
    rows = [(day, 100, 101, 90, 100) for day in days[:-1]] + [(days[-1], 100, 100, 85, 85)]
    settings = {
        "trailing_stop": "weekly_nweek_low",
        "trailing_nweek_period": 2,
        "trailing_transition_weeks": 1,
        "stop_loss_pct": 50,
    }
    result, _ = play([found()], [bars("AAA", rows)], **settings)
    assert [trade.reason for trade in result.trades] == ["end_of_data"]
    rows.append(("2024-03-22", 85, 86, 84, 84))
    result, _ = play([found()], [bars("AAA", rows)], **settings)
    assert [trade.reason for trade in result.trades] == ["trend_break"]


def test_a_holiday_shortened_week_ends_on_its_thursday() -> None:
    # Good Friday 2024-03-29: the week ends on Thursday the 28th and the sale is at Monday's open.
    rows = [(day, 100, 101, 90, 100) for day in ("2024-03-11", "2024-03-15", "2024-03-22")]
    rows += [("2024-03-28", 100, 100, 80, 80), ("2024-04-01", 79, 79, 79, 79)]
    result, _ = play(
        [found(day="2024-03-11")],
        [bars("AAA", rows)],
        trailing_stop="weekly_nweek_low",
        trailing_nweek_period=2,
        trailing_transition_weeks=1,
        stop_loss_pct=50,
        slippage_pct=0,
    )
    assert [(t.reason, t.exit_date, t.exit_price) for t in result.trades] == [
        ("trend_break", date(2024, 4, 1), 79.0)
    ]


def test_equity_is_marked_to_market_and_so_is_the_drawdown() -> None:
    rows = [(DAYS[i], c, c, c, c) for i, c in enumerate((100, 120, 110, 130))]
    result, rules = play([found()], [bars("AAA", rows)], max_positions=1, stop_loss_pct=50)
    assert [point.unrealized for point in result.equity] == [0.0, 2000.0, 1000.0, 3000.0]
    figures = summary(result, rules)
    assert (figures["max_drawdown"], figures["max_drawdown_pct_of_capital"]) == (1000.0, 10.0)
    assert (figures["peak_positions"], figures["capital_needed"]) == (1, 10_000.0)


def test_a_book_that_loses_on_its_first_day_has_a_drawdown_and_a_peak() -> None:
    # entered at 100, stopped at 90 less 0.5 % on the same day: 100 shares lose 10.45 each
    rows = [(DAYS[i], c, c, low, c) for i, (c, low) in enumerate(((100, 85), (100, 100), (100, 100)))]
    result, rules = play([found()], [bars("AAA", rows)], max_positions=1, stop_loss_pct=10, slippage_pct=0.5)
    assert [point.positions for point in result.equity] == [0, 0, 0]
    assert [point.most_positions for point in result.equity] == [1, 0, 0]
    figures = summary(result, rules)
    assert figures["total_pnl"] == -1045.0
    assert (figures["max_drawdown"], figures["max_drawdown_pct_of_capital"]) == (1045.0, 10.45)
    assert (figures["peak_positions"], figures["capital_needed"]) == (1, 10_000.0)


def test_drawdown_is_measured_from_the_highest_point_before() -> None:
    assert max_drawdown([100.0, 90.0, 120.0, 95.0, 130.0]) == 25.0
