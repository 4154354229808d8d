"""`jutsu doctor` and `jutsu schedule`: is this machine ready, and what cron should call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from live.commands._shared import (
    ConfigOption,
    JsonOption,
    StateOption,
    console,
    emit_json,
    open_command,
    table,
)

if TYPE_CHECKING:
    from live.wiring import Runtime

Verdict = Literal["ok", "warning", "failed"]


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
    from backtest.errors import JutsuError

    try:
        with open_command(config=config, state_db=state_db) as runtime:
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
    from backtest.errors import JutsuError

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
    from live.books import groups

    found = groups(runtime.settings, runtime.strategies, overrides=runtime.loaded.parameter_overrides)
    names = [line.variant for g in found for line in ((g.primary,) if g.primary else ()) + g.shadows]
    return Check("strategies", "ok", ", ".join(names))


def _manifest(runtime: Runtime) -> Check:
    from live import manifest
    from live.books import groups

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
    from backtest import calendar

    ends = calendar.table_ends()
    left = (ends - runtime.today()).days
    detail = f"the session table ends {ends}"
    if left < 30:
        return Check("calendar", "failed", detail, "python -m backtest.data.make_calendar")
    return Check(
        "calendar", "ok" if left > 180 else "warning", detail, "" if left > 180 else "refresh it soon"
    )


def _data(runtime: Runtime) -> Check:
    from backtest import calendar
    from live.books import groups

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
    return Check("account", "ok", f"{runtime.broker.name}: equity {account.equity}, cash {account.cash}")


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
    from live.safety.preflight import health

    for item in health(runtime):
        verdict: Verdict = "ok" if item.ok else "warning" if item.warning_only else "failed"
        yield Check(item.name, verdict, item.detail, "" if item.ok else item.remedy)


def _alert(runtime: Runtime, failed: list[Check]) -> None:
    from live.alerts import send

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
    """Print the lines that call both stages; the stages themselves decide by the exchange calendar."""
    from live.books import groups

    with open_command(config=config, state_db=state_db) as runtime:
        found = groups(runtime.settings, runtime.strategies, overrides=runtime.loaded.parameter_overrides)
        times = sorted(
            {t for g in found if g.primary for t in _times(g.primary.strategy.execution_time, runtime)}
        )
        folder = runtime.loaded.root
    for text in _systemd(folder, times) if systemd else _cron(folder, times):
        typer.echo(text)


def _times(execution_time: str, runtime: Runtime) -> list[tuple[str, str]]:
    """Return (local HH:MM, stage) for every start of the next year: early closes, clock changes."""
    from datetime import UTC, datetime

    from backtest import calendar

    today = runtime.today()
    upcoming = calendar.sessions(today, today + timedelta(days=370))
    found: set[tuple[str, str]] = set()
    for session in upcoming:
        window = calendar.window(session, execution_time)  # type: ignore[arg-type] # validated by the strategy
        for stage, at in (
            ("live.signal_generator", window.opens_at - timedelta(minutes=20)),
            ("live.executor", window.opens_at),
        ):
            local = datetime.fromtimestamp(at.timestamp(), UTC).astimezone()
            found.add((local.strftime("%H:%M"), stage))
    return sorted(found)


def _cron(folder: Path, times: list[tuple[str, str]]) -> Iterator[str]:
    yield "# local times; several lines because of early closes and clock changes: an extra start is harmless"
    for at, stage in times:
        hour, minute = at.split(":")
        yield f"{int(minute)} {int(hour)} * * 1-5  cd {folder} && .venv/bin/python -m {stage}"
    yield f"0 */6 * * *  cd {folder} && .venv/bin/jutsu doctor --alert"


def _systemd(folder: Path, times: list[tuple[str, str]]) -> Iterator[str]:
    for stage in ("live.signal_generator", "live.executor"):
        name = stage.replace("live.", "jutsu-").replace("_", "-")
        yield f"# {name}.service"
        yield f"[Service]\nType=oneshot\nWorkingDirectory={folder}"
        yield f"ExecStart={folder}/.venv/bin/python -m {stage}\n"
        yield f"# {name}.timer"
        yield "[Timer]\n" + "\n".join(f"OnCalendar=Mon..Fri {at}" for at, s in times if s == stage)
        yield "\n[Install]\nWantedBy=timers.target\n"
