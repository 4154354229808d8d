"""What a validation says: text, file, alert."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live.system.json_text import plain
from live.validation.verdict import WINDOW, Check, Judged, Validation, Verdict, worst

if TYPE_CHECKING:
    from live.alerts.channels import Level
    from live.runtime.runtime import Runtime


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


def write_report(folder: Path, day: date, judged: Sequence[Judged]) -> None:
    """Write `validation_<day>.json`: every verdict of the session and the worst of them."""
    from backtest.core.files import write_atomic

    data = {"session": day, "verdict": worst_of(judged), "validations": [as_data(item) for item in judged]}
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


def worst_of(judged: Sequence[Judged]) -> Verdict:
    """Return the worst verdict of several books."""
    return worst(item.validation.verdict for item in judged)


def announce(runtime: Runtime, judged: Sequence[Judged]) -> tuple[str, ...]:
    """Send one alert for everything validated; the same findings ring once per day."""
    from live.alerts import outbox as alerts

    verdict = worst_of(judged)
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
    verdict = worst_of(judged)
    if verdict == "RED":
        return "critical"
    return "warning" if verdict == "YELLOW" or any(_failing(item) for item in judged) else "info"


def _failing(item: Judged) -> bool:
    """Tell whether a statistic fails over a full window; a few first sessions prove nothing yet."""
    return any(check.passed is False and check.sessions >= WINDOW for check in item.checks)
