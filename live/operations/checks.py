"""Preflight: named checks before anything is traded; any failure stops the trading with one alert.

Each check answers with one line. A broken broker or feed is a finding, not a crash.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest.calendar import sessions as calendar
from backtest.core.errors import (
    AuthenticationFailed,
    BrokerError,
    DataError,
    JutsuError,
    LimitError,
    SettingsError,
)
from live.operations import start_loop
from live.operations.crontab import DAILY_STAGES, belongs, crontab
from live.operations.launchd import AGENTS, LABEL
from live.operations.schedule import UNITS
from live.settings.accounts import common_folder

if TYPE_CHECKING:
    from live.model.broker import Broker
    from live.runtime.runtime import RunContext
    from live.settings.model import Settings
    from live.system.clock import Clock

MEGABYTE = 1024 * 1024
AGAIN: Final = (
    "then run again what stopped: `python -m live.signal_generator`, "
    "inside the window `python -m live.executor`"
)
_WITHOUT_CRONTAB: Final = (
    "`jutsu schedule --systemd --install`, or start what `jutsu schedule --container` prints"
)
FREE_SPACE: Final = f"free some space, {AGAIN}"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Outcome of one check.

    Attributes:
        error: what stopping because of it means (its exit code).
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    warning_only: bool = False
    error: type[JutsuError] = LimitError


def health(context: RunContext, broker: Broker) -> tuple[CheckResult, ...]:
    """Return every check that makes sense at any time of day (`jutsu doctor`)."""
    return (
        disk(context.settings, context.state),
        login(context, context.loaded.root),
        connectivity(broker),
        clock_skew(context.settings, broker),
        cron(context.loaded.root, common_folder(context.state, context.settings.account), context.clock),
    )


def before_trading(
    context: RunContext, broker: Broker, session: calendar.Session | None
) -> tuple[CheckResult, ...]:
    """Return the checks of a run. A past session and a replay skip network, token, clock and cron."""
    if not context.run.about_now:
        return ()
    return (session_open(context.clock, session), *health(context, broker))


def require(results: Iterable[CheckResult]) -> tuple[str, ...]:
    """Return warnings; raise when a check failed.

    Raises:
        JutsuError: of the kind of the first failed check, naming all of them.
    """
    found = list(results)
    failed = [result for result in found if not result.ok and not result.warning_only]
    if failed:
        raise failed[0].error(
            "; ".join(f"{result.name}: {result.detail}" for result in failed),
            where="preflight",
            remedy=_remedy(failed[0]),
        )
    return tuple(f"{r.name}: {r.detail}" for r in found if not r.ok)


def _remedy(failed: CheckResult) -> str:
    """Return what to do about a stage that stopped; after a login it must be run again."""
    if failed.name in {"login", "token"} and failed.remedy:
        return f"{failed.remedy}, {AGAIN}"
    return failed.remedy or "nothing was traded"


def session_open(clock: Clock, session: calendar.Session | None) -> CheckResult:
    """Fail when the date has no session or it is closed; the execution window is judged by the stage."""
    now = clock.now().astimezone(calendar.NEW_YORK)
    if session is None:
        return CheckResult("session", ok=False, detail=f"{now:%Y-%m-%d} is not a trading day")
    if now >= session.close:
        return CheckResult("session", ok=False, detail=f"the session closed at {session.close:%H:%M}")
    return CheckResult("session", ok=True, detail=f"{session.open:%H:%M} to {session.close:%H:%M} New York")


def disk(settings: Settings, state: Path) -> CheckResult:
    """Fail when the ledger's disk has less than `safety.min_free_disk_mb` free."""
    folder = state if state.exists() else state.parent
    try:
        free = shutil.disk_usage(folder).free / MEGABYTE
    except OSError as error:
        return CheckResult("disk", ok=False, detail=f"{folder}: {error.strerror}", remedy="check the disk")
    wanted = settings.safety.min_free_disk_mb
    detail = f"{free:,.0f} MB free"
    if free < wanted:
        detail = f"only {free:,.0f} MB free, {wanted:g} wanted"
    return CheckResult("disk", ok=free >= wanted, detail=detail, remedy=FREE_SPACE)


def login(context: RunContext, root: Path) -> CheckResult:
    """Fail when the broker login is dead; warn when it ends before the next run."""
    from live.runtime.factories import login_status

    try:
        found = login_status(context.settings, root=root, now=context.clock.now())
    except (AuthenticationFailed, SettingsError) as error:
        return CheckResult("login", ok=False, detail=error.line(), remedy=error.remedy, error=BrokerError)
    if found is None:
        return CheckResult("login", ok=True, detail="this broker needs no login")
    until = found.expires_at.astimezone(calendar.NEW_YORK)
    detail = f"expires {until:%a %d %b %H:%M} New York, {found.sessions_left} sessions left"
    if not found.covers_next_run:
        detail += ", before the next run"
    return CheckResult(
        "login",
        ok=found.level == "ok",
        detail=detail,
        remedy="run `jutsu auth login`",
        warning_only=found.level != "dead",
        error=BrokerError,
    )


