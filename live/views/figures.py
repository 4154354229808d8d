"""Figures of a book from its snapshots: periods, drawdown, Sharpe, trades; formulas of the backtest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from backtest.reporting.baseline import mean, trade_return
from backtest.reporting.metrics import drawdowns, performance, trade_statistics
from backtest.reporting.monitoring import ClosedTrade
from live.views.equity import steps_of

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.ledger.tables import LiveTrade

#: below this a Sharpe ratio says nothing
MIN_SHARPE_SESSIONS: Final = 20


@dataclass(frozen=True, slots=True)
class BookFigures:
    """One variant over every session it has a close of; decimal fractions, net of deposits.

    Attributes:
        first, last: sessions of the first and newest close. sessions: how many closes.
        equity: at the newest close, account currency.
        week_to_date, month_to_date, year_to_date: since the last close of the week, month, year before, or
            since the book began.
        total_return: since the book began. annual_return: None where it is not defined.
        drawdown: now. max_drawdown: the deepest; neither is ever positive.
        sharpe: None below twenty sessions. win_rate: of closing trades, None without any.
        closing_trades: how many. average_trade: mean return of them before commissions, None without any.
    """

    variant: str
    first: date
    last: date
    sessions: int
    equity: float
    week_to_date: float
    month_to_date: float
    year_to_date: float
    total_return: float
    annual_return: float | None
    drawdown: float
    max_drawdown: float
    sharpe: float | None
    win_rate: float | None
    closing_trades: int
    average_trade: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """What a book made session by session.

    Attributes:
        days: sessions with a close, oldest first. equity: at those closes, account currency.
        value: what 1 became by then, deposits left out; it starts before the first session.
    """

    days: tuple[date, ...]
    equity: tuple[float, ...]
    value: tuple[float, ...]

    def made(self, after: date, until: date) -> float | None:
        """Return what was made in the sessions after `after` up to `until`, None without any."""
        inside = [at for at, day in enumerate(self.days) if after < day <= until]
        if not inside:
            return None
        before = self.value[inside[0] - 1] if inside[0] else 1.0
        return self.value[inside[-1]] / before - 1 if before > 0 else None


def read_curve(
    ledger: Ledger, variant: str, *, until: date | None = None, budget_pct: float = 100.0
) -> Curve | None:
    """Return the curve of a book, None before its first close.

    Args:
        ledger: of the account.
        variant: the book.
        until: last session that counts, None: the newest.
        budget_pct: share of the account that the book may use; 0 for a virtual book, which gets no deposit.
    """
    rows = ledger.snapshots.series(variant, until=until)
    if not rows:
        return None
    steps = steps_of(rows, ledger.cash_flows.all(), budget_pct=budget_pct)
    start = _equity_before(ledger, variant, rows[0].session) or rows[0].equity
    value = [rows[0].equity / start if start > 0 else 1.0]
    for step in steps:
        value.append(value[-1] * (1 + step.made))
    return Curve(tuple(row.session for row in rows), tuple(row.equity for row in rows), tuple(value))


def read_figures(
    ledger: Ledger, variant: str, *, until: date | None = None, budget_pct: float = 100.0
) -> BookFigures | None:
    """Return the figures of a book, None before its first close; the arguments are those of `read_curve`."""
    curve = read_curve(ledger, variant, until=until, budget_pct=budget_pct)
    if curve is None:
        return None
    last, value = curve.days[-1], np.array(curve.value)
    over_all = performance(value, 1.0)
    trades = [trade for trade in _sales(ledger, variant, last) if trade.realised_pnl is not None]
    pnls = [float(trade.realised_pnl or 0) for trade in trades]
    made = [one.made for one in closed_trades(ledger, variant, until=last)]
    return BookFigures(
        variant=variant,
        first=curve.days[0],
        last=last,
        sessions=len(curve.days),
        equity=curve.equity[-1],
        week_to_date=curve.made(before_week(last), last) or 0.0,
        month_to_date=curve.made(last.replace(day=1) - timedelta(days=1), last) or 0.0,
        year_to_date=curve.made(date(last.year - 1, 12, 31), last) or 0.0,
        total_return=over_all.total_return,
        annual_return=over_all.annual_return,
        drawdown=min(0.0, float(drawdowns(value, 1.0)[-1])),
        max_drawdown=over_all.max_drawdown,
        sharpe=over_all.sharpe if len(curve.days) >= MIN_SHARPE_SESSIONS else None,
        win_rate=trade_statistics(pnls, [True] * len(pnls)).win_rate,
        closing_trades=len(trades),
        average_trade=mean(made),
    )


def closed_trades(ledger: Ledger, variant: str, *, until: date | None = None) -> tuple[ClosedTrade, ...]:
    """Return what each closing trade of a primary made, oldest first."""
    found = []
    for row in _sales(ledger, variant, until):
        if row.realised_pnl is not None:
            made = trade_return(row.quantity, float(row.fill_price), float(row.realised_pnl))
            if made is not None:
                found.append(ClosedTrade(row.session, made))
    return tuple(found)


def before_week(day: date) -> date:
    """Return the Sunday before the week of a day."""
    return day - timedelta(days=day.isoweekday())


def _sales(ledger: Ledger, variant: str, until: date | None) -> Sequence[LiveTrade]:
    rows = ledger.trades.between(None, until)
    return [row for row in rows if row.variant == variant and row.action == "sell"]


def _equity_before(ledger: Ledger, variant: str, session: date) -> float | None:
    """Return what the first decision was sized with, None without its file."""
    opening = ledger.signals.get(session, variant)
    if opening is None:
        return None
    return float(json.loads(opening.content)["inputs"]["account"]["equity"])
