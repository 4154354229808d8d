"""The earnings demo: gap-ups of the demo stocks become candidate files, read back by the strict reader.

Stocks, gaps and scores are made up; nothing comes from a real report.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from backtest.calendar import sessions as calendar
from backtest.candidates.model import inferred_grade
from backtest.core.bars import Bars
from backtest.core.files import write_atomic
from backtest.data.sources.demo import DEMO_STOCKS
from live.generation.candidates import NO_REPORT, CandidateInput, read_report
from live.replay.replay import Replayed, replay
from live.runtime.runtime import Runtime

SMALLEST_GAP = 0.03
VARIANT = "ema_p10"


def run_demo(
    runtime: Runtime, start: date, end: date, *, on_session: Callable[[date], None] | None = None
) -> Replayed:
    """Write a report for every session with a gap-up and replay the sessions with them."""
    last = calendar.session(end) or calendar.previous_session(end)
    history = runtime.feed.history(DEMO_STOCKS, last.close + timedelta(minutes=1))
    folder = runtime.signals / "reports"
    paths = {day: write_report(folder, day, rows) for day, rows in reports(history, start, end).items()}

    def of(day: date) -> CandidateInput:
        if day not in paths:
            return NO_REPORT
        return read_report(paths[day], session=day, entry_mode="report_open", mode=runtime.settings.mode)

    return replay(
        runtime,
        start=start,
        end=end,
        strategies=[VARIANT],
        reports=of,
        symbols=DEMO_STOCKS,
        on_session=on_session,
    )


def reports(history: Mapping[str, Bars], start: date, end: date) -> dict[date, list[dict[str, Any]]]:
    """Return the candidates of every session on which some stock opens with a gap up."""
    found: dict[date, list[dict[str, Any]]] = {}
    for symbol, bars in sorted(history.items()):
        gaps = bars.open[1:] / bars.close[:-1] - 1
        for row in (gaps >= SMALLEST_GAP).nonzero()[0].tolist():
            day: date = bars.dates[row + 1].item()
            if start <= day <= end:
                entry = _candidate(symbol, day, float(gaps[row]), float(bars.open[row + 1]))
                found.setdefault(day, []).append(entry)
    return found


def write_report(folder: Path, day: date, rows: list[dict[str, Any]]) -> Path:
    """Write one strict JSON report, the format live trading reads."""
    document = {"report_date": day.isoformat(), "generated_at": f"{day}T09:00:00-05:00", "candidates": rows}
    path = folder / f"earnings_trade_candidates_{day}.json"
    write_atomic(path, (json.dumps(document, indent=2) + "\n").encode())
    return path


def _candidate(symbol: str, day: date, gap: float, opening: float) -> dict[str, Any]:
    """Return one made-up candidate: a bigger gap scores higher, with some noise that is always the same."""
    noise = hashlib.sha256(f"{symbol} {day}".encode()).digest()[0] / 255
    score = round(min(99.0, 50 + 250 * gap + 20 * noise), 1)
    return {
        "ticker": symbol,
        "grade": inferred_grade(score),
        "score": score,
        "price": round(opening, 2),
        "gap_size": round(gap * 100, 2),
        "company_name": f"{symbol.title()} Demo Inc",
    }
