"""Waiting for fills ends in time."""

from datetime import timedelta
from typing import Any

import pytest

from live.execution.verdict import OrdersMissed
from tests.support.exec_world import ENTRY, signal


def test_the_run_deadline_ends_the_waiting(made: Any) -> None:
    made.overrides = {"safety": {"run_deadline_seconds": 30}, "polling": {"retries": 0}}
    made.fault = "never"
    began = made.clock.now()
    made.write(signal([ENTRY]))
    with pytest.raises(OrdersMissed):
        made.executor()
    assert made.clock.now() - began < timedelta(seconds=60)
