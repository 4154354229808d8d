"""The part of `jutsu status` about what each book is doing: regime, limits, allocation, figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from live.cli.common import console, table
from live.system.number_text import money, percent

if TYPE_CHECKING:
    from backtest.strategies.terms import Boundary
    from live.views.book_now import BookNow
    from live.views.status import BookStatus

_FIGURES: Final = (
    *("variant", "week", "month", "year", "drawdown", "deepest", "Sharpe", "win rate", "monitoring"),
)


def show_books_now(books: tuple[BookStatus, ...]) -> None:
    """Print it; what no book has is left out."""
    known = [(book.variant, book.now) for book in books if book.now is not None]
    for variant, now in known:
        if now.regime:
            console().print(f"{variant}, decided on the bar of {now.decided_on}: {_states(now.regime)}")
    limits = [(variant, *_limit(one)) for variant, now in known for one in now.limits]
    if limits:
        heads = ("variant", "figure", "now", "what", "when", "distance")
        table("limits of the next decision", heads, limits, right=("now", "distance"))
    shares = [
        (variant, one.symbol, money(one.value), percent(one.share, 1))
        for variant, now in known
        for one in now.allocation
    ]
    if shares:
        table("allocation", ("variant", "holds", "value", "share"), shares, right=("value", "share"))
    figures = [row for variant, now in known for row in _figures(variant, now)]
    if figures:
        columns = (
            "variant",
            "week",
            "month",
            "year",
            "drawdown",
            "deepest",
            "Sharpe",
            "win rate",
            "monitoring",
        )
        table("performance", columns, figures, right=columns[1:-1])


def _states(regime: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in regime.items())


def _limit(one: Boundary) -> tuple[str, ...]:
    reached = {("above", True): ">=", ("above", False): ">", ("below", True): "<=", ("below", False): "<"}
    about = f"{one.symbol}: {one.changes}" if one.symbol else one.changes
    sign = reached[one.direction, one.inclusive]
    return one.figure, f"{one.now:.4g}", about, f"{sign} {one.limit:.4g}", f"{one.distance:.4g}"


def _figures(variant: str, now: BookNow) -> Iterator[tuple[str, ...]]:
    found = now.figures
    if found is None:
        return
    won = "" if found.win_rate is None else f"{percent(found.win_rate, 0)} of {found.closing_trades}"
    yield (
        variant,
        *(percent(made) for made in (found.week_to_date, found.month_to_date, found.year_to_date)),
        percent(found.drawdown),
        percent(found.max_drawdown),
        "" if found.sharpe is None else f"{found.sharpe:.2f}",
        won,
        "" if now.monitoring is None else _state(now),
    )


def _state(now: BookNow) -> str:
    """Return the worst state of the monitoring, and why where it is unknown for one reason."""
    found = now.monitoring
    if found is None:
        return ""
    if found.state == "unknown" and found.baseline is None:
        return "no baseline"
    return {"unknown": "not enough data"}.get(found.state, found.state)
