"""`jutsu replay` and `jutsu demo`: history through both real stages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from live.cli.common import ConfigOption, JsonOption, console, emit_json, open_command, table
from live.model.run import Demo, Replay
from live.system.number_text import money, percent

if TYPE_CHECKING:
    from live.runtime.runtime import Runtime

DEMO_SESSIONS = 60
DemoStrategy = Annotated[str, typer.Option("--strategy", help="allocation or earnings.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(replay)
    app.command()(demo)


def _day(text: str | None, flag: str) -> date | None:
    from backtest.core.errors import UsageError

    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a date", where=flag, remedy="write YYYY-MM-DD") from error


def _require_money(cash: float | None) -> None:
    from math import isfinite

    from backtest.core.errors import UsageError

    if cash is not None and not (isfinite(cash) and cash > 0):
        raise UsageError(f"{cash:g} is no amount to start with", where="--cash", remedy="give more than 0")


def replay(
    *,
    start: Annotated[str, typer.Option("--start", help="First session, YYYY-MM-DD.")],
    end: Annotated[str, typer.Option("--end", help="Last session, YYYY-MM-DD.")],
    prices: Annotated[Path | None, typer.Option("--prices", help="Folder of daily CSV files.")] = None,
    cash: Annotated[float | None, typer.Option("--cash", help="Initial cash of the paper account.")] = None,
    strategy: Annotated[
        list[str] | None, typer.Option("--strategy", help="Variant or file; repeatable.")
    ] = None,
    candidates: Annotated[Path | None, typer.Option("--candidates", help="Candidate list (JSON).")] = None,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Go on after a failed session.")] = False,
    state_db: Annotated[Path | None, typer.Option("--state-db", help="A new ledger file.")] = None,
    output_dir: Annotated[
        Path | None, typer.Option("--output-dir", help="Folder for files and CSVs.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Run both real stages for every past session with a simulated clock and the paper broker."""
    first, last = _day(start, "--start"), _day(end, "--end")
    _require_money(cash)
    if first is None or last is None:
        raise typer.BadParameter("--start and --end are needed")
    output = output_dir or Path(f"out/replay_{first}_{last}")
    with _replay_runtime(
        config=config,
        state_db=state_db or output / "ledger.db",
        output_dir=output,
        prices=prices,
        cash=cash,
        start=first,
        run=Replay(),
    ) as runtime:
        result = _run(
            runtime, first, last, tuple(strategy or ()), keep_going=keep_going, candidates=candidates
        )
        _report(runtime, result, as_json=as_json)


