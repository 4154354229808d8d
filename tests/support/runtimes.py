"""A real runtime with everything in memory, for steps that take a whole one and use a part of it."""

from datetime import datetime
from pathlib import Path

from live.brokers.paper.broker import PaperBroker
from live.ledger.ledger import Ledger
from live.model.run import DAILY, Run
from live.runtime.runtime import Runtime
from live.settings.load import LoadedSettings
from live.settings.model import Settings
from live.system.clock import SimulatedClock
from tests.support.exec_world import ScriptedFeed


def runtime_in(
    folder: Path,
    now: datetime,
    *,
    settings: Settings | None = None,
    ledger: Ledger | None = None,
    run: Run = DAILY,
) -> Runtime:
    """Ledger, paper broker and feed in memory, a clock that stands at `now`, and files below `folder`."""
    settings, clock, feed = settings or Settings(), SimulatedClock(now), ScriptedFeed()
    return Runtime(
        settings=settings,
        loaded=LoadedSettings(settings, {}, folder, None),
        clock=clock,
        ledger=ledger or Ledger.open("sqlite://", account="paper", now=now),
        broker=PaperBroker(None, clock=clock, feed=feed, rules=settings.execution),
        feed=feed,
        account="paper",
        signals=folder / "signals",
        state=folder / "state",
        manifest=folder / "manifest.json",
        strategies=folder,
        version="0",
        run=run,
        environ={},
    )
