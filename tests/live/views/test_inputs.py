"""What views are made from: the run's values at one instant, and every configured variant."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live.model.run import AsOf, PastSession
from live.views.inputs import ViewInputs
from tests.support.exec_world import AT, DAY, world
from tests.support.paths import PROJECT


def test_they_are_taken_at_one_instant(tmp_path: Path) -> None:
    made = world(tmp_path)
    runtime = made.open()
    before = ViewInputs.of(runtime.context)
    made.clock.set(AT + timedelta(minutes=1))
    assert (before.now, before.today, before.account, before.past) == (AT, DAY, "paper", False)
    assert ViewInputs.of(runtime.context).now == AT + timedelta(minutes=1)
    assert (before.ledger, before.settings) == (runtime.ledger, runtime.settings)
    assert (before.signals, before.strategies) == (runtime.signals, runtime.strategies)


def test_a_session_that_a_person_named_is_past(tmp_path: Path) -> None:
    made = world(tmp_path)
    past = DAY - timedelta(days=2)
    inputs = ViewInputs.of(replace(made.open(), run=PastSession(AsOf(past, None))).context)
    assert (inputs.past, inputs.today) == (True, past)


def test_every_primary_comes_before_its_shadows_and_books_on_request_count(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.overrides["books"] = [
        {"primary": "golden", "shadows": ["titan"], "budget_pct": 60},
        {"primary": "ema_p10", "run": "on_request", "budget_pct": 40},
    ]
    inputs = ViewInputs.of(replace(made.open(), strategies=PROJECT / "config/strategies").context)
    assert [(v.name, v.role, v.follows) for v in inputs.variants()] == [
        ("golden", "primary", "golden"),
        ("titan", "shadow", "golden"),
        ("ema_p10", "primary", "ema_p10"),
    ]


def test_a_book_without_its_strategy_file_is_one_error(tmp_path: Path) -> None:
    inputs = ViewInputs.of(world(tmp_path).open().context)  # its strategy folder is empty
    with pytest.raises(UsageError) as caught:
        inputs.variants()
    assert caught.value.exit_code == 2
