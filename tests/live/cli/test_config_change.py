"""`jutsu config set | unset | freeze`: what a person wrote is what is kept, from when to when they said."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live.cli.config_change import _instant
from tests.support.user_world import new_user, write_demo_prices


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20", datetime(2026, 11, 20, 5, tzinfo=UTC)),  # midnight in New York, winter
        ("2026-07-01", datetime(2026, 7, 1, 4, tzinfo=UTC)),  # summer
        ("2026-11-20T15:00", datetime(2026, 11, 20, 20, tzinfo=UTC)),
        ("2026-11-20T15:00+01:00", datetime(2026, 11, 20, 14, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_new_york(text: str, instant: datetime) -> None:
    assert _instant(text) == instant
    assert _instant(None) is None


@pytest.mark.parametrize("text", ["soon", "", "2026-02-30", "15:00", "9999-12-31T23:59"])
def test_what_is_no_time_is_one_clear_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"not a date or time|outside the years") as caught:
        _instant(text)
    assert caught.value.where == "--from / --until"


def test_freezing_writes_the_baseline_of_a_backtest_over_the_stored_bars(tmp_path: Path) -> None:
    """The same twice; the made-up market and books of positions have none, which is said."""
    user = new_user(tmp_path / "project", write_demo_prices(tmp_path / "prices"))
    assert "no baseline for monitoring" in user.jutsu("config", "freeze").err
    user.set(data={"source": "store"})
    imported = user.jutsu("data", "import", str(user.prices))
    assert imported.code == 0, imported.text
    ran = user.jutsu("config", "freeze")
    assert ran.code == 0, ran.text
    assert "golden: baseline of " in ran.out
    assert "ema_p10: no baseline for monitoring: no report of its past is kept" in ran.err
    manifest = user.root / "config" / "manifest.json"
    baseline = json.loads(manifest.read_text())["variants"]["golden"]["baseline"]
    assert baseline["last"] == "2024-12-31"
    assert baseline["trades"] > 0
    before = manifest.read_bytes()
    assert "already frozen" in user.jutsu("config", "freeze").out
    assert manifest.read_bytes() == before
