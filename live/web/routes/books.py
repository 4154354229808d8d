"""What is so: today, portfolio, orders, trades, performance, comparison, explanation. Scope `read`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from live.jobs.project import StoredFeed
from live.metrics.program_runs import looked_at
from live.model.run import Mode
from live.system.json_text import plain
from live.views.backtests import BacktestColumns, read_backtests
from live.views.compare import CompareView, read_comparisons
from live.views.curves import (
    CurveColumns,
    PerformanceView,
    RollingView,
    read_curves,
    read_performance_view,
    read_rolling,
)
from live.views.drift import DriftView, read_drift
from live.views.explain import ExplainView, read_explanation
from live.views.portfolio import OrderLine, OrderStory, PortfolioView, read_order, read_orders, read_portfolio
from live.views.today import TodayView, read_today
from live.views.trades import TradeRow, read_trades
from live.web.alerting import failing_channels
from live.web.document import answered
from live.web.guard import needs
from live.web.routes.common import Cursor, Limit, Page, VariantName, not_found, page, show, world_of

router = APIRouter(dependencies=[needs("read")])
_MOST_TRADES = 100_000


@router.get("/status", responses=answered(TodayView))
def status(request: Request) -> Response:
    """Is all well, what waits for a person, what comes next."""
    world = world_of(request)
    return show(
        request, lambda i: read_today(i, failing_channels(world, i), looked_at(world.state, "doctor"))
    )


@router.get("/portfolio", responses=answered(PortfolioView))
def portfolio(request: Request) -> Response:
    """What every book holds, and the open orders."""
    return show(request, read_portfolio)


@router.get("/orders", responses=answered(Page[OrderLine]))
def orders(request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The journal, newest first."""
    return show(
        request, lambda i: page(read_orders(i, _MOST_TRADES), limit, cursor, lambda row: row.client_order_id)
    )


@router.get("/orders/{client_order_id}", responses=answered(OrderStory))
def order(request: Request, client_order_id: VariantName) -> Response:
    """One order with everything that happened to it."""

    def make(inputs: Any) -> OrderStory:
        found = read_order(inputs, client_order_id)
        if found is None:
            raise not_found(f"order {client_order_id}")
        return found

    return show(request, make)


ModeQuery = Annotated[Mode | None, Query(description="Only trades of this mode.")]
SinceQuery = Annotated[date | None, Query(description="First session, YYYY-MM-DD.")]


@router.get("/trades", responses=answered(Page[TradeRow]))
def trades(
    request: Request,
    limit: Limit = 50,
    cursor: Cursor = None,
    mode: ModeQuery = None,
    since: SinceQuery = None,
    symbol: Annotated[str | None, Query(max_length=16)] = None,
    variant: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """Executed trades, newest first."""

    def make(inputs: Any) -> Page[TradeRow]:
        rows = [
            row
            for row in read_trades(inputs.ledger, mode=mode, since=since)
            if symbol in {None, row.symbol} and variant in {None, row.variant}
        ]
        return page(
            rows, limit, cursor, lambda row: f"{row.at.isoformat()} {row.symbol} {row.broker_order_id}"
        )

    return show(request, make)


@router.get("/trades/export", response_class=StreamingResponse)
def export(request: Request, mode: ModeQuery = None, since: SinceQuery = None) -> StreamingResponse:
    """All trades as CSV, oldest first; a text that a table program would run as a formula is quoted."""
    with world_of(request).reading() as inputs:
        rows = tuple(reversed(read_trades(inputs.ledger, mode=mode, since=since)))
    headers = {"Content-Disposition": 'attachment; filename="trades.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)


def _csv(rows: tuple[TradeRow, ...]) -> Iterator[str]:
    names = [field.name for field in fields(TradeRow)]
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _harmless(value) for name, value in plain(row).items()})
        if buffer.tell() > 32_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _harmless(value: Any) -> Any:
    """Return a cell that no table program takes for a formula (OWASP, CSV injection)."""
    dangerous = isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}
    return f"'{value}" if dangerous else value


@router.get("/performance", responses=answered(PerformanceView))
def performance(request: Request) -> Response:
    """Figures and monthly returns of every book."""
    return show(request, read_performance_view)


@router.get("/performance/series", responses=answered(tuple[CurveColumns, ...]))
def series(request: Request, since: SinceQuery = None) -> Response:
    """Equity curves, column by column."""
    return show(request, lambda inputs: read_curves(inputs, since))


@router.get("/performance/rolling", responses=answered(RollingView))
def rolling(
    request: Request,
    variant: Annotated[str, Query(max_length=64)],
    sessions: Annotated[int, Query(ge=20, le=1000)] = 126,
) -> Response:
    """Rolling Sharpe ratio and volatility of one book."""
    return show(request, lambda inputs: read_rolling(inputs, variant, sessions))


@router.get("/performance/backtest", responses=answered(tuple[BacktestColumns, ...]))
def backtests(request: Request) -> Response:
    """The backtest of the sessions each primary was carried out in, over the stored bars."""
    world = world_of(request)
    return show(request, lambda i: read_backtests(i, StoredFeed(world.settings(i.ledger))))


@router.get("/drift", responses=answered(DriftView))
def drift(
    request: Request,
    since: SinceQuery = None,
    variant: Annotated[
        str | None, Query(max_length=64, description="One primary; all when left out.")
    ] = None,
) -> Response:
    """Live against the backtest of the same sessions over the stored bars, and what each cause cost."""
    world = world_of(request)

    def make(inputs: Any) -> DriftView:
        context = world.context(inputs)
        return read_drift(context, StoredFeed(context.loaded), variant, since)

    return show(request, make)


@router.get("/compare", responses=answered(CompareView))
def compare(request: Request, since: SinceQuery = None) -> Response:
    """Each primary beside its shadows, and the criteria of a switch."""
    return show(request, lambda inputs: read_comparisons(inputs, since))


@router.get("/explain/{symbol}", responses=answered(ExplainView))
def explain(
    request: Request, symbol: VariantName, session: Annotated[date | None, Query()] = None
) -> Response:
    """Why a symbol traded or did not."""
    return show(request, lambda inputs: read_explanation(inputs, symbol.upper(), session))
