"""Settings: YAML, environment, ledger overrides and flags become one frozen, validated value.

Precedence, highest first: command-line flag, ledger override (`jutsu config set`), environment
(`JUTSU_SECTION__KEY`), `config/live.yaml`, default. Units are in the names; unknown keys are refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from backtest.core.bar_words import Basis, Moment, Timeframe
from backtest.core.execution_rules import ExecutionRules
from backtest.core.planned_orders import Intent
from backtest.core.settings_model import SettingsModel
from live.model.order_ids import SYMBOL_FORM
from live.model.run import Mode

Policy = Literal["auto", "required"]
AlertLevel = Literal["info", "warning", "critical"]
DataSource = Literal["demo", "store", "schwab", "alpaca"]
ChannelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
PaperFault = Literal["none", "partial", "slow", "never", "reject", "lost_reply", "late_cancel"]


class BookSettings(SettingsModel):
    """One primary and the shadows that follow it."""

    primary: str
    shadows: tuple[str, ...] = ()
    budget_pct: Annotated[float, Field(gt=0, le=100)] = 100.0
    run: Literal["daily", "on_request"] = Field(
        default="daily", description="on_request: only when `--strategy` (or a signal file) names it"
    )
    reports: Path | None = Field(
        default=None,
        description="folder of the candidate reports of an earnings book; relative: to the project",
    )


class SourceSettings(SettingsModel):
    """A vendor or folder that `jutsu data sync` fills the store from."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    timeframes: tuple[Timeframe, ...] = ("1d",)
    basis: Basis | None = Field(
        default=None, description="what new symbols are stored as; None: what it gives by itself"
    )
    per_minute: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="requests a minute that your plan takes; None: those of the smallest plan"
    )
    folder: Path | None = Field(default=None, description="of a source that reads files")
    base_url: str | None = Field(
        default=None,
        description="loopback address of an imitation; schwab and alpaca have theirs under broker",
    )


class DataSettings(SettingsModel):
    """Where bars and quotes come from."""

    source: DataSource = "demo"
    second_source: Literal["schwab", "alpaca"] | None = None
    sources: tuple[SourceSettings, ...] = Field(
        default=(), description="what `jutsu data sync` asks, the first one first"
    )
    store: Path = Path("data/bars")
    demo_seed: int = 7
    max_price_difference_pct: Annotated[float, Field(gt=0)] = 1.0
    max_quote_age_seconds: Annotated[float, Field(gt=0)] = 60.0


class PathSettings(SettingsModel):
    """Where things are kept; never part of the settings hash."""

    strategies: Path = Path("config/strategies")
    manifest: Path = Path("config/manifest.json")
    signals: Path = Path("signals")
    state_db: Path = Path("state/ledger.db")
    logs: Path = Path("logs")
    private: bool = Field(default=True, description="files 0600 and folders 0700, whatever the umask says")


class PaperSettings(SettingsModel):
    """The embedded broker."""

    initial_cash: Annotated[float, Field(gt=0, le=1e11)] = 100_000.0
    fault: PaperFault = "none"


class ApprovalSettings(SettingsModel):
    """Whether a person must approve and what silence means. None = auto offline, required online."""

    policy: Policy | None = None
    on_no_answer: dict[Intent, Literal["skip", "trade"]] = Field(
        default={"exit": "trade", "reduce": "trade", "stop": "trade", "entry": "skip", "increase": "skip"}
    )


class SafetySettings(SettingsModel):
    """Gates; percentages in percent."""

    cash_warn_pct: Annotated[float, Field(gt=0)] = 0.5
    cash_ask_pct: Annotated[float, Field(gt=0)] = 2.0
    cash_jump_pct: Annotated[float, Field(gt=0)] = 10.0
    daily_loss_pct: Annotated[float, Field(gt=0, le=100)] | None = 5.0
    drawdown_pct: Annotated[float, Field(gt=0, le=100)] | None = 10.0
    drawdown_alert_pct: Annotated[float, Field(gt=0, le=100)] | None = 15.0
    min_balance: Annotated[float, Field(gt=0)] | None = None
    max_drift_pct: Annotated[float, Field(gt=0)] = 1.0
    slippage_warn_pct: Annotated[float, Field(ge=0)] = 0.3
    slippage_flag_pct: Annotated[float, Field(ge=0)] = 0.5
    slippage_abort_pct: Annotated[float, Field(ge=0)] = 1.0
    entry_cutoff_minutes: Annotated[float, Field(gt=0)] = 5.0
    run_deadline_seconds: Annotated[float, Field(gt=0)] = 600.0
    min_free_disk_mb: Annotated[float, Field(ge=0)] = 100.0
    max_clock_skew_seconds: Annotated[float, Field(gt=0)] = 30.0

    @model_validator(mode="after")
    def _slippage_rises(self) -> Self:
        if not self.slippage_warn_pct <= self.slippage_flag_pct <= self.slippage_abort_pct:
            raise ValueError("slippage_warn_pct <= slippage_flag_pct <= slippage_abort_pct must hold")
        return self


