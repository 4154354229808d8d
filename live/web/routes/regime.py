"""Where a variant stands: regime, figures of the newest decision, their history. Scope `read`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from backtest.calendar import sessions as calendar
from backtest.core.errors import UsageError
from live.jobs.project import stored_history
from live.views.regime import (
    MOST_SESSIONS,
    IndicatorColumns,
    IndicatorsView,
    RegimeView,
    read_indicator_columns,
    read_indicators,
    read_regime,
    symbols_of,
)
from live.views.settings import configured_strategies
from live.views.stale import bars_are_old
from live.web.document import answered
from live.web.guard import needs
from live.web.routes.common import show, world_of

if TYPE_CHECKING:
    from backtest.core.bars import Bars
    from backtest.strategies.base import Strategy
    from live.settings.load import LoadedSettings
    from live.views.inputs import ViewInputs

router = APIRouter(dependencies=[needs("read")])
Variant = Annotated[
    str | None, Query(max_length=64, pattern=r"^[A-Za-z0-9_.-]+$", description="Default: the first book.")
]


@router.get("/regime", responses=answered(RegimeView))
def regime(request: Request, variant: Variant = None) -> Response:
    """Cell, states and limits after the newest close, the last sessions, and what would change it."""
    now = world_of(request).clock.now()

    def read(strategy: Strategy, bars: Mapping[str, Bars]) -> RegimeView:
        found = read_regime(strategy, bars)
        old = bars_are_old(found.decided_on, now)
        return replace(found, last_closed=calendar.last_closed_session(now).day if old else None)

    return _shown(request, variant, read)


@router.get("/indicators", responses=answered(IndicatorsView))
def indicators(request: Request, variant: Variant = None) -> Response:
    """Figures of the newest decision and the parameters they are compared with."""
    return _shown(request, variant, read_indicators)


@router.get("/indicators/history", responses=answered(IndicatorColumns))
def history(
    request: Request,
    variant: Variant = None,
    sessions: Annotated[int, Query(ge=2, le=MOST_SESSIONS, description="How many, the newest.")] = 504,
) -> Response:
    """The same figures session by session, as columns."""
    return _shown(request, variant, lambda strategy, bars: read_indicator_columns(strategy, bars, sessions))


def _shown(
    request: Request, variant: str | None, read: Callable[[Strategy, Mapping[str, Bars]], Any]
) -> Response:
    def make(inputs: ViewInputs) -> Any:
        loaded = world_of(request).settings(inputs.ledger)
        strategy = _strategy(loaded, variant)
        return read(strategy, stored_history(loaded, symbols_of(strategy), inputs.now))

    return show(request, make)


def _strategy(loaded: LoadedSettings, variant: str | None) -> Strategy:
    """Return a variant, the first that holds weights when none is named. UsageError 2: there is none."""
    if variant is not None:
        return configured_strategies(loaded, [variant])[0]
    for strategy in configured_strategies(loaded):
        if strategy.family.holds_weights:
            return strategy
    raise UsageError("no book holds weights", where="books", remedy="name a variant")
