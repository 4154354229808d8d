"""What kind of run this is: frozen values that say what it may create, keep, send and believe.

    Daily          about now: a stage, or a command that may send an order
    Tending        a person's command about now that sends none: answers, alerts, backups, schedule
    Confirming     `jutsu online`, `offline`: whatever the other settings say
    DryRun         decides and prints on copies in memory; leaves nothing behind
    Reading        a command that only looks; creates nothing
    PastSession    a past session (`--as-of`), offline
    Emergency      `jutsu kill`, `jutsu panic`: about now, with whatever of the settings can be understood
    Overview       `jutsu status`: only looks, and says what is wrong instead of ending with it
    Replay, Demo   history played session by session on an account of its own

Code that behaves differently asks the value (`run.durable`), never which kind it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal

from backtest.core.errors import UsageError

Mode = Literal["offline_mock", "online_live"]
"""Whether orders go to the embedded paper broker or to a real one."""
Role = Literal["primary", "shadow"]
"""Whether a variant of a book trades, or keeps a virtual book beside the one that does."""

ORB_BOOK: Final = "orb"
"""Name of the one book of opening-range breakouts of an account, where the others have their variant."""

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AsOf:
    """A past (or simulated) point in time: a session date, and an instant when one was given."""

    day: date
    at: datetime | None


class Run:
    """The answers of a daily run; the other kinds change what differs.

    Attributes:
        durable: every commit waits for the disk; False may lose the newest ones to a power cut.
        scratch: ledger and paper account are copies in memory; nothing is sent, written or recorded.
        creates: a missing ledger or paper account is made; False looks at an empty one in memory.
        needs_ledger: a ledger that was named must exist.
        needs_confirmation: real orders must have been confirmed before.
        fits: mode, data and flags must be possible together.
        lenient: wrong settings, a broker or a feed that cannot be opened are told and do not end the run.
        writes_log: the run has a log file.
        alerts: alerts are recorded, and sent when the run is `about_now`.
        repairs: what others did at the broker since the last run is taken into the books.
        alone: no person, program or broker but this run touches the account.
        marks: the executor marks the book; False: the caller does after the close.
        keeps_copies: state.json and backups follow a run.
        imposes: settings this kind of run insists on, dotted name -> value.
    """

    __slots__ = ()

    durable: ClassVar[bool] = True
    scratch: ClassVar[bool] = False
    creates: ClassVar[bool] = True
    needs_ledger: ClassVar[bool] = False
    needs_confirmation: ClassVar[bool] = True
    fits: ClassVar[bool] = True
    lenient: ClassVar[bool] = False
    writes_log: ClassVar[bool] = True
    alerts: ClassVar[bool] = True
    repairs: ClassVar[bool] = True
    alone: ClassVar[bool] = False
    marks: ClassVar[bool] = True
    keeps_copies: ClassVar[bool] = True
    imposes: ClassVar[Mapping[str, Any]] = _NOTHING

    @property
    def as_of(self) -> AsOf | None:
        """The past session the run is about, None when that is not said by a flag."""
        return None

    @property
    def about_now(self) -> bool:
        """Whether network, login, clock, cron and alert channels of this moment matter."""
        return self.as_of is None

    @property
    def quotes_have_age(self) -> bool:
        """Whether a quote can be too old: only when its time and ours are of the same world."""
        return self.about_now


@dataclass(frozen=True, slots=True)
class Daily(Run):
    """A stage, or a command that may send an order."""


DAILY: Final = Daily()


@dataclass(frozen=True, slots=True)
class Tending(Run):
    """A command that sends no order: nobody need have confirmed live trading for it."""

    needs_confirmation: ClassVar[bool] = False


TENDING: Final = Tending()


@dataclass(frozen=True, slots=True)
class Confirming(Tending):
    """A person confirms live trading: data and other settings may follow later."""

    fits: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Reading(Run):
    """A command that looks at the account and leaves it as it is."""

    creates: ClassVar[bool] = False
    needs_ledger: ClassVar[bool] = True
    needs_confirmation: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Emergency(Run):
    """A person stops everything: nothing that is wrong elsewhere may be in the way."""

    needs_confirmation: ClassVar[bool] = False
    fits: ClassVar[bool] = False
    lenient: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Overview(Reading):
    """A command that looks at the account and shows what is wrong with the settings as well."""

    fits: ClassVar[bool] = False
    lenient: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class PastSession(Run):
    """A run about a past session; it trades on paper, sends no alert and asks no network."""

    at: AsOf

    @property
    def as_of(self) -> AsOf:
        """The session."""
        return self.at


@dataclass(frozen=True, slots=True)
class DryRun(Run):
    """A run that leaves nothing behind, about now or about a past session."""

    at: AsOf | None = None
    scratch: ClassVar[bool] = True
    creates: ClassVar[bool] = False
    writes_log: ClassVar[bool] = False
    alerts: ClassVar[bool] = False
    repairs: ClassVar[bool] = False

    @property
    def as_of(self) -> AsOf | None:
        """The session, None for today's."""
        return self.at


@dataclass(frozen=True, slots=True)
class EmergencyLook(DryRun):
    """A look at what stopping everything would do: nothing that is wrong elsewhere may be in its way."""

    needs_confirmation: ClassVar[bool] = False
    fits: ClassVar[bool] = False
    lenient: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Replay(Run):
    """Many past sessions in a row on an account of its own, approved and judged like the backtest."""

    durable: ClassVar[bool] = False
    alerts: ClassVar[bool] = False
    repairs: ClassVar[bool] = False
    alone: ClassVar[bool] = True
    marks: ClassVar[bool] = False
    keeps_copies: ClassVar[bool] = False
    imposes: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"approval.policy": "auto", "paper.fault": "none"}
    )

    @property
    def about_now(self) -> bool:
        """False: the sessions are history, whatever the clock shows."""
        return False


@dataclass(frozen=True, slots=True)
class Demo(Replay):
    """A replay on the seeded demo market."""

    imposes: ClassVar[Mapping[str, Any]] = MappingProxyType({**Replay.imposes, "data.source": "demo"})


def is_plan_name(name: str) -> bool:
    """Tell whether a file of this name is a plan of breakouts, and no signal file."""
    return name.startswith("orb_plan_")


def asked_for(as_of: str | None, *, dry: bool = False) -> Run:
    """Return the run of the flags `--as-of` and `--dry-run`. UsageError: not a date or time."""
    at = None if as_of is None else parse_as_of(as_of)  # an empty text is a mistake, not today
    if dry:
        return DryRun(at)
    return Daily() if at is None else PastSession(at)


def parse_as_of(text: str) -> AsOf:
    """Parse `--as-of`: a date, or an instant (naive times are New York).

    Raises:
        UsageError: neither.
    """
    from backtest.calendar.sessions import NEW_YORK
    from backtest.calendar.written import DATE, UnknownYearError, written_date, written_time

    try:
        if DATE.fullmatch(text):
            return AsOf(written_date(text), None)
        at = written_time(text)
    except ValueError as error:
        neither = f"{text!r} is neither a date nor a time"
        problem = str(error) if isinstance(error, UnknownYearError) else neither
        remedy = "write 2026-11-20 or 2026-11-20T15:55"
        raise UsageError(problem, where="--as-of", remedy=remedy) from error
    at = at if at.tzinfo else at.replace(tzinfo=NEW_YORK)
    return AsOf(at.astimezone(NEW_YORK).date(), at)
