"""Checks of an installation: what `jutsu doctor` examines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from live.settings.accounts import common_folder
from live.system.number_text import money

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.model.broker import Broker
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext
    from live.system.clock import Clock


#: a restore that was not rehearsed for longer is a warning
REHEARSAL_DAYS: Final = 45
#: where it is told how an address is given
ADDRESSES: Final = "docs/daily_life.md#being-told"
REHEARSE: Final = "`jutsu backup rehearse`"
#: coming starts that the lines of a crontab are held against: some sessions
LOOKED_AHEAD: Final = 20

Verdict = Literal["ok", "none", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Outcome of one check: one line about it, and what to do unless it is ok.

    `none`: the thing is not there, and nobody has to have it.
    """

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""


def examine(context: RunContext, broker: Broker, feed: Feed) -> Iterator[HealthCheck]:
    """Yield one result per check; a check that raises is a failed check."""
    from backtest.core.errors import JutsuError

    looks: dict[str, Callable[[], HealthCheck]] = {
        "settings": lambda: _settings(context),
        "strategies": lambda: _strategies(context),
        "manifest": lambda: _manifest(context),
        "kill switch": lambda: _kill_switch(context.ledger),
        "calendar": lambda: _calendar(context),
        "data": lambda: _data(context, feed),
        "account": lambda: _broker(broker),
        "books": lambda: _books(context, broker),
        "orders": lambda: _orders(context.ledger),
        "stops": lambda: _stops(context, broker),
        "runs": lambda: _runs(context),
        "alerts": lambda: _alerts(context),
        "dead man's switch": lambda: _pings(context),
        "backups": lambda: _backups(context.ledger, context.clock, context.loaded.root),
    }
    for name, look in looks.items():
        try:
            yield look()
        except JutsuError as error:
            yield HealthCheck(name, "failed", error.line())
    yield from _preflight(context, broker)
    try:
        yield from _start_times(context, context.loaded.root)
    except JutsuError as error:
        yield HealthCheck("start times", "failed", error.line())


def _settings(context: RunContext) -> HealthCheck:
    from live.operations.checks import left_behind
    from live.runtime.open import CONFIRM, UNCONFIRMED, unconfirmed

    if unconfirmed(context.settings, context.ledger):
        return HealthCheck("settings", "failed", UNCONFIRMED, CONFIRM)
    said = f"mode {context.settings.mode}, account {context.account_name}"
    left = left_behind(context)
    if left is not None:
        return HealthCheck(
            "settings", "warning", f"{said}; {left} belongs to no account", "see docs/accounts.md"
        )
    return HealthCheck("settings", "ok", said)


def _strategies(context: RunContext) -> HealthCheck:
    from live.books.variants import groups

    found = groups(context.settings, context.strategies, overrides=context.parameter_overrides)
    names = [variant.name for g in found for variant in g.variants]
    return HealthCheck("strategies", "ok", ", ".join(names))


def _manifest(context: RunContext) -> HealthCheck:
    from live.books.variants import groups
    from live.settings import manifest
    from live.settings.frozen_origin import without_code

    found = groups(context.settings, context.strategies, overrides=context.parameter_overrides)
    strategies = [variant.strategy for g in found for variant in g.variants]
    warnings = manifest.require(context.manifest, strategies, context.settings)
    entries = manifest.read(context.manifest)
    older = without_code(entries, [strategy.variant for strategy in strategies])
    if warnings or older:
        return HealthCheck(
            "manifest", "warning", "; ".join((*warnings, *map(str, older))), "`jutsu config freeze`"
        )
    return HealthCheck("manifest", "ok", "what trades is what was frozen")


def _kill_switch(ledger: Ledger) -> HealthCheck:
    switch = ledger.state.kill_switch()
    if switch.level == "none":
        return HealthCheck("kill switch", "ok", "off")
    return HealthCheck("kill switch", "failed", f"on ({switch.level}): {switch.reason}", "jutsu resume")


