"""`jutsu validate`: after the close, was today's decision the one the final bars call for?

Meant for a daily cron line some minutes after the close. Per session it leaves `state/reports/` (beside the
ledger) `validation_<date>.json` and `.txt`, figures in the ledger for the rolling statistics, and one alert:
critical for RED, warning for YELLOW, info for GREEN.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, emit_json, open_command, plain
from live.validation.verdict import WINDOW, Check, Figures, Validation, Verdict, judge, rolling, worst

if TYPE_CHECKING:
    from live.alerts.outbox import Level
    from live.ledger.tables import SignalRow
    from live.runtime.open import Runtime


@dataclass(frozen=True, slots=True)
class Judged:
    """One validation with the rolling statistics that end at its session."""

    validation: Validation
    checks: tuple[Check, ...]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(validate)


def validate(
    *,
    day: Annotated[
        str | None, typer.Option("--date", metavar="DATE", help="Session (default: the last one closed).")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="Validate every session from here on.")
    ] = None,
    prices: Annotated[
        Path | None, typer.Option("--prices", help="Daily CSV files instead of the configured data.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Compare decisions and fills with the final bars; exit code 4 when anything is RED, 5 without bars."""
    from backtest.core.errors import DisagreementError
    from live.runtime.lifecycle import complain

    with open_command(config=config, state_db=state_db, prices=prices) as runtime:
        days, why_none = sessions_of(runtime, _parse(day, "--date"), _parse(since, "--since"))
        judged = [item for session in days for item in validate_session(runtime, session)]
        for problem in announce(runtime, judged) if judged else ():
            complain(problem)
    if as_json:
        verdict = _worst(judged) if judged else None  # nothing looked at is not GREEN
        emit_json({"verdict": verdict, "why": why_none, "validations": [as_data(item) for item in judged]})
    elif not judged:
        typer.echo(why_none)
    else:
        typer.echo("\n\n".join("\n".join(lines(item)) for item in judged))
    if _worst(judged) == "RED":
        raise typer.Exit(DisagreementError.exit_code)


def sessions_of(runtime: Runtime, day: date | None, since: date | None) -> tuple[tuple[date, ...], str]:
    """Return the closed sessions with signal files that were asked for, and what to say when there are none.

    Raises:
        UsageError: a day named by a person that never traded, or has no signal file.
    """
    from backtest.calendar import sessions as calendar
    from backtest.core.errors import UsageError
    from live.feeds.stored_bars import last_completed

    newest = last_completed(runtime.clock.now())
    last = newest if day is None else day
    if day is not None and calendar.session(day) is None:
        raise UsageError(f"{day} is not a trading day", where="--date", remedy="name a session")
    if last > newest:
        return (), f"the session {last} has not closed yet: nothing to validate before it has"
    if since is not None and since > last:
        raise UsageError(f"{since} is after {last}", where="--since", remedy="name an earlier session")
    found = tuple(
        session.day
        for session in calendar.sessions(since or last, last)
        if runtime.ledger.signals.of_session(session.day)
    )
    if not found and (day is not None or since is not None):
        raise UsageError(
            "the ledger has no signal file of these sessions" if since else "the ledger has no signal file",
            where=f"{since} to {last}" if since else str(last),
            remedy="`jutsu status` shows the last session of every variant",
        )
    return found, "" if found else f"no signal file of {last}: nothing to validate"


def validate_session(runtime: Runtime, day: date) -> tuple[Judged, ...]:
    """Validate every variant of one session, primaries first; keep figures and report.

    Raises:
        DataError: a final bar is missing (told by an alert as well, since cron reads no screens).
    """
    from backtest.core.errors import DataError
    from live.alerts import outbox as alerts
    from live.validation.observe import observe

    rows = runtime.ledger.signals.of_session(day)
    try:
        validations = [judge(observe(runtime, row)) for row in rows]
    except DataError as error:
        alerts.send(
            runtime,
            key=f"validation_{day}_data",
            level="warning",
            title=f"validation of {day} was not possible",
            body=error.line(),
        )
        raise
    _remember(runtime, day, validations)
    judged = tuple(
        Judged(found, rolling(history(runtime, found.observed.variant, day))) for found in validations
    )
    _write_report(runtime.state / "reports", day, judged)
    return judged


def _key(day: date) -> str:
    return f"validation:{day}"


def _remember(runtime: Runtime, day: date, validations: Sequence[Validation]) -> None:
    """Keep the figures of a session, one value for all its variants; validating again replaces them."""
    with runtime.ledger.transaction():
        known: dict[str, Any] = json.loads(runtime.ledger.state.get(_key(day)) or "{}")
        known |= {found.observed.variant: plain(asdict(found.figures)) for found in validations}
        runtime.ledger.state.set(_key(day), json.dumps(known), at=runtime.clock.now())


def history(runtime: Runtime, variant: str, until: date) -> tuple[Figures, ...]:
    """Return the kept figures of a variant's newest validated sessions up to `until`, oldest first."""
    found: list[Figures] = []
    for row in _up_to(runtime, variant, until):
        stored = json.loads(runtime.ledger.state.get(_key(row.session)) or "{}").get(variant)
        if stored is not None:
            found.append(_figures(stored))
        if len(found) == WINDOW:
            break
    return tuple(reversed(found))