def left_behind(context: RunContext) -> Path | None:
    """Return the ledger that was the only one before there were several accounts, None when it was moved."""
    path = context.loaded.path(context.settings.paths.state_db)
    left = common_folder(path.parent, context.settings.account) / path.name
    return left if left != path and left.exists() else None


def ledger_problems(context: RunContext) -> tuple[str, ...]:
    """Return that the positions of one account were left behind, as lines of `jutsu status`."""
    left = left_behind(context)
    if left is None:
        return ()
    said = f"{left} belongs to no account: what it holds is traded by none, and {context.settings.account} "
    return (f"{said}starts without it; stop the runs, then move it (docs/accounts.md)",)


def login_problems(context: RunContext, root: Path) -> tuple[str, ...]:
    """Return what is wrong with the login, as lines of `jutsu status`; nothing is asked of the broker."""
    if not context.run.about_now:
        return ()
    found = login(context, root)
    return () if found.ok else (f"login: {found.detail}; {found.remedy}",)


def connectivity(broker: Broker) -> CheckResult:
    """Fail when the broker does not answer, or refuses our credentials."""
    try:
        account = broker.account()
    except AuthenticationFailed as error:
        return CheckResult("token", ok=False, detail=error.problem, remedy=error.remedy, error=BrokerError)
    except (BrokerError, DataError) as error:
        return CheckResult("broker", ok=False, detail=error.problem, remedy=error.remedy, error=BrokerError)
    if account.restriction:
        return CheckResult(
            "broker",
            ok=False,
            detail=f"the broker blocks this account: {account.restriction}",
            remedy="ask the broker; exits and stops are still tried",
            warning_only=True,
            error=BrokerError,
        )
    return CheckResult("broker", ok=True, detail=f"{broker.name} answers for {account.reference}")


def clock_skew(settings: Settings, broker: Broker) -> CheckResult:
    """Fail when our clock is further from the broker's than `safety.max_clock_skew_seconds`.

    The broker's time is that of its last answer; nothing is asked. Unknown is a warning.
    """
    offset = broker.clock_offset()
    limit = settings.safety.max_clock_skew_seconds
    if offset is None:
        return CheckResult("clock", ok=False, detail="the broker's time is unknown", warning_only=True)
    seconds = offset.total_seconds()
    ok = abs(seconds) <= limit
    detail = f"the broker's clock is {seconds:+.1f} s from ours"
    return CheckResult("clock", ok=ok, detail=detail, remedy="set this machine's clock (NTP)")


def cron(root: Path, state: Path, clock: Clock) -> CheckResult:
    """Warn when nothing starts both stages of this project: no cron line, timer, agent, or living loop."""
    if start_loop.alive(state, clock.now()):
        return CheckResult("cron", ok=True, detail="`jutsu schedule run` is at work")
    text = crontab()
    lines = [line for line in (text or "").splitlines() if not line.lstrip().startswith("#")]
    called = {stage for stage in DAILY_STAGES if any(stage in line and belongs(line, root) for line in lines)}
    on = {} if called == set(DAILY_STAGES) else _started_by_units(root)
    missing = [stage for stage in DAILY_STAGES if stage not in called and stage not in on]
    if missing and text is None and not on:
        detail = "no crontab can be read, and no timer starts a stage"
    elif missing:
        detail = f"no line or timer calls {', '.join(missing)}"
    else:
        detail = "both stages are scheduled" + (f" ({', '.join(sorted(set(on.values())))})" if on else "")
    remedy = "`jutsu schedule --install`" if text is not None else _WITHOUT_CRONTAB
    return CheckResult("cron", ok=not missing, detail=detail, remedy=remedy, warning_only=True)


def _started_by_units(root: Path) -> dict[str, str]:
    """Return which stages timers or agents start in a project, and which of the two."""
    from live.operations.installed import belongs as of_project
    from live.operations.installed import enabled_here, text_of

    agents = Path.home() / AGENTS
    on = enabled_here(root)
    names = [unit.removesuffix(".timer").removeprefix("jutsu-") for unit in on]
    found = dict.fromkeys(names, "timers")
    plists = {name: agents / f"{LABEL}{name}.plist" for name in UNITS}
    ours = [name for name, path in plists.items() if text_of(path) is not None and of_project(path, root)]
    found |= dict.fromkeys(ours, "agents")
    return {stage: kind for name, kind in found.items() for stage in DAILY_STAGES if stage in UNITS[name]}