def _calendar(context: RunContext) -> HealthCheck:
    from backtest.calendar import sessions as calendar
    from backtest.calendar.starts import table_warning

    warning = table_warning(context.today())
    if warning is None:
        return HealthCheck("calendar", "ok", f"holidays are published until {calendar.table_ends()}")
    left = (calendar.known_until() - context.today()).days
    return HealthCheck("calendar", "warning" if left > 30 else "failed", warning, calendar.REFRESH)


def _data(context: RunContext, feed: Feed) -> HealthCheck:
    from backtest.calendar import sessions as calendar
    from live.books.variants import groups

    found = groups(context.settings, context.strategies, overrides=context.parameter_overrides)
    symbols = sorted({s for g in found if g.primary for s in g.primary.strategy.signal_symbols})
    if not symbols:
        return HealthCheck("data", "ok", f"{feed.name}: no book decides by fixed symbols")
    now = context.clock.now()
    history = feed.history(symbols, now)
    newest = calendar.last_closed_session(now).day
    stale = [s for s in symbols if s not in history or history[s].last < newest]
    if stale:
        return HealthCheck(
            "data",
            "failed",
            f"no bar of {newest} for {', '.join(stale)}",
            "jutsu data import, or check the vendor",
        )
    return HealthCheck("data", "ok", f"{feed.name}: {', '.join(symbols)} up to {newest}")


def _broker(broker: Broker) -> HealthCheck:
    account = broker.account()
    return HealthCheck(
        "account", "ok", f"{broker.name}: equity {money(account.equity)}, cash {money(account.cash)}"
    )


def _books(context: RunContext, broker: Broker) -> HealthCheck:
    """Fail when ledger and broker disagree: the next run would stop."""
    from backtest.core.errors import BrokerError
    from live.reconciliation.standing import differences_now

    try:
        account = broker.account()
    except BrokerError:
        return HealthCheck("books", "warning", "not compared: the account cannot be read", "see account")
    apart = differences_now(context, account)
    if apart:
        return HealthCheck("books", "failed", "; ".join(apart), "jutsu reconcile")
    return HealthCheck("books", "ok", "ledger and broker agree")


def _orders(ledger: Ledger) -> HealthCheck:
    unresolved = ledger.orders.unresolved()
    if unresolved:
        return HealthCheck(
            "orders",
            "failed",
            f"{unresolved[0].client_order_id}: fate unknown",
            "run the executor or jutsu resolve",
        )
    return HealthCheck("orders", "ok", f"{len(ledger.orders.unfinished())} unfinished")


def _stops(context: RunContext, broker: Broker) -> HealthCheck:
    """Fail when shares are without their stop: by the ledger, or because it was ended at the broker."""
    from backtest.core.errors import BrokerError
    from live.books.stopless import REMEDY, stopless
    from live.orders.lost_stops import lost_stops

    unprotected = context.ledger.positions.unprotected()
    try:
        unprotected = (*unprotected, *lost_stops(context.ledger, broker, context.clock))
    except BrokerError:
        if not unprotected:
            return HealthCheck("stops", "warning", "not looked for: the orders cannot be read", "see account")
    if unprotected:
        names = ", ".join(f"{row.quantity} {row.symbol} of {row.variant}" for row in unprotected)
        remedy = "`python -m live.executor` places the stop"
        return HealthCheck("stops", "failed", f"no protective stop: {names}", remedy)
    without = stopless(context.ledger.positions, context.strategies)
    if without:
        names = ", ".join(f"{row.quantity} {row.symbol} of {row.variant}" for row in without)
        return HealthCheck("stops", "failed", f"bought without a stop: {names}", REMEDY)
    return HealthCheck("stops", "ok", "none is missing")


