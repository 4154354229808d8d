"""The 34 parameters of Hierarchical Adaptive v3.5b with their defaults (variant golden) and valid ranges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from backtest.core.decision import ExecutionTime
from backtest.strategies.parameters import (
    CrossRule,
    Flag,
    Number,
    ParameterModel,
    Symbol,
    UsualRange,
    Whole,
    parse_parameters,
)


class Parameters(ParameterModel):
    """Section 12 of the rules. Every text is the valid range as a person reads it in an error."""

    measurement_noise: Number = Field(default=3000.0, gt=0, description="a number > 0")
    process_noise_1: Number = Field(default=0.01, gt=0, description="a number > 0")
    process_noise_2: Number = Field(default=0.01, gt=0, description="a number > 0")
    osc_smoothness: Whole = Field(default=15, ge=1, description="a whole number >= 1; at most 20 count")
    strength_smoothness: Whole = Field(default=15, ge=1, description="a whole number >= 1; at most 500 count")
    T_max: Number = Field(default=50.0, gt=0, description="a number > 0")
    sma_fast: Whole = Field(default=40, ge=1, description="a whole number >= 1, below sma_slow")
    sma_slow: Whole = Field(default=140, ge=2, description="a whole number above sma_fast")
    t_norm_bull_thresh: Number = Field(default=0.20, gt=0, description="a number > 0, usefully below 1")
    t_norm_bear_thresh: Number = Field(default=-0.30, lt=0, description="a number < 0, usefully above -1")
    realized_vol_window: Whole = Field(default=21, ge=2, description="a whole number >= 2")
    vol_baseline_window: Whole = Field(default=126, ge=2, description="a whole number >= 2")
    upper_thresh_z: Number = Field(default=1.0, description="a number above lower_thresh_z")
    lower_thresh_z: Number = Field(default=0.2, description="a number below upper_thresh_z")
    vol_crush_threshold: Number = Field(default=-0.15, lt=0, description="a number < 0, usefully above -1")
    vol_crush_lookback: Whole = Field(
        default=5, ge=1, description="a whole number from 1 to vol_baseline_window - 1"
    )
    leverage_scalar: Number = Field(default=1.0, ge=0.5, le=1.5, description="a number from 0.5 to 1.5")
    use_inverse_hedge: Flag = Field(default=False, description="true or false")
    w_PSQ_max: Number = Field(  # noqa: N815 - the name is given
        default=0.5, gt=0, le=1, description="a number above 0, at most 1; at most 0.5 counts"
    )
    allow_treasury: Flag = Field(default=True, description="true or false")
    bond_sma_fast: Whole = Field(default=20, ge=1, description="a whole number >= 1, below bond_sma_slow")
    bond_sma_slow: Whole = Field(default=60, ge=2, description="a whole number above bond_sma_fast")
    max_bond_weight: Number = Field(
        default=0.4, ge=0, le=1, description="a number from 0 to 1; at most 0.4 counts"
    )
    treasury_trend_symbol: Symbol = Field(default="TLT", description="a ticker in upper case, as text")
    rebalance_threshold: Number = Field(default=0.025, gt=0, description="a number > 0")
    execution_time: ExecutionTime = Field(default="close", description="when the strategy trades")
    signal_symbol: Symbol = Field(default="QQQ", description="a ticker in upper case, as text")
    core_long_symbol: Symbol = Field(default="QQQ", description="a ticker in upper case, as text")
    leveraged_long_symbol: Symbol = Field(default="TQQQ", description="a ticker in upper case, as text")
    inverse_hedge_symbol: Symbol = Field(default="PSQ", description="a ticker in upper case, as text")
    bull_bond_symbol: Symbol = Field(default="TMF", description="a ticker in upper case, as text")
    bear_bond_symbol: Symbol = Field(default="TMV", description="a ticker in upper case, as text")
    symmetric_volume_adjustment: Flag = Field(default=False, description="true or false")
    double_smoothing: Flag = Field(default=False, description="true or false")

    @property
    def first_decision_bar(self) -> int:
        """Number of signal bars, the current one included, at which the first decision is made."""
        return max(self.sma_slow, self.vol_baseline_window + self.realized_vol_window)

    @property
    def warmup_bars(self) -> int:
        """Bars to request before the first session of interest."""
        bonds = self.bond_sma_slow if self.allow_treasury else 0
        return max(self.sma_slow + 10, self.vol_baseline_window + self.realized_vol_window, bonds)

    @property
    def legs(self) -> tuple[str, str, str, str, str]:
        """Symbols of the five legs in the order of the weight columns: TQQQ, QQQ, PSQ, TMF, TMV."""
        return (
            self.leveraged_long_symbol,
            self.core_long_symbol,
            self.inverse_hedge_symbol,
            self.bull_bond_symbol,
            self.bear_bond_symbol,
        )


CROSS_RULES = (
    CrossRule(("sma_fast", "sma_slow"), lambda fast, slow: fast < slow, "must be below sma_slow"),
    CrossRule(
        ("bond_sma_fast", "bond_sma_slow"), lambda fast, slow: fast < slow, "must be below bond_sma_slow"
    ),
    CrossRule(
        ("lower_thresh_z", "upper_thresh_z"), lambda low, high: low < high, "must be below upper_thresh_z"
    ),
    CrossRule(
        ("vol_crush_lookback", "vol_baseline_window"),
        lambda lookback, window: lookback <= window - 1,
        "must be at most vol_baseline_window - 1",
    ),
)


#: The first seven are the constraints of the product requirements; the others are where section 12 says that
#: a value is useful. A hard range above is an error, a value outside these is a warning.
USUAL = {
    "sma_fast": UsualRange(10, 100),
    "sma_slow": UsualRange(50, 300),
    "upper_thresh_z": UsualRange(0.5, 2.0),
    "lower_thresh_z": UsualRange(-0.5, 0.5),
    "leverage_scalar": UsualRange(0.5, 1.5),
    "measurement_noise": UsualRange(500, 10_000),
    "T_max": UsualRange(20, 100),
    "t_norm_bull_thresh": UsualRange(high=1),
    "t_norm_bear_thresh": UsualRange(low=-1),
    "vol_crush_threshold": UsualRange(low=-1),
    "osc_smoothness": UsualRange(high=20),
    "strength_smoothness": UsualRange(high=500),
    "w_PSQ_max": UsualRange(high=0.5),
    "max_bond_weight": UsualRange(high=0.4),
    "rebalance_threshold": UsualRange(high=2),
}
EFFECTS = {
    "t_norm_bull_thresh": "the trend is never called BullStrong by it",
    "t_norm_bear_thresh": "the trend is never called BearStrong by it",
    "vol_crush_threshold": "volatility never falls that far",
    "osc_smoothness": "20 counts",
    "strength_smoothness": "500 counts",
    "w_PSQ_max": "0.5 counts",
    "max_bond_weight": "0.4 counts",
    "rebalance_threshold": "it never trades",
}
#: Signal bars before the first decision. With 1,000 the last trend differs by 2e-8 from that of the full
#: history, with 250 it is up to 0.32 off and the cell may be wrong (section 12).
HISTORY_FLOOR = 1_000


def parse(values: Mapping[str, Any], *, where: str = "") -> Parameters:
    """Return validated parameters; ParameterError lists every finding at once."""
    return parse_parameters(Parameters, values, CROSS_RULES, where=where)
