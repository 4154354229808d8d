"""Stage 1 of a book of breakouts: the plan of the next session, `orb_plan_<day>.json`.

Its day is the first trading day, Monday to Friday, whose first window has not started. Nothing of the day
itself is known yet: a plan names windows, strategies, sizes, limits and what to expect, and no price.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backtest.calendar.trading_days import SATURDAY, DayAnchor, TradingDay
from backtest.core.errors import DataError, LimitError, SettingsError, UsageError
from backtest.core.files import read_regular
from backtest.simulator.intraday.plan import PAPER, PlannedStrategy, planned, windows_of
from backtest.strategies.opening_range_breakout.instrument_file import known_instruments
from backtest.strategies.opening_range_breakout.instruments import Instrument, instrument_of
from backtest.strategies.opening_range_breakout.portfolio import Portfolio, PortfolioStrategy
from backtest.strategies.opening_range_breakout.portfolio_file import read_portfolio
from live.brokers.paper.intraday import FillTerms, IntradayPaperBroker
from live.handoff.canonical import UNSEALED, bytes_sha256
from live.handoff.orb_plan import (
    PLAN_SCHEMA_PATH,
    PLAN_VERSION,
    OrbPlan,
    PlanAccount,
    PlanBaseline,
    PlanInputs,
    PlanInstrument,
    PlanLimits,
    PlanOptions,
    PlanSizing,
    PlanStrategy,
    PlanWindow,
    plan_name,
    plan_schema,
    render_plan,
    sealed_plan,
)
from live.handoff.write import require_place, write_bytes
from live.ledger.signal_files import GeneratedSignal
from live.model.run import ORB_BOOK
from live.settings.digest import settings_sha256

if TYPE_CHECKING:
    from live.model.broker import Account
    from live.runtime.orb import OrbContext

#: days looked at for one with a window that has not started: a week and a holiday
_AHEAD: Final = 10
#: how long before its first window a plan is made: the account and the bars of the day before are known then
LEAD: Final = timedelta(minutes=60)
_DAY: Final = timedelta(days=1)
PAPER_ONLY: Final = (
    "paper only: no order of this book leaves the machine; real ones need `orb equality` and "
    "`orb walk-forward` passed, and a broker of futures, which is not built"
)

UsualVolume = Mapping[int, Mapping[int, float]]


def read_inputs(orb: OrbContext) -> tuple[Portfolio, Instrument]:
    """Return the portfolio of the book and its contract.

    Raises:
        UsageError, ParameterError: 2, a file cannot be read, is wrong, or the portfolio is empty.
    """
    known = known_instruments(orb.instruments)
    portfolio = read_portfolio(orb.portfolio, known)
    if not portfolio.strategies:
        raise UsageError(
            "the portfolio holds no strategy",
            where=str(orb.portfolio),
            remedy="make another one: python -m backtest orb portfolio",
        )
    return portfolio, instrument_of(portfolio.symbol, known)


def plan_next(orb: OrbContext, *, force: bool = False) -> str:
    """Write the plan of the next session on the paper account as it is; return what was done, for people.

    Raises:
        SettingsError, UsageError, ParameterError, SignalFileError: 2, settings, portfolio or place are wrong.
        LimitError: 7, the session has begun, or the account has no equity. BrokerError: 6, the paper account
            cannot be used.
    """
    portfolio, instrument = read_inputs(orb)
    with closing(paper_account(orb, instrument, portfolio.sizing.equity)) as broker:
        return write_plan(orb, portfolio, instrument, broker.account(), force=force)


def paper_account(orb: OrbContext, instrument: Instrument, initial_cash: float) -> IntradayPaperBroker:
    """Open the paper account of the book; a dry run works on a copy in memory."""
    return IntradayPaperBroker(
        orb.paper_file,
        clock=orb.context.clock,
        terms=FillTerms(instrument.point_value, instrument.friction),
        initial_cash=initial_cash,
        scratch=orb.context.run.scratch,
        durable=orb.context.run.durable,
    )


def write_plan(
    orb: OrbContext, portfolio: Portfolio, instrument: Instrument, account: Account, *, force: bool
) -> str:
    """Write and record the plan of the next session; return what was done, for people.

    A plan that is there already stays; `force` makes it again (an approval is void), or sooner than `LEAD`.

    Raises:
        SettingsError, UsageError: 2, settings or portfolio are wrong. SignalFileError: 2, the plan cannot be
            written. LimitError: 7, the session has begun, or the account has no equity.
    """
    context = orb.context
    strategies = _planned(portfolio, instrument)
    day = next_day(instrument.anchor, strategies, context.clock.now())
    path = context.signals / plan_name(day.day.isoformat(), context.settings.account)
    require_place(path)
    row = context.ledger.signals.get(day.day, ORB_BOOK)
    first = min(window.start for window in windows_of(day, strategies).values())
    if row is None and not force and context.clock.now() < first - LEAD:
        return f"too early: the plan of {day.day} is made from {first - LEAD:%Y-%m-%d %H:%M} UTC on"
    if row is not None and not force:
        if not path.exists() and not context.run.scratch:
            write_bytes(path, row.content.encode())
            return f"already done: {path} was missing and is back as generated"
        return f"already done: {path}"
    if row is not None and row.executed_sha256 is not None:
        raise LimitError(
            "the session of this plan has begun", where=str(path), remedy="the next day is planned anew"
        )
    plan = plan_for(orb, portfolio, instrument, account, day)
    content = render_plan(plan)
    shown = f"{plan.plan_id}: {_words(plan)}"
    warned = "".join(f"\n  warning: {text}" for text in plan.warnings)
    if context.run.scratch:
        return f"dry run: would write {path}: {shown}{warned}"
    _keep_plan(orb, plan, content, str(path))
    write_bytes(context.signals / PLAN_SCHEMA_PATH, plan_schema())
    write_bytes(path, content, durable=context.run.durable)
    return f"wrote {path}: {shown}{warned}"


def _keep_plan(orb: OrbContext, plan: OrbPlan, content: bytes, path: str) -> None:
    context, day = orb.context, date.fromisoformat(plan.trading_day)
    now, mode = context.clock.now(), plan.mode
    with context.ledger.transaction():
        context.ledger.signals.record(
            GeneratedSignal(
                session=day,
                variant=ORB_BOOK,
                role="primary",
                path=path,
                content=content.decode(),
                seal=plan.seal.digest,
                bytes_sha256=bytes_sha256(content),
                generated_at=now,
            )
        )
        due = datetime.fromisoformat(plan.approve_before)
        context.ledger.runs.due(
            day, ORB_BOOK, role="primary", mode=mode, due_at=due, source=context.data_source,
            past=not context.run.about_now,
        )  # fmt: skip
        context.ledger.runs.generated(
            day, ORB_BOOK, role="primary", mode=mode, at=now, detail={"strategies": len(plan.strategies)}
        )


def plan_for(
    orb: OrbContext, portfolio: Portfolio, instrument: Instrument, account: Account, day: TradingDay
) -> OrbPlan:
    """Return the sealed plan of a trading day. LimitError: 7, the account has no equity to size by."""
    context, settings = orb.context, orb.settings
    strategies = _planned(portfolio, instrument)
    windows = windows_of(day, strategies)
    equity = float(account.equity or 0)
    if equity <= 0:
        raise LimitError(
            f"the paper account holds {equity:,.2f}: nothing is left to risk",
            where=str(orb.paper_file),
            remedy="look at its trades (`jutsu orb`); move the file away to begin with a new account",
        )
    sizing = portfolio.sizing
    if sizing.max_drawdown is None:
        sizing = replace(sizing, equity=equity)
    flat_by = None if settings.flat_by is None else flat_at(settings.flat_by, day)
    volume, notes = usual_volume_of(orb, instrument, strategies, day)
    draft = OrbPlan(
        schema_=PLAN_SCHEMA_PATH,
        schema_version=PLAN_VERSION,
        plan_id=f"{ORB_BOOK}_{day.day}",
        trading_day=day.day.isoformat(),
        day_start=_utc(day.start),
        day_end=_utc(day.end),
        approve_before=_utc(min(window.start for window in windows.values())),
        mode="offline_mock",
        instrument=_instrument(instrument, settings.contract),
        windows=tuple(
            PlanWindow(
                label=label,
                minutes=minutes,
                start=_utc(window.start),
                end=_utc(window.end),
                deadline=_utc(window.deadline),
            )
            for (label, minutes), window in windows.items()
        ),
        strategies=tuple(_strategy(one, portfolio.symbol) for one in portfolio.strategies),
        limits=PlanLimits(**asdict(portfolio.limits)),
        sizing=PlanSizing(**asdict(sizing)),
        account=PlanAccount(reference=account.reference, equity=equity, cash=float(account.cash or 0)),
        options=PlanOptions(**{**asdict(PAPER), "flat_by": None if flat_by is None else _utc(flat_by)}),
        price_scale=price_scale(instrument, strategies),
        usual_volume={str(days): {str(m): v for m, v in found.items()} for days, found in volume.items()},
        inputs=PlanInputs(
            portfolio=portfolio.name,
            portfolio_status=portfolio.status,
            portfolio_sha256=hashlib.sha256(read_regular(orb.portfolio)).hexdigest(),
            trials=portfolio.trials,
            settings_sha256=settings_sha256(context.settings),
            package_version=context.version,
        ),
        warnings=(PAPER_ONLY, *_insufficient(portfolio), *portfolio.notes, *notes),
        seal=UNSEALED,
    )
    return sealed_plan(draft)


def next_day(anchor: DayAnchor, strategies: Sequence[PlannedStrategy], now: datetime) -> TradingDay:
    """Return the first trading day whose first window has not started. LimitError: 7, there is none near."""
    first = anchor.day_at(now).day
    for ahead in range(_AHEAD):
        day = anchor.day(first + _DAY * ahead)
        windows = windows_of(day, strategies) if day.day.weekday() < SATURDAY else {}
        if windows and min(window.start for window in windows.values()) > now:
            return day
    raise LimitError("no trading day of the next ten has a window", where=anchor.zone)


def price_scale(instrument: Instrument, strategies: Sequence[PlannedStrategy]) -> int:
    """Return in how many parts of one prices are counted, so that ticks and targets are whole numbers."""
    decimals = max(0, -int(instrument.tick.normalize().as_tuple().exponent))
    return int(10**decimals * math.lcm(*(one.key.ratio.denominator for one in strategies)))


def flat_at(text: str, day: TradingDay) -> datetime:
    """Return the instant of a time of a zone in a trading day. SettingsError: 2, the day does not have it."""
    clock, _, name = text.partition(" ")
    try:
        at, zone = time.fromisoformat(clock), ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:
        problem = f"{text!r} is no time of a zone"
        raise SettingsError(problem, where="orb.flat_by", remedy="as 16:55 America/New_York") from error
    for one in (day.day, day.day + _DAY, day.day - _DAY):
        found = datetime.combine(one, at, zone).astimezone(UTC)
        if day.holds(found):
            return found
    raise SettingsError(f"{text} is not in the trading day {day.day}", where="orb.flat_by")


def usual_volume_of(
    orb: OrbContext, instrument: Instrument, strategies: Sequence[PlannedStrategy], day: TradingDay
) -> tuple[UsualVolume, tuple[str, ...]]:
    """Return what filters of volume compare with, from the stored minute bars, and what is missing of it.

    A minute that is not known on every one of the earlier days is left out, and its filters do not pass.
    """
    wanted = sorted({one.filter.days for one in strategies if one.filter.days})
    if not wanted:
        return {}, ()
    from backtest.calendar.trading_days import DayRows, days_with_bars
    from backtest.data.minute_store import MinuteStore
    from backtest.simulator.intraday.replay import usual_volume

    store = MinuteStore(orb.context.loaded.path(orb.context.settings.data.store))
    try:
        bars = store.read(instrument.symbol)
    except (DataError, UsageError) as error:
        return {}, (f"filters of volume do not pass on this day: {error.line()}",)
    known = [one for one in days_with_bars(bars, instrument.anchor) if one.day.day < day.day]
    rows = [*known, DayRows(day, len(bars), len(bars))]
    found = {count: usual_volume(bars, rows, len(known), count) for count in wanted}
    missing = [str(count) for count in wanted if not found[count]]
    days = ", ".join(missing)
    note = f"filters of volume over {days} days do not pass: too few stored days of {instrument.symbol}"
    return found, (note,) if missing else ()


def _planned(portfolio: Portfolio, instrument: Instrument) -> tuple[PlannedStrategy, ...]:
    keys = [one.key for one in portfolio.strategies]
    return planned(keys, instrument, [one.max_contracts for one in portfolio.strategies])


def _strategy(one: PortfolioStrategy, symbol: str) -> PlanStrategy:
    key = one.key
    return PlanStrategy(
        strategy_id=key.id(symbol),
        label=key.label,
        minutes=key.minutes,
        model=key.model,
        ratio=str(key.ratio),
        confirm_bars=key.confirm_bars,
        filter=key.filter,
        max_contracts=one.max_contracts,
        weight=one.weight,
        standing=one.standing,
        skill=one.skill,
        baseline=PlanBaseline(**asdict(one.baseline)),
        enabled=True,
        note="",
    )


def _instrument(one: Instrument, contract: str) -> PlanInstrument:
    return PlanInstrument(
        symbol=one.symbol,
        contract=contract,
        point_value=one.point_value,
        commission=one.commission,
        spread=one.spread,
        slippage=one.slippage,
        tick=str(one.tick),
        day_zone=one.anchor.zone,
        day_at=f"{one.anchor.at:%H:%M}",
    )


def _insufficient(portfolio: Portfolio) -> tuple[str, ...]:
    if portfolio.status == "OK":
        return ()
    return (f"the portfolio is {portfolio.status}: see its notes before you approve",)


def _words(plan: OrbPlan) -> str:
    first = datetime.fromisoformat(plan.approve_before)
    return (
        f"{len(plan.strategies)} strategies of {plan.instrument.symbol}, at most "
        f"{plan.limits.max_concurrent_positions} at once, halt at {plan.limits.drawdown_halt_r:g} R; "
        f"first window {first:%Y-%m-%d %H:%M} UTC"
    )


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