class PollingSettings(SettingsModel):
    """Waiting for fills; at most `retries` further tries of an unfilled rest."""

    interval_seconds: Annotated[float, Field(gt=0)] = 5.0
    timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
    retries: Annotated[int, Field(ge=0, le=10)] = 3
    retry_wait_seconds: Annotated[float, Field(ge=0)] = 5.0
    entry_retry_above_pct: Annotated[float, Field(ge=0, le=100)] = 10.0


class SchwabSettings(SettingsModel):
    """Schwab; key and secret come from the environment or a 0600 file, never from here."""

    account_last4: str | None = None
    token_file: Path = Path("state/schwab_token.json")
    base_url: str | None = Field(
        default=None, description="loopback address of an imitation server, for rehearsals"
    )
    timeout_seconds: Annotated[float, Field(gt=0)] = 20.0


class AlpacaSettings(SettingsModel):
    """Alpaca; keys come from the environment."""

    paper: bool = True
    account_last4: str | None = Field(
        default=None,
        description="last four of the account the keys must belong to; needed for the live account",
    )
    base_url: str | None = Field(
        default=None, description="loopback address of an imitation server, for rehearsals"
    )


class BrokerSettings(SettingsModel):
    """Which broker executes in online_live."""

    name: Literal["paper", "schwab", "alpaca", "ibkr"] = "paper"
    schwab: SchwabSettings = Field(default_factory=SchwabSettings)
    alpaca: AlpacaSettings = Field(default_factory=AlpacaSettings)


class ChannelSettings(SettingsModel):
    """Channels by level; `digest` is the daily mail; None: every channel."""

    critical: tuple[ChannelName, ...] | None = None
    warning: tuple[ChannelName, ...] | None = None
    info: tuple[ChannelName, ...] | None = None

    @model_validator(mode="after")
    def _criticals_are_heard(self) -> Self:
        if self.critical is not None and not [name for name in self.critical if name != "digest"]:
            raise ValueError("critical alerts need a channel that is not the digest")
        return self

    def of(self, level: AlertLevel) -> tuple[ChannelName, ...] | None:
        """Return the channels of a level."""
        return {"critical": self.critical, "warning": self.warning, "info": self.info}[level]


class AlertSettings(SettingsModel):
    """Where alerts go; `urls_env` names the environment variable holding apprise URLs."""

    urls_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = "JUTSU_ALERT_URLS"
    minimum_level: AlertLevel = "warning"
    execution_report: bool = True
    channels: ChannelSettings = Field(default_factory=ChannelSettings)
    digest_channels: tuple[ChannelName, ...] = Field(
        default=(), description="where the daily mail goes; empty: where warnings go"
    )
    digest_at: Annotated[str, Field(pattern=f"^{_CLOCK}$")] = "17:30"
    quiet_hours: Annotated[str, Field(pattern=f"^{_CLOCK}-{_CLOCK}$")] | None = Field(
        default=None, description="warnings wait until they are over, criticals never"
    )
    time_zone: str = Field(default="America/New_York", description="of digest_at and quiet_hours")

    @field_validator("digest_at", mode="before")
    @classmethod
    def _clock_without_quotes(cls, value: object) -> object:
        """YAML reads 17:30 as minutes when it stands without quotes."""
        return f"{value // 60:02d}:{value % 60:02d}" if isinstance(value, int) else value

    @model_validator(mode="after")
    def _digest_goes_out(self) -> Self:
        if "digest" in self.digest_channels:
            raise ValueError("digest_channels: the digest cannot go into the digest")
        return self


class OrbSettings(SettingsModel):
    """A book of opening-range breakouts on minute bars: one an account, on paper."""

    portfolio: Path | None = Field(
        default=None,
        description="what `backtest orb portfolio` wrote; null: no such book; relative: to the project",
    )
    bars: Path = Field(
        default=Path("data/minutes.csv"), description="file that grows by the minute bars of the session"
    )
    stamp: Moment = Field(
        default="open", description="what its rows are stamped with: the start or the end of their minute"
    )
    instruments: Path | None = Field(
        default=None, description="file of contracts beside those known: costs, tick, trading day"
    )
    contract: str = Field(default="", description="contract month, shown in the plan")
    flat_by: str | None = Field(
        default=None,
        pattern=rf"^{_CLOCK} [A-Za-z0-9_+/-]+$",
        description="every trade ends at this time of the trading day, e.g. 16:55 America/New_York",
    )
    max_bar_age_minutes: Annotated[float, Field(gt=0)] = Field(
        default=5.0, description="a bar that arrives later starts no trade"
    )


