"""Progress of a search on standard error: once a second on a terminal, else every ten seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from backtest.research.running import Step


def tell(line: str) -> None:
    """Say a warning on standard error."""
    print(f"warning: {line}", file=sys.stderr)


@dataclass(slots=True)
class Screen:
    """Shows steps as they come, not more often than people read."""

    clock: Callable[[], float] = time.monotonic
    _last: float = field(default=float("-inf"))

    def __call__(self, step: Step) -> None:
        """Show a step, unless the one before was shown just now."""
        terminal = sys.stderr.isatty()
        now = self.clock()
        last = step.stored + step.failed >= step.total
        if now - self._last < (1.0 if terminal else 10.0) and not last:
            return
        self._last = now
        end = "\r" if terminal and not last else "\n"
        print(text_of(step), end=end, file=sys.stderr, flush=True)


def text_of(step: Step) -> str:
    """Return a step as one line: done/total, sets a second, time to the end, best, failed."""
    parts = [f"{step.stored:,}/{step.total:,} sets"]
    if step.computed:
        parts.append(f"{step.rate:,.0f}/s")
    if step.eta is not None and step.stored < step.total:
        parts.append(f"{_duration(step.eta)} left")
    if step.best is not None:
        parts.append(f"best so far {step.best:.4g}")
    if step.failed:
        parts.append(f"{step.failed:,} failed")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
