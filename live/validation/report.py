"""The report of a validation: record, text, file, alert."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest.strategies.family import Choice
from live.system.json_text import plain
from live.validation.verdict import (
    WINDOW,
    Drift,
    Judged,
    OrderFate,
    SessionCheck,
    Slippage,
    Validation,
    Verdict,
    worst,
)

if TYPE_CHECKING:
    from live.alerts.channels import Level
    from live.runtime.runtime import RunContext

#: commands in the alert about a RED session
MOST_EXPLAINED: Final = 3


@dataclass(frozen=True, slots=True)
class VariantReport:
    """The verdict of one variant in one session with everything it rests on.

    Attributes:
        decided_on: session whose bar the decision read.
        logic_match: None when the decision could not be recomputed.
        max_drift_pct, average_drift_pct, fill_rate_pct: percent, None without prices or orders.
        at_execution, on_final: the two decisions. drifts, orders, slippages: what was compared.
        problems, cautions: reasons for RED and YELLOW. notes: things to know.
        rolling: statistics of the newest sessions up to this one.
    """

    session: date
    variant: str
    role: str
    decided_on: date
    verdict: Verdict
    logic_match: bool | None
    differences: tuple[str, ...]
    reasons: tuple[str, ...]
    max_drift_pct: float | None
    average_drift_pct: float | None
    fill_rate_pct: float | None
    at_execution: Choice
    on_final: Choice | None
    drifts: tuple[Drift, ...]
    orders: tuple[OrderFate, ...]
    slippages: tuple[Slippage, ...]
    problems: tuple[str, ...]
    cautions: tuple[str, ...]
    notes: tuple[str, ...]
    rolling: tuple[SessionCheck, ...]


@dataclass(frozen=True, slots=True)
class SessionReport:
    """Every variant of one session and the worst verdict; the content of `validation_<date>.json`."""

    session: date
    verdict: Verdict
    validations: tuple[VariantReport, ...]


def variant_report(item: Judged) -> VariantReport:
    """Return a validation as one flat record."""
    found, seen = item.validation, item.validation.observed
    return VariantReport(
        session=seen.session,
        variant=seen.variant,
        role=seen.role,
        decided_on=seen.decided_on,
        verdict=found.verdict,
        logic_match=found.logic_match,
        differences=found.differences,
        reasons=found.reasons,
        max_drift_pct=found.max_drift_pct,
        average_drift_pct=found.average_drift_pct,
        fill_rate_pct=found.fill_rate_pct,
        at_execution=seen.at_execution,
        on_final=seen.on_final,
        drifts=seen.drifts,
        orders=seen.orders,
        slippages=seen.slippages,
        problems=seen.problems,
        cautions=seen.cautions,
        notes=seen.notes,
        rolling=item.checks,
    )


def write_report(folder: Path, day: date, judged: Sequence[Judged]) -> None:
    """Write `validation_<day>.json` (a `SessionReport`) and the same as text."""
    from backtest.core.files import write_atomic

    report = SessionReport(day, worst_of(judged), tuple(variant_report(item) for item in judged))
    text = json.dumps(plain(report), indent=2, ensure_ascii=False, allow_nan=False)
    write_atomic(folder / f"validation_{day}.json", f"{text}\n".encode())
    shown = "\n\n".join("\n".join(lines(item)) for item in judged)
    write_atomic(folder / f"validation_{day}.txt", f"{shown}\n".encode())


def lines(item: Judged) -> list[str]:
    """Return one validation as lines of text; the first one is the verdict."""
    found, seen = item.validation, item.validation.observed
    text = [f"{found.verdict}  {seen.session}  {seen.variant} ({seen.role})"]
    text += [f"  because     {reason}" for reason in found.reasons]
    text.append(f"  decision    {_decision(found)}")
    text += [
        f"  drift       {d.symbol}: {d.reference_price:,.4f} → {d.final_price:,.4f}  {d.drift_pct:+.3f} %"
        for d in seen.drifts
    ]
    if not seen.drifts:
        text.append("  drift       the file names no price of a bar")
    rate = found.fill_rate_pct
    text.append(
        "  fills       no orders were sent"
        if rate is None
        else f"  fills       {found.figures.filled:,} of {found.figures.ordered:,} shares ({rate:.1f} %)"
    )
    text += [
        f"  slippage    {s.symbol}: quote {_pct(s.quote_pct)}, reference {_pct(s.reference_pct)}"
        for s in seen.slippages
    ]
    text += [f"  note        {note}" for note in seen.notes]
    text += [
        f"  last {WINDOW:<2}     {check.name}: {_pct(check.value)} ({check.limit}, "
        f"{check.sessions} session(s)): {_passed(check)}"
        for check in item.checks
    ]
    return text


def _decision(found: Validation) -> str:
    if found.logic_match is None:
        return "not recomputed"
    facts = ", ".join(f"{name} {value}" for name, value in found.observed.at_execution.facts.items())
    head = "the same on the final bars" if found.logic_match else "ANOTHER on the final bars"
    return f"{head} ({facts})" if facts else head


def _pct(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f} %"


def _passed(check: SessionCheck) -> str:
    return "no data" if check.passed is None else "pass" if check.passed else "FAIL"


def worst_of(judged: Sequence[Judged]) -> Verdict:
    """Return the worst verdict of several books."""
    return worst(item.validation.verdict for item in judged)


def announce(
    context: RunContext, judged: Sequence[Judged], *, html: str | None = None, to: Sequence[str] = ()
) -> tuple[str, ...]:
    """Queue and send one alert about everything validated; equal findings alert once.

    Args:
        context: books, time and settings of the run.
        judged: what was validated, at least one.
        html: the same as a page, for mail.
        to: channels by name, instead of those of the level.

    Returns:
        What kept the alert from being delivered, one line each.
    """
    from live.alerts import outbox as alerts
    from live.alerts.causes import key_of

    verdict = worst_of(judged)
    days = sorted({item.validation.observed.session for item in judged})
    span = str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"
    body = "\n\n".join("\n".join(lines(item)) for item in judged if _belongs_in_alert(item, verdict))
    if verdict != "GREEN":
        body = f"{body}\n\n{_what_to_do(judged, verdict)}"
    digest = hashlib.sha256(body.encode()).hexdigest()[:12]
    return alerts.send(
        context,
        key=key_of("validation", session=span.replace(" ", "_"), detail=digest),
        level=level_of(judged),
        title=f"validation {span}: {verdict}",
        body=body,
        html=html,
        to=to,
    )


def _what_to_do(judged: Sequence[Judged], verdict: Verdict) -> str:
    """Return the commands that tell how a session came about, and of RED what keeps it from going on."""
    red = [item.validation for item in judged if item.validation.verdict == verdict]
    asked = dict.fromkeys(text for found in red for text in _explanations(found))
    listed = ", ".join(list(asked)[:MOST_EXPLAINED])
    if verdict == "YELLOW":
        return f"What to do: {listed}; nothing more when you know why."
    return f"What to do: {listed}; `jutsu kill --entries-only` until you know why, then `jutsu resume`."


def _explanations(found: Validation) -> Iterator[str]:
    """Yield a command for every symbol that a reason names, else for every symbol of the session."""
    seen = found.observed
    targets = {*seen.at_execution.targets, *(seen.on_final.targets if seen.on_final else ())}
    symbols = sorted({*targets, *(d.symbol for d in seen.drifts), *(s.symbol for s in seen.slippages)})
    words = {word for reason in found.reasons for word in re.split(r"[^A-Za-z0-9.-]+", reason)}
    for symbol in [symbol for symbol in symbols if symbol in words] or symbols:
        yield f"`jutsu explain {symbol} {seen.session}`"
    if not symbols:
        yield f"`jutsu report validation {seen.session}`"


def _belongs_in_alert(item: Judged, verdict: Verdict) -> bool:
    return verdict == "GREEN" or item.validation.verdict != "GREEN" or _failing(item)


def level_of(judged: Sequence[Judged]) -> Level:
    """Return the alert level: the worst verdict's; a full window of failing statistics is a warning too."""
    verdict = worst_of(judged)
    if verdict == "RED":
        return "critical"
    return "warning" if verdict == "YELLOW" or any(_failing(item) for item in judged) else "info"


def _failing(item: Judged) -> bool:
    """Tell whether a statistic fails over a full window; a few first sessions prove nothing yet."""
    return any(check.passed is False and check.sessions >= WINDOW for check in item.checks)
