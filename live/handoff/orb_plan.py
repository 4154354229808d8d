"""The plan of one session of opening-range breakouts as a typed, frozen model: `orb_plan_<day>.json`.

It is written before the session and holds no prices: levels do not exist yet. Field order is the key order of
the file; instants are ISO 8601 in UTC. A person may disable a strategy, lower its contracts and write a note.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from backtest.strategies.opening_range_breakout.portfolio import PortfolioStatus
from backtest.strategies.opening_range_breakout.strategy_key import MAX_CONFIRM_BARS, EntryModel
from live.handoff.canonical import UNSEALED, as_data, seal
from live.handoff.model import Digest, Instant, IsoDate, Money, Seal, Symbol
from live.handoff.schema import document_of
from live.model.run import Mode

PLAN_VERSION: Final = "1.0.0"
PLAN_SCHEMA_PATH: Final = "schema/orb_plan.schema.json"
Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, defer_build=True, populate_by_name=True
    )


class PlanInstrument(_Part):
    """What is traded: dollars a point, costs of a round trip in dollars a contract, its trading day."""

    symbol: Symbol
    contract: Annotated[str, Field(description="contract month, empty when not named")]
    point_value: Number
    commission: Number
    spread: Number
    slippage: Number
    tick: Annotated[str, Field(description="smallest step of an order's price")]
    day_zone: str
    day_at: Annotated[str, Field(description="the trading day begins at this time of the zone")]


class PlanWindow(_Part):
    """An opening range: taken from `start` up to `end`; a break of it counts before `deadline`."""

    label: str
    minutes: Count
    start: Instant
    end: Instant
    deadline: Instant


class PlanBaseline(_Part):
    """What the history of a strategy showed; results in R after costs."""

    trades: Annotated[int, Field(ge=0)]
    win_rate: Number | None
    expectancy_r: Number
    trades_per_day: Number
    median_risk_points: Number | None
    median_range_points: Number | None


class PlanStrategy(_Part):
    """One strategy. You may set `enabled` to false, lower `max_contracts` and write a `note`."""

    strategy_id: str
    label: str
    minutes: Count
    model: EntryModel
    ratio: Annotated[str, Field(description="reward by risk, as 3/2")]
    confirm_bars: Annotated[int, Field(ge=1, le=MAX_CONFIRM_BARS)]
    filter: str
    max_contracts: Annotated[Count, Field(description="no trade gets more; you may lower it")]
    weight: Number
    standing: str
    skill: Number | None
    baseline: PlanBaseline
    enabled: Annotated[bool, Field(description="false: this strategy does not trade on this day")]
    note: Annotated[str, Field(max_length=2000, description="anything you want to remember")]


class PlanLimits(_Part):
    """Limits of the day; losses are negative numbers."""

    drawdown_halt_r: Number
    drawdown_warning_r: Number
    max_concurrent_positions: Count
    max_per_orb_positions: Count
    max_daily_trades: Count
    halt_dollars: Number | None
    count_open_risk: bool
    flatten_on_halt: bool


class PlanSizing(_Part):
    """What is risked with one trade; `max_drawdown` is that of a prop firm, null for an own account."""

    equity: Money
    risk_pct: Number
    max_contracts: Count
    max_drawdown: Money | None
    include_friction: bool


class PlanAccount(_Part):
    """The paper account when the plan was made."""

    reference: str
    equity: Money
    cash: Money


class PlanOptions(_Part):
    """How trades are entered and ended; see `backtest.simulator.intraday.plan.EngineOptions`."""

    orb_min_bars: int | None
    confirm_deadline_min: int | None
    e3_max_wait_min: int | None
    e2_as_e1: bool
    reject_beyond_stop: bool
    realistic_gaps: bool
    e3_entry_bar_target: bool
    flat_by: Instant | None


class PlanInputs(_Part):
    """What the plan was made from."""

    portfolio: str
    portfolio_status: PortfolioStatus
    portfolio_sha256: Digest
    trials: Annotated[int, Field(ge=0, description="strategies that were tried to find these")]
    settings_sha256: Digest
    package_version: str


class OrbPlan(_Part):
    """What may be traded in one session of opening-range breakouts.

    You may disable a strategy, lower its contracts and add a note; then run `jutsu approve FILE`, before the
    first window starts. Every other change is refused.
    """

    schema_: Annotated[Literal["schema/orb_plan.schema.json"], Field(alias="$schema")]
    schema_version: Annotated[str, Field(pattern=r"^1\.\d+\.\d+$")]
    plan_id: Annotated[str, Field(description="names its orders")]
    trading_day: IsoDate
    day_start: Instant
    day_end: Instant
    approve_before: Annotated[Instant, Field(description="start of the first window")]
    mode: Annotated[Mode, Field(description="offline_mock: on paper")]
    instrument: PlanInstrument
    windows: tuple[PlanWindow, ...]
    strategies: Annotated[tuple[PlanStrategy, ...], Field(description="in the order they are served")]
    limits: PlanLimits
    sizing: PlanSizing
    account: PlanAccount
    options: PlanOptions
    price_scale: Annotated[Count, Field(description="prices are counted in steps of one by this number")]
    usual_volume: Annotated[
        dict[str, dict[str, Number]],
        Field(
            description="by number of earlier days, the median volume by minute after the start of the day"
        ),
    ]
    inputs: PlanInputs
    warnings: tuple[str, ...]
    seal: Seal


def plan_name(day: str, account: str = "") -> str:
    """Return the name of a day's plan: `orb_plan_<day>[_<account>].json`."""
    return f"orb_plan_{day}{f'_{account}' if account else ''}.json"


def sealed_plan(draft: OrbPlan) -> OrbPlan:
    """Return a plan with the seal of its content; whatever seal it carried is replaced."""
    digest = seal(as_data(draft.model_copy(update={"seal": UNSEALED})))
    return draft.model_copy(update={"seal": Seal(algorithm="sha256-rfc8785", digest=digest)})


def render_plan(plan: OrbPlan) -> bytes:
    """Return the bytes of the file: the same for the same plan."""
    return json.dumps(as_data(plan), indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def plan_schema() -> bytes:
    """Return the JSON Schema of a plan, for editors."""
    return document_of(OrbPlan, "Plan of a session of opening-range breakouts")


def session_order_id(plan: OrbPlan, strategy_id: str, intent: str, side: str) -> str:
    """Return the id of an order of a session: `{YYYYMMDD}_{SYMBOL}_{intent}_{side}_{8 hex}`.

    The digits are the first of the SHA-256 of plan id and strategy id, joined by a comma.
    """
    digits = hashlib.sha256(f"{plan.plan_id},{strategy_id}".encode()).hexdigest()[:8]
    return f"{plan.trading_day.replace('-', '')}_{plan.instrument.symbol}_{intent}_{side}_{digits}"
