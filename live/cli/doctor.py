"""`jutsu doctor` and `jutsu schedule`: is this machine ready, and what cron should call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    StateOption,
    console,
    emit_json,
    money,
    open_command,
    table,
)

if TYPE_CHECKING:
    from live.runtime.open import Runtime

Verdict = Literal["ok", "warning", "failed"]

GENERATOR, EXECUTOR = "python -m live.signal_generator", "python -m live.executor"
VALIDATE, DOCTOR = "jutsu validate", "jutsu doctor --alert"
#: systemd unit → what it starts
UNITS = {"signal-generator": GENERATOR, "executor": EXECUTOR, "validate": VALIDATE, "doctor": DOCTOR}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(doctor)
    app.command()(schedule)


def doctor(
    *,
    alert: Annotated[bool, typer.Option("--alert", help="Send an alert when something failed.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> int:
    """Check everything a run needs; exit code 1 when something failed."""
    from backtest.core.errors import JutsuError

    try:
        with open_command(config=config, state_db=state_db, reading=not alert) as runtime:
            checks = list(examine(runtime))
            failed = [check for check in checks if check.verdict == "failed"]
            if alert and failed:
                _alert(runtime, failed)
    except JutsuError as error:
        checks = [Check("start", "failed", error.line())]
        failed = checks
    if as_json:
        emit_json({"healthy": not failed, "checks": [asdict(check) for check in checks]})
    else:
        table(
            "",
            ("check", "verdict", "detail", "what to do"),
            [(c.name, c.verdict, c.detail, c.remedy) for c in checks],
        )
        console().print("healthy" if not failed else f"{len(failed)} check(s) failed")
    if failed:
        raise typer.Exit(1)
    return 0


def examine(runtime: Runtime) -> Iterator[Check]:
    """Yield one result per check; a check that raises is a failed check."""
    from backtest.core.errors import JutsuError

    looks: dict[str, Callable[[Runtime], Check]] = {
        "settings": _settings,
        "strategies": _strategies,
        "manifest": _manifest,
        "kill switch": _kill_switch,
        "calendar": _calendar,
        "data": _data,
        "account": _broker,
        "orders": _orders,
        "alerts": _alerts,
    }
    for name, look in looks.items():
        try:
            yield look(runtime)
        except JutsuError as error:
            yield Check(name, "failed", error.line())
    yield from _preflight(runtime)


def _settings(runtime: Runtime) -> Check:
    return Check("settings", "ok", f"mode {runtime.settings.mode}, account {runtime.account}")


def _strategies(runtime: Runtime) -> Check:
    from live.books.variants import groups

    found = groups(runtime.settings, runtime.strategies, overrides=runtime.loaded.parameter_overrides)
    names = [line.variant for g in found for line in ((g.primary,) if g.primary else ()) + g.shadows]
    return Check("strategies", "ok", ", ".join(names))


def _manifest(runtime: Runtime) -> Check:
    from live.books.variants import groups
    from live.settings import manifest

    found = groups(runtime.settings, runtime.strategies, overrides=runtime.loaded.parameter_overrides)
    strategies = [line.strategy for g in found for line in ((g.primary,) if g.primary else ()) + g.shadows]
    manifest.require(runtime.manifest, strategies, runtime.settings)
    return Check("manifest", "ok", "what trades is what was frozen")


def _kill_switch(runtime: Runtime) -> Check:
    switch = runtime.ledger.state.kill_switch()
    if switch.level == "none":
        return Check("kill switch", "ok", "off")
    return Check("kill switch", "failed", f"on ({switch.level}): {switch.reason}", "jutsu resume")


def _calendar(runtime: Runtime) -> Check:
    from backtest.calendar import sessions as calendar

    ends = calendar.table_ends()
    left = (ends - runtime.today()).days
    detail = f"the session table ends {ends}"
    if left < 30:
        return Check("calendar", "failed", detail, "python -m backtest.calendar.make_table")
    return Check(
        "calendar", "ok" if left > 180 else "warning", detail, "" if left > 180 else "refresh it soon"
    )


def _data(runtime: Runtime) -> Check:
    from backtest.calendar import sessions as calendar
    from live.books.variants import groups

    found = groups(runtime.settings, runtime.strategies, overrides=runtime.loaded.parameter_overrides)
    symbols = sorted({s for g in found if g.primary for s in g.primary.strategy.signal_symbols})
    now = runtime.clock.now()
    history = runtime.feed.history(symbols, now)
    today = runtime.today()
    session = calendar.session(today)
    newest = today if session is not None and session.close <= now else calendar.previous_session(today).day
    stale = [s for s in symbols if s not in history or history[s].last < newest]
    if stale:
        return Check(
            "data",
            "failed",
            f"no bar of {newest} for {', '.join(stale)}",
            "jutsu data import, or check the vendor",
        )
    return Check("data", "ok", f"{runtime.feed.name}: {', '.join(symbols)} up to {newest}")


def _broker(runtime: Runtime) -> Check:
    account = runtime.broker.account()
    return Check(
        "account", "ok", f"{runtime.broker.name}: equity {money(account.equity)}, cash {money(account.cash)}"
    )


def _orders(runtime: Runtime) -> Check:
    unresolved = runtime.ledger.orders.unresolved()
    if unresolved:
        return Check(
            "orders",
            "failed",
            f"{unresolved[0].client_order_id}: fate unknown",
            "run the executor or jutsu resolve",
        )
    return Check("orders", "ok", f"{len(runtime.ledger.orders.unfinished())} unfinished")


def _alerts(runtime: Runtime) -> Check:
    waiting = runtime.ledger.alerts.unsent()
    failed = [row for row in waiting if row.error]
    if failed:
        return Check(
            "alerts", "warning", f"{len(failed)} not delivered: {failed[-1].error}", "jutsu alerts test"
        )
    return Check("alerts", "ok", f"{len(waiting)} waiting")


def _preflight(runtime: Runtime) -> Iterator[Check]:
    from live.operations.checks import health

    for item in health(runtime):
        verdict: Verdict = "ok" if item.ok else "warning" if item.warning_only else "failed"
        yield Check(item.name, verdict, item.detail, "" if item.ok else item.remedy)


def _alert(runtime: Runtime, failed: list[Check]) -> None:
    from live.alerts.outbox import send

    send(
        runtime,
        key="doctor",
        level="critical",
        title="jutsu doctor: a check failed",
        body="\n".join(f"{check.name}: {check.detail} {check.remedy}".rstrip() for check in failed),
    )


def schedule(
    *,
    systemd: Annotated[
        bool, typer.Option("--systemd", help="Print systemd timers instead of cron lines.")
    ] = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Print the cron lines: both stages, the validation, the doctor; the stages know the calendar."""
    from live.books.variants import groups

    with open_command(config=config, state_db=state_db) as runtime:
        found = groups(runtime.settings, runtime.strategies, overrides=runtime.loaded.parameter_overrides)
        windows = {g.primary.strategy.execution_time for g in found if g.primary}
        starts = _starts(sorted(windows), runtime)
        folder = runtime.loaded.root
    for text in _systemd(folder, starts) if systemd else _cron(folder, starts):
        typer.echo(text)


