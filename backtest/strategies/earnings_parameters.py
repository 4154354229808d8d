"""Every parameter of the earnings swing system that decides a trade."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backtest.candidates import Grade, QualityFilter

StopMode = Literal["intraday", "skip_entry_day", "close", "close_next_open"]
EntryMode = Literal["report_open", "next_day_open"]
TrailingStop = Literal["weekly_ema", "weekly_nweek_low"]
Weeks = Annotated[int, Field(ge=1, le=200)]


class EarningsParameters(BaseModel):
    """Rules of the earnings swing system; percentages in percent, money in currency of the account.

    The names are those of the strategy file, of `--set` and of the manifest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    position_size: float = Field(default=10_000.0, gt=0, description="money per position")
    max_positions: int = Field(default=20, ge=1, le=1000)
    stop_loss_pct: float = Field(default=10.0, gt=0, lt=100, description="stop below the entry fill")
    slippage_pct: float = Field(default=0.5, ge=0, lt=100, description="taken from market sells and stops")
    stop_mode: StopMode = "intraday"
    max_holding_days: int | None = Field(default=None, ge=1, description="calendar days")
    trailing_stop: TrailingStop | None = "weekly_ema"
    trailing_ema_period: Weeks = 10
    trailing_nweek_period: Weeks = 4
    trailing_transition_weeks: int = Field(
        default=2, ge=0, le=200, description="whole weeks before the trail counts"
    )
    enable_rotation: bool = True
    entry_mode: EntryMode = "report_open"
    entry_order_type: Literal["day", "opening_auction"] = "day"
    max_entry_overrun_pct: float = Field(
        default=20.0, ge=0, le=100, description="an entry may cost at most this much more than position_size"
    )
    min_grade: Grade = "D"
    daily_entry_limit: int | None = Field(default=2, ge=0)
    quality_filter: QualityFilter | None = QualityFilter()

    @model_validator(mode="after")
    def _some_exit(self) -> Self:
        if self.trailing_stop is None and self.max_holding_days is None:
            raise ValueError("at least one of trailing_stop and max_holding_days must be set")
        return self

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

    def held_long_enough(self, entry: date, today: date) -> bool:
        """Tell whether the maximum holding time (calendar days since the entry) is used up."""
        return self.max_holding_days is not None and (today - entry).days >= self.max_holding_days
