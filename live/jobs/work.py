"""What each kind of job computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from live.jobs import backtest, preview
from live.jobs.backtest import Progress
from live.jobs.model import JobKind

if TYPE_CHECKING:
    from live.settings.load import LoadedSettings

Work = Callable[["LoadedSettings", Mapping[str, Any], datetime, Path, Progress], None]

WORK: Final[Mapping[JobKind, Work]] = {"backtest": backtest.run, "preview": preview.run}
"""Kind -> function of settings, request, instant, folder for results, and what is told the progress."""
