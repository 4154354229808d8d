"""`jutsu compare`: primary against shadows on equal terms, with the criteria for switching.

Both books are compared over the sessions they share. Source of the criteria: the switching rule of the
strategies' founding documents (90 days or 100 trades, profit factor +0.10, drawdown not worse, profit +3 %).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    StateOption,
    console,
    emit_json,
    open_command,
    percent,
    table,
)

if TYPE_CHECKING:
    from live.runtime.open import Runtime

MIN_DAYS = 90
MIN_TRADES = 100
MIN_PROFIT_FACTOR_GAIN = 0.10
MIN_RETURN_GAIN = 0.03


@dataclass(frozen=True, slots=True)
class Record:
    """What a book did over a stretch of sessions.

    Attributes:
        variant, role: whose book.
        first, last: sessions compared; sessions: how many; days: calendar days between them.
        total_return: last equity / first equity - 1, decimal fraction.
        max_drawdown: worst equity / highest so far - 1 inside the stretch, never positive.
        trades: closing fills after the first session (the first equity already contains its own).
        profit_factor: sum of gains / sum of losses of those; None without losses or without trades.
        gains, losses: those sums, account currency, both positive.
    """

    variant: str
    role: str
    first: date
    last: date
    sessions: int
    days: int
    total_return: float
    max_drawdown: float
    trades: int
    profit_factor: float | None
    gains: float
    losses: float


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition for switching; `met` is None while it cannot be judged."""

    name: str
    met: bool | None
    detail: str


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(compare)


