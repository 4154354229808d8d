"""The two clocks: aware instants in UTC, and a simulated one that only moves when asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import UsageError
from live.system.clock import HostZone, SimulatedClock, SystemClock, host_zone

INSTANTS = st.datetimes(
    min_value=datetime(1990, 1, 1),
    max_value=datetime(2090, 1, 1),
    timezones=st.just(timezone(timedelta(hours=-5))),
)


@given(INSTANTS, st.floats(min_value=0, max_value=1e6))
def test_sleeping_moves_a_simulated_clock_and_its_deadlines_alike(at: datetime, seconds: float) -> None:
    clock = SimulatedClock(at)
    assert (clock.now(), clock.now().tzinfo) == (at, UTC)
    before = clock.monotonic()
    clock.sleep(seconds)
    assert clock.now() == at.astimezone(UTC) + timedelta(seconds=seconds)
    assert clock.monotonic() - before == pytest.approx(seconds, abs=1e-5)


def test_a_naive_instant_is_refused_wherever_it_comes_in() -> None:
    naive = datetime(2025, 3, 5)
    with pytest.raises(ValueError, match="naive"):
        SimulatedClock(naive)
    clock = SimulatedClock(naive.replace(tzinfo=UTC))
    with pytest.raises(ValueError, match="naive"):
        clock.set(naive)


def test_the_real_clock_is_aware_and_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    first = clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() > first


@pytest.mark.parametrize("name", ["Nonsense", "Foo/Bar", "../../etc/passwd", "Europe", ":Nowhere"])
def test_a_zone_that_does_not_exist_is_refused_instead_of_utc(name: str) -> None:
    with pytest.raises(UsageError, match=r"TZ: .* is no time zone"):
        host_zone({"TZ": name})


@pytest.mark.parametrize(
    "name", ["", "UTC", "Europe/Berlin", ":Asia/Kolkata", "EST5EDT", "EST5EDT,M3.2.0,M11.1.0", "<+0530>-5:30"]
)
def test_a_zone_that_the_system_understands_is_taken(name: str) -> None:
    assert isinstance(host_zone({"TZ": name}), HostZone)
    assert isinstance(host_zone({}), HostZone)
