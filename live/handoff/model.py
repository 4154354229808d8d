"""The signal file as a typed, frozen model. Field order is the key order of the file.

Numbers are plain JSON numbers in their shortest form. Instants are ISO 8601 with offset, dates YYYY-MM-DD,
both as strings so that the model dumps to exactly what is written. Descriptions end up in the JSON Schema,
where an editor shows them to the person who changes the file.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from backtest.core.decision import ExecutionTime, FamilyName, Side
from backtest.core.planned_orders import EntryOrderType, Intent
from live.model.order_ids import PATTERN, SYMBOL_FORM
from live.model.run import Mode, Role

SCHEMA_VERSION = "1.0.0"
SCHEMA_PATH = "schema/trade_signals.schema.json"
MAX_EXACT_INTEGER = 2**53 - 1
#: detail of a marketable limit: how much more than the quote it is sent on it may pay, percent
LIMIT_ABOVE_QUOTE = "limit_above_quote_pct"


def _real_date(text: str) -> str:
    date.fromisoformat(text)

    return text


def _real_instant(text: str) -> str:
    datetime.fromisoformat(text)

    return text


IsoDate = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d{2}-\d{2}$", json_schema_extra={"format": "date"}),
    AfterValidator(_real_date),
]
Instant = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?[+-]\d{2}:\d{2}$",
        json_schema_extra={"format": "date-time"},
    ),
    AfterValidator(_real_instant),
]
Symbol = Annotated[str, Field(pattern=f"^{SYMBOL_FORM}$", description="ticker in capitals")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, lower-case hex")]
Price = Annotated[
    float, Field(gt=0, le=10_000_000, allow_inf_nan=False, description="currency per share, above 0")
]
QuotedPrice = Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)]
Money = Annotated[float, Field(allow_inf_nan=False, description="currency of the account")]
ClientOrderId = Annotated[
    str,
    Field(
        pattern=PATTERN,
        description="{YYYYMMDD}_{SYMBOL}_{intent}_{side}, unique in the file",
    ),
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class SessionTimes(_Part):
    """Open and close of the traded session."""

    open: Instant
    close: Instant
    early_close: bool


class Window(_Part):
    """When the executor may act."""

    name: ExecutionTime
    opens_at: Instant
    closes_at: Instant


class StrategyInfo(_Part):
    """Which rules with which parameters; `sources` names where each non-default came from."""

    name: str
    variant: str
    role: Role
    family: FamilyName
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
    bid: QuotedPrice | None
    ask: QuotedPrice | None
    last: QuotedPrice | None
    time: Instant | None


class AccountInput(_Part):
    """Masked account snapshot the sizing used."""

    reference: str
    equity: Money
    cash: Money
    positions: dict[str, int]


def named_reference(snapshot: AccountInput, account: str) -> AccountInput:
    """Return the snapshot with the name of one of several accounts before its reference: `ira/paper`."""
    if not account:
        return snapshot
    return snapshot.model_copy(update={"reference": f"{account}/{snapshot.reference}"})


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

    price: Annotated[Price, Field(description="below the reference price; you may change it")]
    time_in_force: Literal["gtc", "day"]


class SignalOrder(_Part):
    """One order. You may disable or delete it, change `quantity` or `stop`, and write a `note`."""

    client_order_id: ClientOrderId
    symbol: Symbol
    side: Annotated[Side, Field(description="exit, reduce and stop sell; others buy")]
    intent: Annotated[Intent, Field(description="why the order exists")]
    quantity: Annotated[int, Field(ge=1, le=MAX_EXACT_INTEGER, description="whole shares; you may change it")]
    order_type: Annotated[
        EntryOrderType,
        Field(
            description="marketable_limit: a buy that pays at most details.limit_above_quote_pct (percent) "
            "more than the quote it is sent on"
        ),
    ]
    reference_price: Annotated[Price, Field(description="newest price the decision used")]
    estimated_value: Annotated[Money, Field(description="quantity times reference price, in cents")]
    rank: Annotated[float, Field(allow_inf_nan=False, description="buys are sent in descending rank")]
    reason: str
    stop: Stop | None
    details: dict[str, Any]
    enabled: Annotated[bool, Field(description="false: the executor leaves this order out")]
    note: Annotated[str, Field(max_length=2000, description="anything you want to remember")]


class MovedStop(_Part):
    """The stop of a held position goes to a tighter level; without an answer as `on_no_answer.stop` says."""

    symbol: Symbol
    price: Annotated[Price, Field(description="the new level, above the one it has")]
    before: Annotated[Price, Field(description="the level it had when the decision was made")]
    reason: str


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
    """Hand-off from the signal generator to the executor.

    You may disable or delete an order, change its quantity or stop, add a note, or add an order of your own
    inside the limits; then run `jutsu approve FILE`. Every other change is refused.
    """

    schema_: Annotated[Literal["schema/trade_signals.schema.json"], Field(alias="$schema")]
    schema_version: Annotated[str, Field(pattern=r"^1\.\d+\.\d+$")]
    trade_date: Annotated[IsoDate, Field(description="the session that trades")]
    as_of: Annotated[Instant, Field(description="instant of the data")]
    session: SessionTimes
    execution_window: Window
    strategy: StrategyInfo
    mode: Mode
    inputs: Inputs
    decision: DecisionInfo
    targets: tuple[TargetWeight, ...]
    orders: Annotated[tuple[SignalOrder, ...], Field(description="sells first, then buys by rank")]
    stops: Annotated[
        tuple[MovedStop, ...],
        Field(
            description="stops of holdings that move; left out of the file when there are none",
            exclude_if=lambda moves: not moves,
        ),
    ] = ()
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]
    residual_cash: Annotated[Money, Field(description="cash the whole shares leave")]
    seal: Seal