def compare(
    *,
    since: Annotated[str | None, typer.Option("--since", help="First session, YYYY-MM-DD.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Compare each primary with its shadows and judge whether switching is justified."""
    with open_command(config=config, state_db=state_db, reading=True) as runtime:
        found = gather(runtime, _parse(since))
    if as_json:
        emit_json({"comparisons": found})
    else:
        show(found)


def gather(runtime: Runtime, since: date | None) -> list[dict[str, Any]]:
    """Return one comparison per shadow of every configured book."""
    return [
        _one(runtime, book.primary, shadow, since)
        for book in runtime.settings.books
        for shadow in book.shadows
    ]


def _one(runtime: Runtime, primary: str, shadow: str, since: date | None) -> dict[str, Any]:
    ledger = runtime.ledger
    curves = [
        {row.session: row.equity for row in ledger.snapshots.series(name, since)}
        for name in (primary, shadow)
    ]
    shared = sorted(curves[0].keys() & curves[1].keys())
    head: dict[str, Any] = {"primary": primary, "shadow": shadow}
    if len(shared) < 2:
        return head | {"records": [], "criteria": [], "switch": None, "sessions": len(shared)}
    pnls = (_live_pnls(runtime, primary, shared), _shadow_pnls(runtime, shadow, shared))
    ours, theirs = (
        record(name, role, shared, [curve[day] for day in shared], pnl)
        for name, role, curve, pnl in zip((primary, shadow), ("primary", "shadow"), curves, pnls, strict=True)
    )
    judged = criteria(ours, theirs)

    return head | {
        "records": [asdict(ours), asdict(theirs)],
        "criteria": [asdict(criterion) for criterion in judged],
        "switch": all(criterion.met is True for criterion in judged),
        "sessions": len(shared),
    }


def record(
    variant: str, role: str, sessions: Sequence[date], equity: Sequence[float], pnls: Sequence[float]
) -> Record:
    """Return the record of a book.

    Args:
        variant: name of the book.
        role: primary or shadow.
        sessions: at least two, ascending.
        equity: at the close of each.
        pnls: realised amounts of closing fills in these sessions.
    """
    peak, worst = equity[0], 0.0
    for value in equity:
        peak = max(peak, value)
        worst = min(worst, value / peak - 1)
    gains = math.fsum(pnl for pnl in pnls if pnl > 0)
    losses = -math.fsum(pnl for pnl in pnls if pnl < 0)

    return Record(
        variant=variant,
        role=role,
        first=sessions[0],
        last=sessions[-1],
        sessions=len(sessions),
        days=(sessions[-1] - sessions[0]).days,
        total_return=equity[-1] / equity[0] - 1,
        max_drawdown=worst,
        trades=len(pnls),
        profit_factor=gains / losses if losses > 0 else None,
        gains=round(gains, 2),
        losses=round(losses, 2) + 0.0,
    )


def criteria(primary: Record, shadow: Record) -> tuple[Criterion, ...]:
    """Judge the four conditions; all of them must be met to justify a switch."""
    trades = min(primary.trades, shadow.trades)
    gain = shadow.total_return - primary.total_return

    return (
        Criterion(
            "enough evidence",
            shadow.days >= MIN_DAYS or trades >= MIN_TRADES,
            f"{shadow.days} days and {trades} trades; needs {MIN_DAYS} days or {MIN_TRADES} trades",
        ),
        _profit_factor(primary, shadow),
        Criterion(
            "drawdown not worse",
            shadow.max_drawdown >= primary.max_drawdown,
            f"{shadow.max_drawdown:.2%} against {primary.max_drawdown:.2%}",
        ),
        Criterion(
            "profit",
            gain >= MIN_RETURN_GAIN - 1e-12,
            f"{gain * 100:+.2f} points of the starting equity; needs +{MIN_RETURN_GAIN:.0%}",
        ),
    )


def _profit_factor(primary: Record, shadow: Record) -> Criterion:
    """Judge the profit factors; gains without a loss count as infinite, no trades as unknown."""
    ours, theirs = _factor(primary), _factor(shadow)
    detail = f"{_factor_text(theirs)} against {_factor_text(ours)}; needs +{MIN_PROFIT_FACTOR_GAIN:.2f}"
    if ours is None or theirs is None or (math.isinf(ours) and math.isinf(theirs)):
        return Criterion("profit factor", None, f"{detail}; cannot be judged yet")

    return Criterion("profit factor", theirs >= ours + MIN_PROFIT_FACTOR_GAIN - 1e-12, detail)


def _factor(book: Record) -> float | None:
    if book.profit_factor is not None:
        return book.profit_factor

    return math.inf if book.gains > 0 else None


def _factor_text(factor: float | None) -> str:
    if factor is None:
        return "no trades"

    return "no losses" if math.isinf(factor) else f"{factor:.2f}"


def _live_pnls(runtime: Runtime, variant: str, sessions: Sequence[date]) -> list[float]:
    rows = runtime.ledger.trades.between(sessions[0], sessions[-1])

    return [
        float(row.realised_pnl)
        for row in rows
        if row.variant == variant and row.session > sessions[0] and row.realised_pnl is not None
    ]


def _shadow_pnls(runtime: Runtime, variant: str, sessions: Sequence[date]) -> list[float]:
    """Return the realised amounts of a shadow's settled sells inside the stretch."""
    return [
        float(fill["realised_pnl"])
        for row in runtime.ledger.shadow.history(variant, sessions[0])
        if sessions[0] < row.session <= sessions[-1]
        for fill in (row.fills or {}).get("executed", [])
        if fill.get("side") == "sell" and fill.get("realised_pnl") is not None
    ]


def show(comparisons: list[dict[str, Any]]) -> None:
    """Print the tables and a verdict per criterion."""
    out = console()
    if not comparisons:
        out.print("no shadows are configured: add one to books in config/live.yaml", markup=False)
    for found in comparisons:
        name = f"{found['shadow']} against {found['primary']}"
        if not found["records"]:
            out.print(f"{name}: {found['sessions']} shared session(s), at least 2 are needed", markup=False)
            continue
        first = found["records"][0]
        columns = ("variant", "role", "return", "drawdown", "profit factor", "trades")
        rows = [
            (
                r["variant"],
                r["role"],
                percent(r["total_return"]),
                percent(r["max_drawdown"]),
                "" if r["profit_factor"] is None else f"{r['profit_factor']:.2f}",
                r["trades"],
            )
            for r in found["records"]
        ]
        title = f"{name}, {first['first']} to {first['last']} ({first['sessions']} sessions)"
        table(title, columns, rows, right=columns[2:])
        for criterion in found["criteria"]:
            mark = {True: "yes", False: "no", None: "?"}[criterion["met"]]
            out.print(f"  {mark:<4}{criterion['name']}: {criterion['detail']}", markup=False)
        verdict = "switching is justified" if found["switch"] else "stay with the primary"
        out.print(f"  → {verdict}", markup=False)


def _parse(text: str | None) -> date | None:
    from backtest.core.errors import UsageError

    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a date", where="--since", remedy="write YYYY-MM-DD") from error
