"""Every parameter of the earnings swing system that decides a trade."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from backtest.candidates.model import QualityFilter
from backtest.candidates.schedule import EntryMode
from backtest.core.candidate import Grade
from backtest.core.decision import ExecutionTime
from backtest.strategies.parameters import (
    CrossRule,
    Flag,
    Number,
    ParameterModel,
    UsualRange,
    Whole,
    parse_parameters,
)
from backtest.strategies.terms import EntryTiming

StopMode = Literal["intraday", "skip_entry_day", "close", "close_next_open"]
TrailingStop = Literal["weekly_ema", "weekly_nweek_low"]
Weeks = Annotated[Whole, Field(ge=1, le=200)]
Percent = Annotated[Number, Field(ge=0, lt=100)]
Money = Annotated[Number, Field(gt=0, le=1e9)]


class EarningsParameters(ParameterModel):
    """Rules of the earnings swing system; percentages in percent, money in the currency of the account.

    The names are those of the strategy file, of `--set` and of the manifest.

    Attributes:
        position_size: money per position; shares are rounded down.
        stop_loss_pct: the protective stop, below the entry fill.
        slippage_pct: taken from market sells and stops when a book is simulated.
        max_holding_days: calendar days, None for no limit.
        trailing_stop: weekly indicator whose break ends a position, None for none.
        trailing_transition_weeks: whole weeks after the entry week before the trailing stop counts.
        entry_mode: enter on the first session on or after the report date, or strictly after it.
        max_entry_overrun_pct: an entry may cost at most this much more than `position_size`.
        daily_entry_limit: entries per session, a rotation included; None for no limit.
        quality_filter: drop prices in [filter_price_from, filter_price_below) and gaps of at least
            filter_gap_from whose score is at least filter_score_from.
    """

    position_size: Money = 10_000.0
    max_positions: Annotated[Whole, Field(ge=1, le=1000)] = 20
    stop_loss_pct: Annotated[Number, Field(gt=0, lt=100)] = 10.0
    slippage_pct: Percent = 0.5
    stop_mode: StopMode = "intraday"
    max_holding_days: Annotated[Whole, Field(ge=1)] | None = None
    trailing_stop: TrailingStop | None = "weekly_ema"
    trailing_ema_period: Weeks = 10
    trailing_nweek_period: Weeks = 4
    trailing_transition_weeks: Annotated[Whole, Field(ge=0, le=200)] = 2
    enable_rotation: Flag = True
    entry_mode: EntryMode = "report_open"
    execution_time: ExecutionTime = "open"
    entry_order_type: EntryTiming = "day"
    max_entry_overrun_pct: Percent = 20.0
    min_grade: Grade = "D"
    daily_entry_limit: Annotated[Whole, Field(ge=0)] | None = 2
    quality_filter: Flag = True
    filter_price_from: Annotated[Number, Field(ge=0)] = 0.0
    filter_price_below: Annotated[Number, Field(ge=0)] = 30.0
    filter_gap_from: Number = 10.0
    filter_score_from: Annotated[Number, Field(ge=0, le=100)] = 85.0

    @property
    def filter(self) -> QualityFilter | None:
        """The quality filter, None when it is off."""
        if not self.quality_filter:
            return None
        return QualityFilter(
            price_from=self.filter_price_from,
            price_below=self.filter_price_below,
            gap_at_least=self.filter_gap_from,
            score_at_least=self.filter_score_from,
        )

    @property
    def trailing_period(self) -> int:
        """Weeks of the trailing indicator in use; 0 without one."""
        if self.trailing_stop is None:
            return 0
        weekly_ema = self.trailing_stop == "weekly_ema"
        return self.trailing_ema_period if weekly_ema else self.trailing_nweek_period

    def stop_price(self, entry_price: float) -> float:
        """Return the stop level below an entry price, not rounded."""
        return entry_price * (1 - self.stop_loss_pct / 100)

    @property
    def max_order_value(self) -> float:
        """Most an entry may cost at the price it is bought at, rounded to cents."""
        return round(self.position_size * (1 + self.max_entry_overrun_pct / 100), 2)

    def most_shares(self, price: float) -> int:
        """Return how many shares `max_order_value` allows at `price`."""
        return most_shares(self.max_order_value, price)

    def held_long_enough(self, entry: date, today: date) -> bool:
        """Tell whether the maximum holding time (calendar days since the entry) is used up."""
        return self.max_holding_days is not None and (today - entry).days >= self.max_holding_days


def most_shares(max_order_value: float, price: float) -> int:
    """Return the whole shares that cost at most `max_order_value`: a gap must not make an entry bigger."""
    return int(max_order_value // price) if price > 0 else 0


RULES = (
    CrossRule(
        ("trailing_stop", "max_holding_days"),
        lambda trailing, holding: trailing is not None or holding is not None,
        "at least one of trailing_stop and max_holding_days must be set",
    ),
    CrossRule(
        ("filter_price_from", "filter_price_below"),
        lambda low, high: low <= high,
        "filter_price_from must not be above filter_price_below",
    ),
)
#: Around the founding values and the reference simulations; a value outside is valid and warns.
USUAL = {
    "max_positions": UsualRange(1, 50),
    "stop_loss_pct": UsualRange(2, 25),
    "slippage_pct": UsualRange(0, 2),
    "max_holding_days": UsualRange(5, 365),
    "trailing_ema_period": UsualRange(4, 40),
    "trailing_nweek_period": UsualRange(2, 20),
    "trailing_transition_weeks": UsualRange(0, 12),
    "max_entry_overrun_pct": UsualRange(0, 30),
    "daily_entry_limit": UsualRange(1, 10),
}
EFFECTS = {"daily_entry_limit": "0 enters nothing; many entries a day come from one piece of news"}
Parameters = TypeVar("Parameters", bound=EarningsParameters)


def parse(model: type[Parameters], values: Mapping[str, Any], *, where: str = "") -> Parameters:
    """Return validated parameters; ParameterError lists everything that is wrong with `values`."""
    return parse_parameters(model, values, RULES, where=where)
