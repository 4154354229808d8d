"""No minute has more requests than the vendor takes, whoever asks and however often it is started anew."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.feeds.sources.limits import TokenBucket
from live.system.clock import SimulatedClock

AT = datetime(2024, 3, 12, 15, tzinfo=UTC)


@given(
    st.integers(min_value=1, max_value=300),
    st.lists(st.floats(min_value=0, max_value=40), min_size=1, max_size=60),
)
@settings(max_examples=25, deadline=None)
def test_no_minute_has_too_many(per_minute: int, pauses: list[float]) -> None:
    with TemporaryDirectory() as folder:
        clock = SimulatedClock(AT)
        taken: list[datetime] = []
        for pause in pauses:
            clock.sleep(pause)
            TokenBucket(Path(folder, "bucket"), per_minute, clock).take()  # each time another process
            taken.append(clock.now())
    for at in taken:
        assert sum(at <= other < at + timedelta(minutes=1) for other in taken) <= per_minute


def test_after_the_first_ones_the_rest_follows_evenly(tmp_path: Path) -> None:
    clock = SimulatedClock(AT)
    bucket = TokenBucket(tmp_path / "bucket", 120, clock)
    waits = [bucket.take() for _ in range(120)]
    assert waits[:12] == [0.0] * 12
    assert all(wait == pytest.approx(0.625) for wait in waits[13:])
    assert (clock.now() - AT).total_seconds() == pytest.approx(108 / 96 * 60)


def test_a_damaged_file_or_one_of_the_future_stops_nothing(tmp_path: Path) -> None:
    clock = SimulatedClock(AT)
    path = tmp_path / "bucket"
    for content in ("", "[]", '{"at": "x"}', f'{{"at": {AT.timestamp() + 9e9}, "tokens": -50}}'):
        path.write_text(content)
        assert TokenBucket(path, 60, clock).take() == 0.0