def _up_to(runtime: Runtime, variant: str, until: date) -> Iterator[SignalRow]:
    """Yield a variant's signal files, newest first."""
    row = runtime.ledger.signals.get(until, variant)
    while row is not None:
        yield row
        row = runtime.ledger.signals.previous(row.session, variant)


def _figures(stored: dict[str, Any]) -> Figures:
    return Figures(
        **{
            **stored,
            "session": date.fromisoformat(stored["session"]),
            "slippages": tuple(stored["slippages"]),
        }
    )


def as_data(item: Judged) -> dict[str, Any]:
    """Return a validation as JSON-ready data."""
    found = item.validation
    data: dict[str, Any] = asdict(found)
    seen = data.pop("observed")
    return {
        **{name: seen.pop(name) for name in ("session", "variant", "role", "decided_on")},
        **data,
        **seen,
        "rolling": [asdict(check) for check in item.checks],
    }


def _write_report(folder: Path, day: date, judged: Sequence[Judged]) -> None:
    from backtest.core.files import write_atomic

    data = {"session": day, "verdict": _worst(judged), "validations": [as_data(item) for item in judged]}
    text = json.dumps(plain(data), indent=2, ensure_ascii=False, allow_nan=False)
    write_atomic(folder / f"validation_{day}.json", f"{text}\n".encode())
    shown = "\n\n".join("\n".join(lines(item)) for item in judged)
    write_atomic(folder / f"validation_{day}.txt", f"{shown}\n".encode())


def lines(item: Judged) -> list[str]:
    """Return the report of one validation for people; the first line is the verdict."""
    found, seen = item.validation, item.validation.observed
    told = [f"{found.verdict}  {seen.session}  {seen.variant} ({seen.role})"]
    told += [f"  because     {reason}" for reason in found.reasons]
    told.append(f"  decision    {_decision(found)}")
    told += [
        f"  drift       {d.symbol}: {d.reference_price:,.4f} → {d.final_price:,.4f}  {d.drift_pct:+.3f} %"
        for d in seen.drifts
    ]
    if not seen.drifts:
        told.append("  drift       the file names no price of a bar")
    rate = found.fill_rate_pct
    told.append(
        "  fills       no orders were sent"
        if rate is None
        else f"  fills       {found.figures.filled:,} of {found.figures.ordered:,} shares ({rate:.1f} %)"
    )
    told += [
        f"  slippage    {s.symbol}: quote {_pct(s.quote_pct)}, reference {_pct(s.reference_pct)}"
        for s in seen.slippages
    ]
    told += [f"  note        {note}" for note in seen.notes]
    told += [
        f"  last {WINDOW:<2}     {check.name}: {_pct(check.value)} ({check.limit}, "
        f"{check.sessions} session(s)): {_passed(check)}"
        for check in item.checks
    ]
    return told


def _decision(found: Validation) -> str:
    if found.logic_match is None:
        return "not recomputed"
    facts = ", ".join(f"{name} {value}" for name, value in found.observed.at_execution.facts.items())
    head = "the same on the final bars" if found.logic_match else "ANOTHER on the final bars"
    return f"{head} ({facts})" if facts else head


def _pct(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f} %"


def _passed(check: Check) -> str:
    return "no data" if check.passed is None else "pass" if check.passed else "FAIL"


def _worst(judged: Sequence[Judged]) -> Verdict:
    return worst(item.validation.verdict for item in judged)


def announce(runtime: Runtime, judged: Sequence[Judged]) -> tuple[str, ...]:
    """Send one alert for everything validated; the same findings ring once per day."""
    from live.alerts import outbox as alerts

    verdict = _worst(judged)
    days = sorted({item.validation.observed.session for item in judged})
    span = str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"
    body = "\n\n".join("\n".join(lines(item)) for item in judged if _worth_telling(item, verdict))
    digest = hashlib.sha256(body.encode()).hexdigest()[:12]
    return alerts.send(
        runtime,
        key=f"validation_{span.replace(' ', '_')}_{digest}",
        level=level_of(judged),
        title=f"validation {span}: {verdict}",
        body=body,
    )


def _worth_telling(item: Judged, verdict: Verdict) -> bool:
    return verdict == "GREEN" or item.validation.verdict != "GREEN" or _failing(item)


def level_of(judged: Sequence[Judged]) -> Level:
    """Return the alert level: the worst verdict's; a full window of failing statistics is a warning too."""
    verdict = _worst(judged)
    if verdict == "RED":
        return "critical"
    return "warning" if verdict == "YELLOW" or any(_failing(item) for item in judged) else "info"


def _failing(item: Judged) -> bool:
    """Tell whether a statistic fails over a full window; a few first sessions prove nothing yet."""
    return any(check.passed is False and check.sessions >= WINDOW for check in item.checks)


def _parse(text: str | None, option: str) -> date | None:
    from backtest.core.errors import UsageError

    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a date", where=option, remedy="write YYYY-MM-DD") from error
