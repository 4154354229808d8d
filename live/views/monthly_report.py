"""The report of a month: causes, shadows, changes, the machine, and what was realised."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from live.views.audit import AuditState, verify_actions
from live.views.book_period import BookPeriod, PeriodInputs, read_period
from live.views.compare import Comparison, read_comparisons

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.operations.health import HealthCheck
    from live.views.inputs import ViewInputs


@dataclass(frozen=True, slots=True)
class Cause:
    """What one cause added to the equity of a book in the month, account currency."""

    variant: str
    name: str
    amount: float


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is not what it was a month before; empty text: it was not there, or is gone."""

    name: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Realised:
    """What the sales of one symbol realised in the month, account currency, against average cost."""

    variant: str
    symbol: str
    sales: int
    gains: float
    losses: float

    @property
    def net(self) -> float:
        """Gains and losses together."""
        return self.gains + self.losses


@dataclass(frozen=True, slots=True)
class MonthInputs:
    """What a monthly report is made from besides the ledger and a stretch.

    Attributes:
        day: the first session after the month.
        settings: dotted name -> value as text, now. manifest: variant -> digest of its entry, now.
        before: the report of the month before as it was kept, None when there is none.
        checks: of the installation, with the ages of login and backups.
        secrets: files with secrets that others may read, one line each.
        causes: of the attribution. wash_notes: of the tax lots.
        version: of this program.
        missing: inputs that were not there, one line each.
    """

    day: date
    settings: Mapping[str, str]
    manifest: Mapping[str, str]
    before: Mapping[str, Any] | None
    checks: tuple[HealthCheck, ...]
    secrets: tuple[str, ...]
    causes: tuple[Cause, ...]
    wash_notes: tuple[str, ...]
    version: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """A calendar month; the fields are those of `MonthInputs` and what the ledger says.

    Attributes:
        comparisons: each primary beside its shadows up to `last`, with the criteria of a switch.
        changes: settings, overrides and manifest against the month before.
        versions: of this program then and now.
    """

    day: date
    first: date
    last: date
    account: str
    mode: str
    books: tuple[BookPeriod, ...]
    causes: tuple[Cause, ...]
    comparisons: tuple[Comparison, ...]
    changes: tuple[Change, ...]
    settings: Mapping[str, str]
    manifest: Mapping[str, str]
    checks: tuple[HealthCheck, ...]
    secrets: tuple[str, ...]
    audit: AuditState
    realised: tuple[Realised, ...]
    wash_notes: tuple[str, ...]
    version: str
    missing: tuple[str, ...]


def month_before(day: date) -> tuple[date, date]:
    """Return the first and the last day of the month before that of `day`."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def read_monthly(inputs: ViewInputs, period: PeriodInputs, month: MonthInputs) -> MonthlyReport:
    """Return the report of the month of `period`."""
    daily = [book.primary for book in inputs.settings.books if book.run == "daily"]
    changes, missing = _changes(month)
    return MonthlyReport(
        day=month.day,
        first=period.first,
        last=period.last,
        account=inputs.account,
        mode=inputs.settings.mode,
        books=tuple(read_period(inputs.ledger, name, period) for name in daily),
        causes=month.causes,
        comparisons=tuple(
            one for one in read_comparisons(inputs, None, period.last).comparisons if one.primary in daily
        ),
        changes=changes,
        settings=month.settings,
        manifest=month.manifest,
        checks=month.checks,
        secrets=month.secrets,
        audit=verify_actions(inputs.ledger),
        realised=realised(inputs.ledger, period.first, period.last),
        wash_notes=month.wash_notes,
        version=month.version,
        missing=(*month.missing, *missing),
    )


def realised(ledger: Ledger, first: date, last: date) -> tuple[Realised, ...]:
    """Return what was realised from `first` to `last`, by book and symbol."""
    sums: dict[tuple[str, str], list[float]] = {}
    for row in ledger.trades.between(first, last):
        if row.realised_pnl is not None:
            sums.setdefault((row.variant, row.symbol), []).append(float(row.realised_pnl))
    return tuple(
        Realised(variant, symbol, len(pnls), _sum(p for p in pnls if p > 0), _sum(p for p in pnls if p < 0))
        for (variant, symbol), pnls in sorted(sums.items())
    )


def differences(before: Mapping[str, str], now: Mapping[str, str], prefix: str = "") -> tuple[Change, ...]:
    """Return every name whose value is not what it was, in order."""
    return tuple(
        Change(f"{prefix}{name}", before.get(name, ""), now.get(name, ""))
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    )


def _changes(month: MonthInputs) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Compare with the report of the month before; without one that is a line."""
    if month.before is None:
        return (), ("settings, manifest and version: no report of the month before to compare with",)
    known = {name: _texts(month.before.get(name)) for name in ("settings", "manifest")}
    version = {"version": str(month.before.get("version", ""))}
    return (
        *differences(known["settings"], month.settings),
        *differences(known["manifest"], month.manifest, "manifest: "),
        *differences(version, {"version": month.version}),
    ), ()


def _texts(stored: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in stored.items()} if isinstance(stored, Mapping) else {}


def _sum(values: Iterable[float]) -> float:
    return round(math.fsum(values), 2) + 0.0
