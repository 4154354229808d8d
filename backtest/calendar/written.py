"""Dates and times as a person writes them: one spelling each, so that none misleads.

The standard library also takes `20260924` (as a time: midnight of that day) and `2026-W39-4`.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)


def written_date(text: str) -> date:
    """Return the date of `2026-11-20`. ValueError: anything else."""
    if DATE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a date like 2026-11-20")
    return date.fromisoformat(text)


def written_time(text: str) -> datetime:
    """Return the time of `2026-11-20T15:55`, aware when it names its zone. ValueError: anything else."""
    if TIME.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a time like 2026-11-20T15:55")
    return datetime.fromisoformat(text)
