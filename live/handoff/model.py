"""The signal file as a typed, frozen model. Field order is the key order of the file.

Numbers are plain JSON numbers in their shortest form. Instants are ISO 8601 with offset, dates YYYY-MM-DD,
both as strings so that the model dumps to exactly what is written.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = "1.0.0"
SCHEMA_PATH = "schema/trade_signals.schema.json"

IsoDate = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Instant = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?[+-]\d{2}:\d{2}$")]
Symbol = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9./-]{0,9}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Price = Annotated[float, Field(gt=0, le=10_000_000, allow_inf_nan=False)]
Money = Annotated[float, Field(allow_inf_nan=False)]
ClientOrderId = Annotated[
    str,
    Field(
        pattern=r"^([a-z][a-z0-9_]*_)?\d{8}_[A-Z][A-Z0-9./-]{0,9}_(exit|reduce|entry|increase|stop)_(buy|sell)"
        r"(_r[1-9]\d*)?$"
    ),
]
Intent = Literal["exit", "reduce", "entry", "increase", "stop"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SessionTimes(_Part):
    """Open and close of the traded session."""

    open: Instant
    close: Instant
    early_close: bool


class Window(_Part):
    """When the executor may act."""

    name: Literal["open", "15min_after_open", "15min_before_close", "5min_before_close", "close"]
    opens_at: Instant
    closes_at: Instant


class StrategyInfo(_Part):
    """Which rules with which parameters; `sources` names where each non-default came from."""

    name: str
    variant: str
    role: Literal["primary", "shadow"]
    family: Literal["allocation", "positions"]
    parameters: dict[str, Any]
    sources: dict[str, str]


class BarsInput(_Part):
    """Provenance of one symbol's bars."""

    symbol: Symbol
    source: str
    rows: Annotated[int, Field(ge=0)]
    first: IsoDate
    last: IsoDate
    provisional: bool
    sha256: Digest


class QuoteInput(_Part):
    """One quote used."""

    symbol: Symbol
    bid: float | None
    ask: float | None
    last: float | None
    time: Instant | None


class AccountInput(_Part):
    """Masked account snapshot the sizing used."""

    reference: str
    equity: Money
    cash: Money
    positions: dict[str, int]


class Inputs(_Part):
    """Everything the decision was computed from."""

    bars: tuple[BarsInput, ...]
    quotes: tuple[QuoteInput, ...]
    account: AccountInput
    candidates: dict[str, Any] | None = None
    settings_sha256: Digest
    package_version: str


class DecisionInfo(_Part):
    """Diagnostics of the strategy and what it wants remembered once carried out."""

    decided_on: IsoDate
    rebalance: bool
    diagnostics: dict[str, Any]
    memory: dict[str, Any]


class TargetWeight(_Part):
    """Target weight after the cash reserve, decimal fraction of equity."""

    symbol: Symbol
    weight: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Stop(_Part):
    """Protective stop that belongs to an entry."""

    price: Price
    time_in_force: Literal["gtc", "day"]


class SignalOrder(_Part):
    """One order a person may disable, delete, resize or annotate."""

    client_order_id: ClientOrderId
    symbol: Symbol
    side: Literal["buy", "sell"]
    intent: Intent
    quantity: Annotated[int, Field(ge=1, le=100_000_000)]
    order_type: Literal["market", "market_on_open"]
    reference_price: Price
    estimated_value: Money
    rank: Annotated[float, Field(allow_inf_nan=False)]
    reason: str
    stop: Stop | None
    details: dict[str, Any]
    enabled: bool
    note: str


class Skipped(_Part):
    """Something not taken, with a reason code."""

    symbol: str
    reason: str
    details: dict[str, Any]


class Seal(_Part):
    """SHA-256 over the RFC 8785 canonical form of the file without this key."""

    algorithm: Literal["sha256-rfc8785"]
    digest: Digest


class SignalFile(_Part):
    """The hand-off between the stages."""

    schema_: Annotated[Literal["schema/trade_signals.schema.json"], Field(alias="$schema")]
    schema_version: Annotated[str, Field(pattern=r"^1\.\d+\.\d+$")]
    trade_date: IsoDate
    as_of: Instant
    session: SessionTimes
    execution_window: Window
    strategy: StrategyInfo
    mode: Literal["offline_mock", "online_live"]
    inputs: Inputs
    decision: DecisionInfo
    targets: tuple[TargetWeight, ...]
    orders: tuple[SignalOrder, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]
    residual_cash: Money
    seal: Seal
