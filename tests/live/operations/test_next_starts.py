"""The coming starts know the calendar."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from live.operations.next_starts import every_start, session_starts
from live.operations.schedule import BACKUP, DOCTOR, EXECUTOR, FLUSH, GENERATOR, VALIDATE, ScheduledBook

GOLDEN = ScheduledBook("golden", "close")
INSTANTS = st.datetimes(
    datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)
)  # fmt: skip


def test_an_early_close_and_a_weekend() -> None:
    after = datetime(2026, 11, 27, 12, tzinfo=UTC)  # the Friday after Thanksgiving closes at 13:00
    found = list(islice(session_starts([GOLDEN], after), 4))
    assert [(s.command, f"{s.at:%a %H:%M}") for s in found] == [
        (GENERATOR, "Fri 17:35"),
        (EXECUTOR, "Fri 17:55"),
        (VALIDATE, "Fri 18:15"),
        (GENERATOR, "Mon 20:35"),
    ]


@settings(max_examples=50)
@given(INSTANTS, st.sampled_from(["Europe/Berlin", "Australia/Sydney", "America/New_York"]))
def test_starts_are_in_order_and_none_is_lost_between_two_looks(after: datetime, zone: str) -> None:
    host = ZoneInfo(zone)
    found = list(islice(every_start([GOLDEN], after, host), 60))
    assert all(start.at > after for start in found)
    assert all(a < b for a, b in pairwise(found))
    middle = found[30].at
    early = list(takewhile(lambda s: s.at <= middle, every_start([GOLDEN], after, host)))
    again = list(islice(every_start([GOLDEN], middle, host), 20))
    assert early + again == found[: len(early)] + again
    assert again[: len(found) - len(early)] == found[len(early) : len(early) + 20]


def test_what_follows_the_clock_follows_the_host() -> None:
    after = datetime(2026, 11, 28, tzinfo=UTC)
    day = list(
        takewhile(
            lambda s: s.at <= after + timedelta(days=1),
            every_start([GOLDEN], after, ZoneInfo("Australia/Sydney")),
        )
    )
    counts = {command: sum(s.command == command for s in day) for command in (DOCTOR, FLUSH, BACKUP)}
    assert counts == {DOCTOR: 4, FLUSH: 24, BACKUP: 1}
    backup = next(s for s in day if s.command == BACKUP)
    assert f"{backup.at.astimezone(ZoneInfo('Australia/Sydney')):%H:%M}" == "04:20"
