"""`jutsu replay` and `jutsu demo`: history through both real stages."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from live.cli import replay_screen
from live.cli.common import ConfigOption, JsonOption, console, echo, emit_json, open_command, parse_date
from live.model.run import ORB_BOOK, Demo, Replay
from live.settings.load import is_project
from live.settings.templates import write_templates
from live.views.performance import ReplayView, read_performance

if TYPE_CHECKING:
    from live.replay.replay import Replayed
    from live.runtime.runtime import Runtime

DEMO_SESSIONS = 60
DemoStrategy = Annotated[str, typer.Option("--strategy", help="allocation, earnings or orb.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(replay)
    app.command()(demo)


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
    first, last = parse_date(start, "--start"), parse_date(end, "--end")
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
    """Show the whole product on a seeded demo market: the last sessions through both real stages.

    Outside a project it runs with the settings every project begins with.
    """
    from backtest.core.errors import UsageError

    if strategy not in {"allocation", "earnings", ORB_BOOK}:
        raise UsageError(
            f"no demo called {strategy!r}", where="--strategy", remedy="use allocation, earnings or orb"
        )
    last = _last_closed(parse_date(until, "--until"))
    first = _sessions_back(last, sessions)
    state, output = Path("state/demo"), Path("signals/demo")
    if strategy != "allocation":
        state, output = state / strategy, output / strategy
    for folder in (state, output):
        _clear(folder)
    if strategy == ORB_BOOK:
        _demo_of_breakouts(state.absolute(), output.absolute(), last, sessions, as_json=as_json)
        return
    if config is None and not is_project(Path.cwd()):
        state, output = state.absolute(), output.absolute()
        config = write_templates(state)
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
        _report(runtime, result, as_json=as_json, trades=True)
    if strategy == "allocation" and not as_json:
        echo("the same on a page: jutsu dashboard --demo (extra `web`)")


def _demo_of_breakouts(state: Path, output: Path, last: date, sessions: int, *, as_json: bool) -> None:
    """Play the last days of a made-up market of minute bars and show the book of breakouts."""
    from live.cli import orb as screen
    from live.replay.orb_demo import MOST_SESSIONS, run_orb_demo

    if not as_json:
        echo(f"playing {min(sessions, MOST_SESSIONS)} sessions of minute bars: a few seconds each")
    done = run_orb_demo(state, output, last, min(sessions, MOST_SESSIONS))
    if as_json:
        emit_json(done.view)
        return
    echo(f"{len(done.days)} days, {done.days[0]} to {done.days[-1]}, each from its plan to its journal")
    screen.show(done.view)
    echo(f"the same as a page: {done.page}")


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


def _replay_runtime(*, start: date, run: Replay, **options: Any) -> AbstractContextManager[Runtime]:
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
) -> Replayed:
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


def _report(runtime: Runtime, result: Replayed, *, as_json: bool, trades: bool = False) -> None:
    view = ReplayView(
        sessions=result.sessions,
        failures=tuple(f"{f.session} {f.stage} {f.code}: {f.why}" for f in result.failures),
        variants=read_performance(runtime.ledger),
        equity_file=result.equity_file,
        orders_file=result.orders_file,
        warnings=result.warnings,
    )
    if as_json:
        emit_json(view)
        return
    if trades:
        replay_screen.show_last_trades(runtime.ledger)
    replay_screen.show(view, warnings=not trades)