class ReportSettings(SettingsModel):
    """Who gets the reports as mail."""

    mail: tuple[ChannelName, ...] = Field(
        default=(), description="channels of the reports; empty: where their level goes"
    )


class BackupSettings(SettingsModel):
    """Ledger backups."""

    keep_days: Annotated[int, Field(ge=1)] = 30


class MetricsSettings(SettingsModel):
    """Figures for Prometheus."""

    textfile: Path | None = Field(
        default=None,
        description="folder of `jutsu.prom`, written after every scheduled run; relative: to the project",
    )


class TaxSettings(SettingsModel):
    """Notes about tax lots; they never change an order."""

    retirement: bool = Field(
        default=False,
        description="an IRA: nothing of it is taxed, a loss elsewhere that it replaces is lost",
    )
    identical: tuple[tuple[Annotated[str, Field(pattern=f"^{SYMBOL_FORM}$")], ...], ...] = Field(
        default=(), description="groups of symbols that are substantially identical, e.g. [[QQQ, QQQM]]"
    )

    @model_validator(mode="after")
    def _each_in_one_group(self) -> Self:
        named = [symbol for group in self.identical for symbol in group]
        if any(len(group) < 2 for group in self.identical) or len(named) != len(set(named)):
            raise ValueError("identical: every group has two symbols or more, every symbol one group")
        return self


class LoggingSettings(SettingsModel):
    """Log files."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["text", "json"] = Field(default="text", description="json: one document a line")
    keep_days: Annotated[int, Field(ge=1)] = 90


class DashboardSettings(SettingsModel):
    """The page of `jutsu dashboard`."""

    hosts: tuple[str, ...] = Field(
        default=(), description="further names it is reached by, with the port: `box.lan:8000`"
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(), description="addresses of proxies in front of it that bring TLS"
    )
    rate_limit_per_minute: Annotated[int, Field(ge=10)] = 100
    api_control: bool = Field(
        default=False,
        description="where orders are real, keys of programs may resume, panic, switch the mode",
    )
    url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#@]+$",
        description="where a phone reaches the page; alerts of waiting files name it",
    )
    locale: str = Field(
        default="en-US",
        pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$",
        description="how the page writes numbers and local times: de-DE, en-GB",
    )


class Settings(SettingsModel):
    """Everything a run takes from outside, validated and frozen."""

    account: str = Field(default="", exclude=True, description="name in `accounts:`, empty without one")
    mode: Mode = "offline_mock"
    books: tuple[BookSettings, ...] = Field(
        default_factory=lambda: (BookSettings(primary="golden", shadows=("titan",)),)
    )
    data: DataSettings = Field(default_factory=DataSettings)
    paths: PathSettings = Field(default_factory=PathSettings)
    execution: ExecutionRules = Field(default_factory=ExecutionRules)
    approval: ApprovalSettings = Field(default_factory=ApprovalSettings)
    safety: SafetySettings = Field(default_factory=SafetySettings)
    polling: PollingSettings = Field(default_factory=PollingSettings)
    paper: PaperSettings = Field(default_factory=PaperSettings)
    broker: BrokerSettings = Field(default_factory=BrokerSettings)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    orb: OrbSettings = Field(default_factory=OrbSettings)
    reports: ReportSettings = Field(default_factory=ReportSettings)
    backup: BackupSettings = Field(default_factory=BackupSettings)
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)
    dashboard: DashboardSettings = Field(default_factory=DashboardSettings)
    tax: TaxSettings = Field(default_factory=TaxSettings)
    logging: LoggingSettings = Field(default_factory=LoggingSettings)

    @model_validator(mode="after")
    def _books_fit(self) -> Self:
        variants = [name for book in self.books for name in (book.primary, *book.shadows)]
        doubled = sorted({name for name in variants if variants.count(name) > 1})
        if not self.books:
            raise ValueError("books: at least one book with a primary is needed")
        if doubled:
            raise ValueError(f"books: {', '.join(doubled)} appears more than once")
        if sum(book.budget_pct for book in self.books if book.run == "daily") > 100:
            raise ValueError("books: the budgets add up to more than 100 percent of the account")
        return self
