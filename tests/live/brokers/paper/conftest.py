"""A scripted market and a clock inside the closing window."""

from __future__ import annotations

import pytest

from live.system.clock import SimulatedClock
from tests.support.exec_world import AT, ScriptedFeed


@pytest.fixture
def feed() -> ScriptedFeed:
    return ScriptedFeed(prices={"AAA": 100.0, "BBB": 50.0})


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(AT)
