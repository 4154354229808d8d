"""`jutsu config set | unset | freeze`: what a person wrote is what is kept, from when to when they said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backtest.core.errors import UsageError
from live.cli.config_change import _instant


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
    with pytest.raises(UsageError, match="not a date or time") as caught:
        _instant(text)
    assert caught.value.where == "--from / --until"