@dataclass(frozen=True, slots=True, order=True)
class Start:
    """One regular start in local time: days after the session's (1 far in the east), time, command."""

    day: int
    at: str
    command: str


def _starts(windows: Sequence[str], runtime: Runtime) -> list[Start]:
    """Return every start of the next year, so that early closes and clock changes are covered.

    The validation has one start only, the latest: it looks at the last closed session, whenever that was.
    """
    from backtest.calendar import sessions as calendar

    today = runtime.today()
    upcoming = calendar.sessions(today, today + timedelta(days=370))
    found: set[Start] = set()
    for session in upcoming:
        for name in windows:
            window = calendar.window(session, name)  # type: ignore[arg-type] # validated by the strategy
            found.add(_start(session.day, window.opens_at - timedelta(minutes=20), GENERATOR))
            found.add(_start(session.day, window.opens_at, EXECUTOR))
    last = max(_start(session.day, session.close + timedelta(minutes=15), VALIDATE) for session in upcoming)
    return [*sorted(found), last]


def _start(day: date, at: datetime, command: str) -> Start:
    local = datetime.fromtimestamp(at.timestamp(), UTC).astimezone()
    return Start((local.date() - day).days, local.strftime("%H:%M"), command)


def _cron(folder: Path, starts: list[Start]) -> Iterator[str]:
    yield "# local times; several lines because of early closes and clock changes: an extra start is harmless"
    for start in starts:
        hour, minute = start.at.split(":")
        days = f"{1 + start.day}-{5 + start.day}"
        yield f"{int(minute)} {int(hour)} * * {days}  cd {folder} && .venv/bin/{start.command}"
    yield f"0 */6 * * *  cd {folder} && .venv/bin/{DOCTOR}"


def _systemd(folder: Path, starts: list[Start]) -> Iterator[str]:
    for name, command in UNITS.items():
        yield f"# jutsu-{name}.service"
        yield f"[Service]\nType=oneshot\nWorkingDirectory={folder}\nExecStart={folder}/.venv/bin/{command}\n"
        yield f"# jutsu-{name}.timer"
        yield "[Timer]"
        for start in starts:
            if start.command == command:
                yield f"OnCalendar={'Tue..Sat' if start.day else 'Mon..Fri'} {start.at}"
        if command == DOCTOR:
            yield "OnCalendar=00/6:00"
        yield "\n[Install]\nWantedBy=timers.target\n"
