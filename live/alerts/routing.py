"""Who hears an alert and when: channels by level, quiet hours, the waits between two tries. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from backtest.core.errors import SettingsError
from live.alerts.channels import LEVELS
from live.ledger.alerts import DIGEST
from live.settings.model import AlertLevel, AlertSettings

#: waits after the first, second … failed try; the last one repeats
WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
GIVE_UP: Final = timedelta(hours=48)
#: a host that runs once a day still tries often enough
MIN_TRIES: Final = 5


def addressed(
    wanted: AlertSettings, level: AlertLevel, present: Iterable[str], *, report: bool
) -> tuple[str, ...]:
    """Return the channels an alert is for; `digest` among them is the daily mail.

    A level that `alerts.channels` does not name goes to every channel, from `alerts.minimum_level` up. A
    report goes where warnings go when the settings want reports.

    Args:
        wanted: the settings.
        level: of the alert.
        present: channels that have an address.
        report: whether it is the report of a run.
    """
    raised = report and wanted.execution_report and level == "info"
    named = wanted.channels.of("warning" if raised else level)
    if named is not None:
        return named
    loud = raised or LEVELS.index(level) >= LEVELS.index(wanted.minimum_level)
    return tuple(present) if loud else ()


def digest_channels(wanted: AlertSettings, present: Iterable[str]) -> tuple[str, ...]:
    """Return where the daily mail goes: as set, else where warnings go, else criticals, else everywhere."""
    if wanted.digest_channels:
        return wanted.digest_channels
    levels: tuple[AlertLevel, ...] = ("warning", "critical")
    for level in levels:
        named = tuple(name for name in wanted.channels.of(level) or () if name != DIGEST)
        if named:
            return named
    return tuple(present)


def zone_of(wanted: AlertSettings) -> ZoneInfo:
    """Return the time zone of quiet hours and digest. SettingsError: there is none of this name."""
    try:
        return ZoneInfo(wanted.time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError(
            f"there is no time zone {wanted.time_zone!r}",
            where="alerts.time_zone",
            remedy="a name like America/New_York",
        ) from error


def first_due(wanted: AlertSettings, level: AlertLevel, now: datetime) -> datetime:
    """Return when an alert may leave: now, or the end of the quiet hours. SettingsError: see `zone_of`."""
    if level == "critical" or wanted.quiet_hours is None:
        return now
    begin, end = (time.fromisoformat(text) for text in wanted.quiet_hours.split("-"))
    zone = zone_of(wanted)
    clock = now.astimezone(zone).time()
    quiet = begin <= clock < end if begin <= end else clock >= begin or clock < end
    if not quiet:
        return now
    day = now.astimezone(zone).date()
    return datetime.combine(day if clock < end else day + timedelta(days=1), end, zone)


def next_try(
    wanted: AlertSettings, level: AlertLevel, *, made: datetime, attempts: int, now: datetime
) -> datetime | None:
    """Return when a channel that failed is tried again, None to give it up.

    Args:
        wanted: the settings.
        level: of the alert.
        made: when the alert was made.
        attempts: tries so far, with the one that just failed.
        now: of that try.

    Raises:
        SettingsError: see `zone_of`.
    """
    if attempts >= MIN_TRIES and now - made > GIVE_UP:
        return None
    return first_due(wanted, level, now + WAITS[min(attempts, len(WAITS)) - 1])


def newest_daily(wanted: AlertSettings, now: datetime) -> tuple[date, datetime]:
    """Return the day and the instant of the newest time of the digest. SettingsError: see `zone_of`."""
    zone = zone_of(wanted)
    local = now.astimezone(zone)
    at = datetime.combine(local.date(), time.fromisoformat(wanted.digest_at), zone)
    if at > local:
        at = datetime.combine(local.date() - timedelta(days=1), at.time(), zone)
    return at.date(), at