def demo(
    *,
    strategy: DemoStrategy = "allocation",
    sessions: Annotated[
        int, typer.Option("--sessions", min=1, max=2500, help="How many last sessions.")
    ] = DEMO_SESSIONS,
    until: Annotated[
        str | None, typer.Option("--until", help="Last session (default: the last closed one).")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show the whole product on a seeded demo market: the last sessions through both real stages."""
    from backtest.core.errors import UsageError

    if strategy not in {"allocation", "earnings"}:
        raise UsageError(
            f"no demo called {strategy!r}", where="--strategy", remedy="use allocation or earnings"
        )
    last = _last_closed(_day(until, "--until"))
    first = _sessions_back(last, sessions)
    state, output = Path("state/demo"), Path("signals/demo")
    if strategy != "allocation":
        state, output = state / strategy, output / strategy
    for folder in (state, output):
        _clear(folder)
    with _replay_runtime(
        config=config,
        state_db=state / "ledger.db",
        output_dir=output,
        prices=None,
        cash=None,
        start=first,
        run=Demo(),
    ) as runtime:
        if strategy == "earnings":
            from live.replay.earnings_demo import run_demo

            with _progress(first, last) as advance:
                result = run_demo(runtime, first, last, on_session=advance)
        else:
            result = _run(runtime, first, last, (), keep_going=False)
        _report(runtime, result, as_json=as_json, story=True)


def _clear(folder: Path) -> None:
    """Remove what an earlier demo wrote: these two folders belong to the demo alone."""
    if folder.exists():
        shutil.rmtree(folder)


def _last_closed(until: date | None) -> date:
    from backtest.calendar import sessions as calendar
    from live.system.clock import SystemClock

    now = SystemClock().now()
    newest = calendar.last_closed_session(now).day
    wanted = newest if until is None else (calendar.session(until) or calendar.previous_session(until)).day
    return min(newest, wanted)


def _sessions_back(last: date, count: int) -> date:
    from backtest.calendar import sessions as calendar

    return calendar.sessions(last - timedelta(days=count * 2 + 20), last)[-count].day


def _replay_runtime(*, start: date, run: Replay, **options: Any) -> Any:
    from backtest.calendar import sessions as calendar
    from live.system.clock import SimulatedClock

    at = (calendar.session(start) or calendar.next_session(start)).open
    return open_command(clock=SimulatedClock(at), mode="offline_mock", run=run, **options)


def _run(
    runtime: Runtime,
    first: date,
    last: date,
    strategies: tuple[str, ...],
    *,
    keep_going: bool,
    candidates: Path | None = None,
) -> Any:
    from backtest.candidates.model import read_candidate_list
    from live.replay.replay import replay as run_replay

    known = None if candidates is None else read_candidate_list(candidates)
    with _progress(first, last) as advance:
        return run_replay(
            runtime,
            start=first,
            end=last,
            strategies=strategies,
            keep_going=keep_going,
            candidates=known,
            on_session=advance,
        )


@contextmanager
def _progress(first: date, last: date) -> Iterator[Callable[[date], None]]:
    """Show a progress bar on the terminal (nothing when piped)."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from backtest.calendar import sessions as calendar

    screen = console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    ) as progress:
        task = progress.add_task("replaying", total=len(calendar.sessions(first, last)))
        yield lambda _: progress.advance(task)


def _report(runtime: Runtime, result: Any, *, as_json: bool, story: bool = False) -> None:
    facts = [_variant_facts(runtime, variant) for variant in runtime.ledger.snapshots.variants()]
    if as_json:
        emit_json(
            {
                "sessions": result.sessions,
                "failures": [f"{f.session} {f.stage} {f.code}: {f.why}" for f in result.failures],
                "variants": facts,
                "equity_file": result.equity_file,
                "orders_file": result.orders_file,
                "warnings": list(result.warnings),
            }
        )
        return
    screen = console()
    if story:
        _story(runtime)
    table(
        f"{result.sessions} sessions replayed",
        ("variant", "first", "last", "start equity", "end equity", "return", "max drawdown"),
        [
            (
                f["variant"],
                f["first"],
                f["last"],
                money(f["start_equity"]),
                money(f["end_equity"]),
                percent(f["total_return"]),
                percent(f["max_drawdown"]),
            )
            for f in facts
        ],
        right=("start equity", "end equity", "return", "max drawdown"),
    )
    for warning in () if story else result.warnings:
        screen.print(f"warning: {warning}")
    for failure in result.failures:
        screen.print(f"failed: {failure.session} {failure.stage} exit {failure.code}: {failure.why}")
    screen.print(f"signal files and CSVs: {result.equity_file.parent}")


def _variant_facts(runtime: Runtime, variant: str) -> dict[str, Any]:
    series = runtime.ledger.snapshots.series(variant)
    first, last = series[0], series[-1]
    drawdowns = [row.drawdown for row in series if row.drawdown is not None]
    opening = runtime.ledger.signals.get(first.session, variant)
    start_equity = first.equity if opening is None else _equity_before(opening.content)
    return {
        "variant": variant,
        "first": first.session,
        "last": last.session,
        "start_equity": round(start_equity, 2),
        "end_equity": round(last.equity, 2),
        "total_return": last.equity / start_equity - 1,
        "max_drawdown": min(drawdowns, default=0.0),
    }


def _equity_before(content: str) -> float:
    """Return the equity the first decision was sized with: what the book started with."""
    return float(json.loads(content)["inputs"]["account"]["equity"])


def _story(runtime: Runtime) -> None:
    """Show the last sessions that traded: what was decided, ordered and filled."""
    trades = list(reversed(runtime.ledger.trades.recent(12)))
    regime = any(t.cell is not None for t in trades)  # the earnings strategies have none
    table(
        "the last trades (DEMO data: a seeded synthetic market)",
        (
            *("session", "symbol", "action", "shares", "price"),
            *(("cell", "trend", "vol") if regime else ()),
            "profit",
        ),
        [
            (
                t.session,
                t.symbol,
                f"{t.action} ({t.intent})",
                t.quantity,
                money(t.fill_price),
                *((t.cell, t.trend_state, t.vol_state) if regime else ()),
                money(t.realised_pnl),
            )
            for t in trades
        ],
        right=("shares", "price", "profit"),
    )
