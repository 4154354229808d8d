"""How orders are sized, filled, charged and limited: one model, read by simulator, replay and both stages.

It is the `execution:` section of `config/live.yaml`. Percentages are in percent (5 means 5 %).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backtest.core.settings_model import SettingsModel

StopFill = Literal["gap", "stop"]
BuyOrder = Literal["market", "marketable_limit"]


class Limits(SettingsModel):
    """Hard limits on nominal market value; exceeding one is exit code 7, never a silent clip."""

    max_position_pct: float = Field(default=100.0, gt=0, le=1000, description="one symbol, percent of equity")
    max_total_exposure_pct: float = Field(
        default=100.0, gt=0, le=1000, description="all symbols, percent of equity"
    )
    max_total_leverage: float = Field(
        default=2.0, gt=0, description="nominal exposure / equity, funds count once"
    )
    max_order_value: float | None = Field(
        default=None, gt=0, description="one order, currency of the account; off when null"
    )
    max_order_value_pct: float = Field(default=100.0, gt=0, le=1000, description="one buy, percent of equity")
    max_orders_per_run: int = Field(default=40, ge=1)
    max_stop_orders_per_run: int = Field(default=20, ge=1)
    max_orders_per_minute: int = Field(default=10, ge=1)


class ExecutionRules(SettingsModel):
    """Sizing, costs and limits shared by backtest, replay and live."""

    fill_at: Literal["mid", "close"] = Field(
        default="mid", description="what a paper or simulated market order pays"
    )
    slippage_pct: float = Field(default=0.0, ge=0, le=10, description="added to buys, taken from sells")
    commission_per_order: float = Field(default=0.0, ge=0)
    commission_per_share: float = Field(default=0.0, ge=0)
    min_cash_pct: float = Field(default=5.0, ge=0, lt=100, description="target cash never below this")
    max_buying_power_pct: float = Field(
        default=95.0, gt=0, le=100, description="share of buying power a run may use"
    )
    min_trade_pct: float = Field(
        default=0.0, ge=0, le=100, description="of equity; exits and stops never filtered"
    )
    max_holdings_drift: float | None = Field(
        default=None,
        gt=0,
        description="sum |held - target| weight, of symbols with a price, that also trades; off when null",
    )
    buy_order: BuyOrder = Field(
        default="market",
        description="live only; a limit lies safety.slippage_abort_pct above the quote it is sent on",
    )
    stop_fill: StopFill = Field(default="gap", description="a stop gapped through fills at the open")
    limits: Limits = Field(default_factory=Limits)
