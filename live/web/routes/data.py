"""Stored bars: symbols, how complete they are, the bars themselves. Scope `read`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter
from starlette.requests import Request
from starlette.responses import Response

from backtest.calendar import sessions as calendar
from backtest.core.errors import ParameterError, UsageError
from backtest.data.quality.known import Known
from live.jobs.project import stored_history, stored_symbols
from live.runtime.known_prices import confirmed_prices, recorded_actions
from live.views.settings import configured_strategies
from live.views.stored_data import (
    BarColumns,
    StoredSymbol,
    SymbolStatus,
    read_bars,
    read_status,
    read_symbol,
)
from live.web.document import answered
from live.web.guard import needs
from live.web.routes.common import Cursor, Limit, not_found, page, show, world_of

if TYPE_CHECKING:
    from backtest.core.bars import Bars
    from backtest.strategies.base import Strategy
    from live.settings.load import LoadedSettings
    from live.views.inputs import ViewInputs

router = APIRouter(prefix="/data", dependencies=[needs("read")])
SymbolName = Annotated[str, PathParameter(max_length=16, pattern=r"^[A-Z0-9^][A-Z0-9.^=_-]*$")]


@dataclass(frozen=True, slots=True)
class StoredData:
    """Symbols by name, and where their bars are.

    Attributes:
        folder: of the bar store, empty for the made-up market.
        next: cursor of the next page, None on the last.
    """

    source: str
    folder: str
    items: tuple[StoredSymbol, ...]
    next: str | None


@router.get("/symbols", responses=answered(StoredData))
def symbols(request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Every symbol that has bars, with its coverage year by year."""

    def make(inputs: ViewInputs) -> StoredData:
        loaded = world_of(request).settings(inputs.ledger)
        names = page(stored_symbols(loaded), limit, cursor, str)
        bars = stored_history(loaded, names.items, inputs.now) if names.items else {}
        newest = calendar.last_closed_session(inputs.now).day
        strategies, known = _strategies(loaded), _known(loaded, names.items)
        found = tuple(
            read_symbol(one, newest, _used_by(strategies, symbol), known) for symbol, one in bars.items()
        )
        demo = loaded.settings.data.source == "demo"
        folder = "" if demo else str(loaded.path(loaded.settings.data.store))
        return StoredData(loaded.settings.data.source, folder, found, names.next)

    return show(request, make)


@router.get("/{symbol}/status", responses=answered(SymbolStatus))
def status(request: Request, symbol: SymbolName) -> Response:
    """What one symbol lacks and what is wrong or odd about its bars."""

    def make(inputs: ViewInputs) -> SymbolStatus:
        loaded = world_of(request).settings(inputs.ledger)
        known = _known(loaded, [symbol])
        related = {name for one in known.relations for name in (one.symbol, one.index)}
        names = related if symbol in related else {symbol}
        bars = _bars(loaded, inputs, symbol, *names)
        newest = calendar.last_closed_session(inputs.now).day
        return read_status(symbol, bars, newest, _used_by(_strategies(loaded), symbol), known)

    return show(request, make)


@router.get("/{symbol}/bars", responses=answered(BarColumns))
def bars(
    request: Request,
    symbol: SymbolName,
    limit: Annotated[int, Query(ge=1, le=5000)] = 504,
    before: Annotated[date | None, Query(description="`next` of the page before.")] = None,
) -> Response:
    """Daily bars as columns, the newest page first."""

    def make(inputs: ViewInputs) -> BarColumns:
        loaded = world_of(request).settings(inputs.ledger)
        return read_bars(_bars(loaded, inputs, symbol)[symbol], limit, before)

    return show(request, make)


def _bars(loaded: LoadedSettings, inputs: ViewInputs, symbol: str, *more: str) -> dict[str, Bars]:
    """Return stored bars. ProblemError 404: there are none of `symbol`. DataError: they are damaged."""
    found = dict(stored_history(loaded, [symbol, *more], inputs.now))
    if symbol not in found:
        raise not_found(f"bar of {symbol}")
    return found


def _strategies(loaded: LoadedSettings) -> tuple[Strategy, ...]:
    """Return the strategies of the books, as far as they can be read: Today says what is wrong with them."""
    with suppress(ParameterError, UsageError):
        return configured_strategies(loaded)
    return ()


def _used_by(strategies: tuple[Strategy, ...], symbol: str) -> tuple[str, ...]:
    return tuple(one.variant for one in strategies if symbol in {*one.signal_symbols, *one.tradable_symbols})


def _known(loaded: LoadedSettings, names: list[str] | tuple[str, ...]) -> Known:
    """Return relations of the books, recorded actions and confirmed prices. DataError: a damaged file."""
    relations = {relation: None for one in _strategies(loaded) for relation in one.price_relations}
    state = loaded.path(loaded.settings.paths.state_db).parent
    demo = loaded.settings.data.source == "demo"
    actions = () if demo else recorded_actions(loaded.path(loaded.settings.data.store), names)
    return Known(tuple(relations), actions, confirmed_prices(state))