def _runs(context: RunContext) -> HealthCheck:
    """Fail when a step of a daily book was missed; warn when one waits or orders stay held back."""
    from live.operations.watch import missed_of

    missed = missed_of(context)
    if not missed:
        return HealthCheck("runs", "ok", "nothing was missed")
    verdict: Verdict = "failed" if any(step.critical for step in missed) else "warning"
    return HealthCheck("runs", verdict, "; ".join(step.text for step in missed), "jutsu status")


def _pings(context: RunContext) -> HealthCheck:
    """Tell what the dead man's switch was told last; real money without one is a warning."""
    from live.alerts import pings
    from live.settings.secrets import secret

    name = "dead man's switch"
    watched = pings.addresses(lambda key: secret(context.loaded.root, context.environ, key))
    if not watched:
        detail = f"none: nobody notices when this machine is off ({pings.COMMON} in secrets.env)"
        online = context.settings.mode == "online_live"
        return HealthCheck(name, "warning" if online else "none", detail, ADDRESSES if online else "")
    common = common_folder(context.state, context.settings.account)
    last = {**pings.recall(common), **pings.recall(context.state)}
    failed = {program: last[program] for program in watched if program in last and last[program].problem}
    if failed:
        program, ping = next(iter(failed.items()))
        return HealthCheck(name, "warning", f"{program} {ping.at}: {ping.problem}", "jutsu alerts test")
    shown = [f"{p} {last[p].at} exit {last[p].code}" for p in watched if p in last]
    return HealthCheck(name, "ok" if shown else "none", "; ".join(shown) or "no run was told yet")


def _backups(ledger: Ledger, clock: Clock, root: Path) -> HealthCheck:
    """Warn of a restore that was killed, and when nobody rehearsed one for long (a new project has time)."""
    from live.ledger.backup import REHEARSED
    from live.ledger.opening import RESTORE_FOLDER, RESTORE_PLAN
    from live.ledger.system_state import EVERY_ACCOUNT

    left = root / RESTORE_FOLDER
    if (root / RESTORE_PLAN).exists():  # of another account: a ledger that is half restored does not open
        text = f"a restore was killed while it replaced files; the rest of them is in {left}"
        return HealthCheck("backups", "failed", text, "run the same `jutsu restore` again: it finishes")
    if left.exists():
        text = f"a restore was killed before it replaced anything; {left} is left of it"
        return HealthCheck("backups", "warning", text, "run the restore again, or delete that folder")
    state = ledger.for_account(EVERY_ACCOUNT).state
    rehearsed = json.loads(state.get(REHEARSED) or "{}")
    since: str | None = rehearsed.get("at") or ledger.state.get("created")
    if since is None:
        return HealthCheck("backups", "none", "there is no ledger yet")
    if rehearsed and not rehearsed["passed"]:
        why = f": {rehearsed['why']}" if rehearsed.get("why") else ""
        return HealthCheck("backups", "failed", f"the rehearsal of {since[:10]} failed{why}", REHEARSE)
    days = (clock.now() - datetime.fromisoformat(since)).days
    text = f"a restore was rehearsed on {since[:10]}" if rehearsed else "no restore was rehearsed yet"
    if days > REHEARSAL_DAYS:
        return HealthCheck("backups", "warning", f"{text} ({days} days)", REHEARSE)
    return HealthCheck("backups", "ok" if rehearsed else "none", text)


def _alerts(context: RunContext) -> HealthCheck:
    """Tell whether alerts are heard: channels, what was given up of late, what fails now."""
    from live.alerts.state import alerts_state

    found = alerts_state(context)
    if found.nobody and context.settings.mode == "online_live":
        return HealthCheck(
            "alerts",
            "failed",
            "online, and no alert channel: nobody would be told",
            ADDRESSES,
        )
    nobody = ("no alert channel: nobody is told",) if found.nobody else ()
    detail = "; ".join((*nobody, *found.lines)) or "nothing waits"
    verdict: Verdict = "warning" if found.problems else "none" if found.nobody else "ok"
    return HealthCheck("alerts", verdict, detail, found.remedy)


