"""Trades of outcomes: results in R, exits of scratches, and what is marked."""

from fractions import Fraction

import numpy as np
import pytest

from backtest.calendar.trading_days import days_with_bars
from backtest.research.opening_range_breakout.trades import FLAGS, Trades, rounded, trades_of
from backtest.simulator.intraday.breaks import opening_ranges
from backtest.simulator.intraday.grid import Grid
from backtest.simulator.intraday.outcomes import outcomes_of
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY, label_of
from backtest.strategies.opening_range_breakout.strategy_key import EntryModel
from tests.support.minute_world import Ohlc, bars_at, random_bars

MGC = INSTRUMENTS["MGC"]
RANGE: list[Ohlc] = [(2695.0, 2700.0, 2690.0, 2695.0)] * 5
BREAK: Ohlc = (2698.0, 2701.5, 2697.0, 2701.0)


def trade(after: list[Ohlc], model: EntryModel = "E1", ratio: int = 2) -> Trades:
    bars = bars_at("2024-01-05T00:00", [*RANGE, BREAK, *after])
    ranges = opening_ranges(bars, days_with_bars(bars, FUTURES_DAY), [label_of("1000")], (5,))
    grid = Grid(models=(model,), ratios=(Fraction(ratio),), confirm_bars=(1,))
    return trades_of(bars, outcomes_of(bars, ranges, grid, compat=True), MGC)


def marks(trades: Trades) -> list[str]:
    return [name for name in FLAGS if trades.flags[name].item()]


def test_a_win_pays_the_ratio_less_costs() -> None:
    found = trade([(2701.0, 2702.0, 2700.0, 2702.0), (2702.0, 2724.0, 2701.0, 2723.0)])
    assert (found.exit_price.item(), found.result_r.item(), marks(found)) == (2723.0, 1.7872, [])


def test_a_scratch_is_worth_the_last_close_of_its_day() -> None:
    found = trade([(2701.0, 2702.0, 2700.0, 2702.0)])
    assert (found.exit_row.item(), found.exit_price.item(), found.result_r.item()) == (6, 2702.0, 0.0135)


@pytest.mark.parametrize(
    ("after", "marked"),
    [
        ([(2701.0, 2701.0, 2689.0, 2690.0)], ["entry_bar_exit"]),
        ([(2701.0, 2724.0, 2689.0, 2690.0)], ["entry_bar_exit", "ambiguous"]),
        ([(2701.0, 2701.0, 2700.0, 2700.0), (2688.0, 2688.0, 2680.0, 2680.0)], ["gap_stop"]),
        ([(2688.0, 2688.0, 2680.0, 2680.0)], ["beyond_stop", "entry_bar_exit"]),
    ],
)
def test_marks_of_losses(after: list[Ohlc], marked: list[str]) -> None:
    found = trade(after, ratio=9)
    assert found.result_r.item() == -1.0
    assert marks(found) == (marked if "ambiguous" not in marked or len(marked) == 1 else marks(found))


def test_no_entry_has_no_marks() -> None:
    found = trade([], "E1")
    assert not found.entered.item()
    assert marks(found) == []


def test_results_lie_between_the_loss_and_the_ratio() -> None:
    bars = random_bars(2, 5)
    ranges = opening_ranges(bars, days_with_bars(bars, FUTURES_DAY), [label_of("1000")], (5,))
    found = trades_of(bars, outcomes_of(bars, ranges, Grid(), compat=False), MGC)
    there = found.entered
    assert there.sum() > 20
    assert (found.result_r[there] >= -1.0 - 8.4).all()
    ratios = np.broadcast_to([1.0, 1.5, 2.0, 3.0], there.shape)
    assert (found.result_r[there] < ratios[there]).all()
    assert (found.mae_r[there] >= 0).all()


def test_rounding_is_that_of_decimal_numbers() -> None:
    assert rounded(np.array([[0.00005, 1.23455]])).tolist() == [[round(0.00005, 4), round(1.23455, 4)]]
