"""The least a run must have for alerts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from live.ledger.ledger import Ledger
from live.model.run import DAILY, Run
from live.settings.model import Settings
from live.system.clock import SimulatedClock


@dataclass
class AlertContext:
    """A ledger, its folder, a clock to turn, settings; addresses come from the environment."""

    ledger: Ledger
    state: Path
    clock: SimulatedClock
    settings: Settings = field(default_factory=Settings)
    run: Run = DAILY

    @property
    def environ(self) -> Mapping[str, str]:
        return dict(os.environ)
