"""Times around windows: ten minutes before them until their end, early closes included."""

from datetime import datetime, timedelta

import pytest

from backtest.calendar.sessions import NEW_YORK
from live.operations.quiet_times import quiet_for_books, quiet_until
from live.system.clock import SystemClock
from live.views.settings import SettingsSource
from tests.support.paths import PROJECT

TEN = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-25T15:44:59", None),
        ("2026-11-25T15:45:00", "15:59"),
        ("2026-11-25T15:57:00", "15:59"),
        ("2026-11-25T15:59:00", "15:59"),
        ("2026-11-25T15:59:01", None),
        ("2026-11-25T09:19:00", None),
        ("2026-11-25T09:20:00", "09:35"),
        ("2026-11-27T12:50:00", "12:59"),  # closes at 13:00
        ("2026-11-27T15:50:00", None),
        ("2026-11-26T15:50:00", None),  # no session
    ],
)
def test_times_around_windows(now: str, until: str | None) -> None:
    found = quiet_until(
        ("open", "5min_before_close"), datetime.fromisoformat(now).replace(tzinfo=NEW_YORK), TEN
    )
    assert (None if found is None else f"{found:%H:%M}") == until


def test_a_book_s_own_window_counts() -> None:
    source = SettingsSource(PROJECT / "config/live.yaml", None, {})
    loaded = source.load(SystemClock().now(), overrides=False)
    inside = datetime(2026, 11, 25, 15, 50, tzinfo=NEW_YORK)
    assert quiet_for_books(loaded, inside, TEN) is not None
    assert quiet_for_books(loaded, inside.replace(hour=12), TEN) is None
