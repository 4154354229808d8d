"""The `risk:` section of a strategy file: sizes, limits and stops on top of what a strategy decides.

Off when left out or empty. Percentages are in percent (5 means 5 %), except correlations and Kelly's part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from backtest.core.settings_model import SettingsModel
from backtest.trading.risk.correlation import MIN_SHARED, WINDOW
from backtest.trading.risk.position_size import TradeRecord
from backtest.trading.risk.volatility import Estimator

Share = Annotated[float, Field(gt=0, le=100)]
Multiple = Annotated[float, Field(gt=0, le=100)]


class FixedFractional(SettingsModel):
    """The same share of the equity is lost at every stop."""

    method: Literal["fixed_fractional"]
    risk_pct: Annotated[float, Field(gt=0, le=10, description="of equity, lost when the stop is hit")]
    max_position_pct: Share = 20.0


class Kelly(SettingsModel):
    """A part of Kelly's fraction, from the closed trades of a finished backtest.

    `mean_win_pct` and `mean_loss_pct` are positive, in percent of the amount invested.
    """

    method: Literal["kelly"]
    trades: Annotated[int, Field(ge=0)]
    wins: Annotated[int, Field(ge=0)]
    mean_win_pct: Annotated[float, Field(gt=0)]
    mean_loss_pct: Annotated[float, Field(gt=0, le=100)]
    part: Annotated[float, Field(gt=0, le=1)] = 0.25
    max_position_pct: Share = 20.0

    @model_validator(mode="after")
    def _wins_are_trades(self) -> Self:
        if self.wins > self.trades:
            raise ValueError("wins cannot be more than trades")
        return self

    @property
    def record(self) -> TradeRecord:
        """The trades as the formula reads them."""
        return TradeRecord(self.trades, self.wins, self.mean_win_pct / 100, self.mean_loss_pct / 100)


class VolatilityEstimate(SettingsModel):
    """How volatility is measured: over `window` sessions, or all of them with falling weights."""

    estimator: Estimator = "sessions"
    window: Annotated[int, Field(ge=2, le=252)] = 21
    decay: Annotated[float, Field(gt=0, lt=1)] = 0.94


class VolatilitySizing(VolatilityEstimate):
    """Every position swings by the same part of the equity: min(max_position_pct, target / sigma)."""

    method: Literal["volatility"]
    target_pct: Annotated[float, Field(gt=0, le=100, description="of equity a year, each position alone")]
    max_position_pct: Share = 20.0


def _method(value: Any) -> Any:
    return value.get("method") if isinstance(value, Mapping) else getattr(value, "method", None)


Sizing = Annotated[
    Annotated[FixedFractional, Tag("fixed_fractional")]
    | Annotated[Kelly, Tag("kelly")]
    | Annotated[VolatilitySizing, Tag("volatility")],
    Discriminator(_method),
]


class VolatilityTarget(VolatilityEstimate):
    """All weights of an allocation times min(max_exposure, target / sigma of the weights), in a band."""

    target_pct: Annotated[float, Field(gt=0, le=100, description="of equity a year")]
    max_exposure: Annotated[float, Field(gt=0, le=1, description="never levers: at most 1")] = 1.0
    band_pct: Annotated[float, Field(ge=0, le=100, description="smaller changes are not traded")] = 10.0


class HeatLimit(SettingsModel):
    """What is lost when every stop is hit; entries are cut in rank order, exits never."""

    max_pct: Share = 20.0
    correlated: bool = Field(default=False, description="sqrt(h' C h) instead of the sum")


class CorrelationLimit(SettingsModel):
    """No entry beside a position that it moves with; also how `heat.correlated` measures."""

    max: Annotated[float, Field(ge=0, le=1, description="1: no limit")] = 0.7
    window: Annotated[int, Field(ge=2, le=504)] = WINDOW
    min_shared: Annotated[int, Field(ge=2, le=504)] = MIN_SHARED

    @model_validator(mode="after")
    def _enough_fits(self) -> Self:
        if self.min_shared > self.window:
            raise ValueError("min_shared cannot be more than window")
        return self


class StopRules(SettingsModel):
    """Where stops start and how they tighten; a rule that is null is off."""

    initial_atr: Multiple | None = Field(default=None, description="below the entry, instead of a percent")
    trailing_pct: Annotated[float, Field(gt=0, lt=100)] | None = None
    trailing_atr: Multiple | None = None
    trailing_weeks: Annotated[int, Field(ge=1, le=52)] | None = Field(
        default=None, description="the lowest low of so many whole weeks"
    )
    break_even_r: Multiple | None = Field(default=None, description="after so many times the first risk")
    atr_window: Annotated[int, Field(ge=1, le=252)] = 14
    least_move_pct: Annotated[float, Field(ge=0, le=100)] = 0.5

    @property
    def moves(self) -> bool:
        """Whether a stop can move after the entry."""
        rules = (self.trailing_pct, self.trailing_atr, self.trailing_weeks, self.break_even_r)
        return any(rule is not None for rule in rules)


class RiskRules(SettingsModel):
    """What a strategy file may ask for; everything is off by default."""

    sizing: Sizing | None = None
    volatility_target: VolatilityTarget | None = None
    heat: HeatLimit | None = None
    correlation: CorrelationLimit | None = None
    stops: StopRules | None = None
    max_exposure_pct: Share = Field(default=95.0, description="value of all positions, percent of equity")
    cost_pct: Annotated[float, Field(ge=0, le=10)] = Field(
        default=0.0, description="of a whole trade, percent of its price"
    )

    @property
    def off(self) -> bool:
        """Whether nothing is asked for."""
        rules = (self.sizing, self.volatility_target, self.heat, self.correlation, self.stops)
        return all(rule is None for rule in rules)

    @property
    def reads_bars(self) -> bool:
        """Whether the bars of an entry decide about it."""
        by_atr = self.stops is not None and self.stops.initial_atr is not None
        correlated = self.heat is not None and self.heat.correlated
        return (
            by_atr or correlated or self.correlation is not None or isinstance(self.sizing, VolatilitySizing)
        )


#: rule of the section -> its values, and method of a size -> its values: for messages about unknown names
PARTS: Final[Mapping[str, type[SettingsModel]]] = {
    "volatility_target": VolatilityTarget,
    "heat": HeatLimit,
    "correlation": CorrelationLimit,
    "stops": StopRules,
}
SIZES: Final[Mapping[str, type[SettingsModel]]] = {
    "fixed_fractional": FixedFractional,
    "kelly": Kelly,
    "volatility": VolatilitySizing,
}
