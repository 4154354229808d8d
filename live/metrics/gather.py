"""The figures of one account, read from the ledger and the files beside it; nothing is asked of a broker."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest.core.errors import JutsuError
from live.ledger.system_state import drift_key
from live.metrics.catalogue import Figures
from live.metrics.exposition import Sample
from live.metrics.program_runs import recall

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.ledger.tables import LiveTrade
    from live.settings.load import LoadedSettings

#: rows looked at for the newest success of a variant, and trades for the newest session
NEWEST: Final = 300
_LEVELS: Final = {"none": 0.0, "entries": 1.0, "all": 2.0}


@dataclass(frozen=True, slots=True)
class Subject:
    """What the figures are about.

    Attributes:
        account: a label of every sample: the name of one of several, else the key of the ledger's rows.
        state: folder of the ledger. now: aware instant. version: of the program.
    """

    account: str
    loaded: LoadedSettings
    state: Path
    now: datetime
    version: str

    def sample(self, value: float, **labels: str) -> Sample:
        """Return a value of this account."""
        return Sample({"account": self.account, **labels}, value)


def of_programs(subject: Subject) -> Figures:
    """Return what is known without a ledger: the programs' newest runs, login, copies, version."""
    runs = recall(subject.state)
    succeeded = {
        program: datetime.fromisoformat(run.succeeded_at) for program, run in runs.items() if run.succeeded_at
    }
    return {
        "last_success_timestamp_seconds": [
            subject.sample(at.timestamp(), stage=program, variant="") for program, at in succeeded.items()
        ],
        "last_exit_code": [subject.sample(run.code, stage=program) for program, run in runs.items()],
        "stage_duration_seconds": [
            subject.sample(run.seconds, stage=program) for program, run in runs.items()
        ],
        "token_sessions_left": [subject.sample(left) for left in _sessions_left(subject)],
        "backup_age_seconds": [subject.sample(age) for age in _backup_age(subject)],
        "build_info": [subject.sample(1, version=subject.version)],
    }


def of_ledger(subject: Subject, ledger: Ledger) -> Figures:
    """Return what the ledger knows. JutsuError: it cannot be read."""
    marks = {name: ledger.snapshots.latest(name) for name in ledger.snapshots.variants()}
    known = {name: mark for name, mark in marks.items() if mark is not None}
    return {
        "last_success_timestamp_seconds": list(_successes(subject, ledger)),
        "equity": [subject.sample(mark.equity, variant=name) for name, mark in known.items()],
        "cash": [subject.sample(mark.cash, variant=name) for name, mark in known.items()],
        "drawdown_ratio": [
            subject.sample(mark.drawdown, variant=name)
            for name, mark in known.items()
            if mark.drawdown is not None
        ],
        "position_shares": [
            subject.sample(row.quantity, variant=row.variant, symbol=row.symbol)
            for row in ledger.positions.open_positions()
        ],
        "open_orders": [subject.sample(len(ledger.orders.unfinished()))],
        "unresolved_orders": [subject.sample(len(ledger.orders.unresolved()))],
        "naked_positions": [subject.sample(len(ledger.positions.unprotected()))],
        "kill_level": [subject.sample(_LEVELS[ledger.state.kill_level()])],
        "slippage_ratio": list(_slippage(subject, ledger)),
        "drift_bps": list(_drift(subject, ledger)),
        "missed_sessions_total": list(_missed(subject, ledger)),
        "alerts_pending": [subject.sample(len(ledger.alerts.unsent(limit=1000)))],
    }


def joined(*parts: Figures) -> Mapping[str, list[Sample]]:
    """Return figures of several sources as one."""
    found: dict[str, list[Sample]] = {}
    for part in parts:
        for name, samples in part.items():
            found.setdefault(name, []).extend(samples)
    return found


def _drift(subject: Subject, ledger: Ledger) -> Iterator[Sample]:
    """Yield the causes that the newest validation kept."""
    for name in ledger.snapshots.variants():
        for cause, bps in json.loads(ledger.state.get(drift_key(name)) or "{}").items():
            yield subject.sample(bps, variant=name, cause=cause)


def _successes(subject: Subject, ledger: Ledger) -> Iterator[Sample]:
    newest: dict[tuple[str, str], datetime] = {}
    for row in ledger.runs.recent(NEWEST):
        generated, executed = row.generated_at, row.executed_at
        if generated is not None and row.generator_exit == 0:
            newest.setdefault(("generator", row.variant), generated)
        if executed is not None and row.executor_exit == 0:
            newest.setdefault(("executor", row.variant), executed)
    for (stage, variant), at in sorted(newest.items()):
        yield subject.sample(at.timestamp(), stage=stage, variant=variant)


def _missed(subject: Subject, ledger: Ledger) -> Iterator[Sample]:
    counts = ledger.runs.missed_counts()
    primaries = (book.primary for book in subject.loaded.settings.books if book.run == "daily")
    for variant in sorted({*counts, *primaries}):  # a counter that begins at 0 shows its first rise
        yield subject.sample(counts.get(variant, 0), variant=variant)


def _slippage(subject: Subject, ledger: Ledger) -> Iterator[Sample]:
    trades = [trade for trade in ledger.trades.recent(NEWEST) if trade.quote_slippage_pct is not None]
    for variant in sorted({trade.variant for trade in trades}):
        own = [trade for trade in trades if trade.variant == variant]
        newest = [trade for trade in own if trade.session == own[0].session]
        worth = sum(map(_value, newest))
        weighted = sum(_value(trade) * (trade.quote_slippage_pct or 0.0) for trade in newest)
        if worth:
            yield subject.sample(weighted / worth / 100, variant=variant)


def _value(trade: LiveTrade) -> float:
    return float(trade.fill_price) * trade.quantity


def _sessions_left(subject: Subject) -> Iterator[float]:
    from live.runtime.factories import login_status

    try:
        found = login_status(subject.loaded.settings, root=subject.loaded.root, now=subject.now)
    except JutsuError:  # no usable login: nothing is left
        yield 0
        return
    if found is not None:
        yield found.sessions_left


def _backup_age(subject: Subject) -> Iterator[float]:
    from live.ledger.backup import backups

    for _, path in backups(subject.state / "backups")[:1]:
        yield max(0.0, subject.now.timestamp() - path.stat().st_mtime)