def _preflight(context: RunContext, broker: Broker) -> Iterator[HealthCheck]:
    from live.operations.checks import health

    for item in health(context, broker):
        verdict: Verdict = "ok" if item.ok else "warning" if item.warning_only else "failed"
        yield HealthCheck(item.name, verdict, item.detail, "" if item.ok else item.remedy)


def _start_times(context: RunContext, root: Path) -> Iterator[HealthCheck]:
    """Fail when the project's lines in the crontab miss a coming start: of another zone, or other books.

    A warning where something else may start it: a timer, a line outside the project's block.
    """
    import os
    from itertools import islice

    from backtest.calendar.sessions import NEW_YORK
    from live.operations import start_loop
    from live.operations.cron_match import not_started
    from live.operations.crontab import crontab
    from live.operations.installed import BEGIN, doubled, enabled_here
    from live.operations.next_starts import session_starts
    from live.operations.scheduled import scheduled_books
    from live.system.clock import host_zone

    account = context.settings.account
    if start_loop.alive(common_folder(context.state, account), context.clock.now()):
        return
    zone, text = host_zone(os.environ), crontab() or ""
    coming = islice(session_starts(scheduled_books(context)[0], context.clock.now()), LOOKED_AHEAD)
    start = not_started(text, root, coming, zone, account)
    if start is not None:
        here, there = (start.at.astimezone(place).strftime("%a %H:%M") for place in (zone, NEW_YORK))
        command = f"`{start.command}`" + (f" of {account}" if account else "")
        detail = f"no line of the crontab starts {command} on {there} New York, which is {here} here"
        else_started = doubled(text, root) or enabled_here(root)
        verdict: Verdict = "warning" if else_started else "failed"
        yield HealthCheck("start times", verdict, detail, "`jutsu schedule --install` makes them anew")
    elif f"{BEGIN}{root}" not in text:
        yield from _unit_accounts(root, account)


def start_time_problems(context: RunContext) -> tuple[str, ...]:
    """Return what is wrong with the start times, as lines of `jutsu status`; nothing is asked of a broker."""
    import os

    from backtest.core.errors import JutsuError, UsageError
    from live.system.clock import host_zone

    if not context.run.about_now:
        return ()
    try:
        host_zone(os.environ)
    except UsageError as error:
        return (f"start times: {error.line()}",)
    try:
        found = tuple(_start_times(context, context.loaded.root))
    except JutsuError:
        return ()  # books that cannot be read are a problem of their own there
    return tuple(f"{c.name}: {c.detail}; {c.remedy}" for c in found if c.verdict == "failed")


def _unit_accounts(root: Path, account: str) -> Iterator[HealthCheck]:
    """Fail when timers or agents start a program for other accounts only."""
    import os

    from live.operations.installed import unit_places
    from live.operations.unit_match import not_about

    places = unit_places(Path.home(), os.environ.get("XDG_CONFIG_HOME"))
    name = not_about(places, root, account)
    if name is not None:
        kind = "--launchd" if name.endswith(".plist") else "--systemd"
        detail = f"{name} starts nothing of {account or 'this project: it names an account'}"
        remedy = f"`jutsu schedule {kind} --install` makes them anew"
        yield HealthCheck("start times", "failed", detail, remedy)


def alert_problems(context: RunContext, failed: Sequence[HealthCheck]) -> None:
    """Send one critical alert that names every failed check."""
    from live.alerts.causes import key_of
    from live.alerts.outbox import send

    names = "_".join(sorted(check.name.replace(" ", "-") for check in failed))
    send(
        context,
        key=key_of(
            "doctor", session=context.today(), detail=names
        ),  # another fault on the same day is sent too
        level="critical",
        title="jutsu doctor: a check failed",
        body="\n".join(_line(check) for check in failed),
    )


def _line(check: HealthCheck) -> str:
    return f"{check.name}: {check.detail}" + (f" → {check.remedy}" if check.remedy else "")
