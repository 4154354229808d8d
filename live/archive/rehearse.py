"""The rehearsal of a restore: an archive opened aside, and its newest sessions decided again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.errors import JutsuError
from backtest.strategies.registry import build_strategy
from live.archive.make import make
from live.archive.restore import CONFIG, judge
from live.handoff.model import SignalFile
from live.ledger.backup import REHEARSED
from live.ledger.ledger import Ledger
from live.ledger.system_state import EVERY_ACCOUNT
from live.settings.load import load_settings
from live.validation.observe import choice_of_file, decide_again, reference_prices
from live.validation.verdict import differences
from live.views.inputs import ViewInputs
from live.views.status import read_status

if TYPE_CHECKING:
    from backtest.strategies.family import Choice
    from live.ledger.tables import SignalRow
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext
    from live.settings.load import LoadedSettings

#: newest sessions that are decided again
SESSIONS: Final = 5

Verdict = Literal["same", "other data", "not known", "differs"]


@dataclass(frozen=True, slots=True)
class Again:
    """A stored file decided again; `detail` says what is another, or why it cannot be told."""

    session: str
    variant: str
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a rehearsal found.

    Attributes:
        archive: the file. made_at: instant it was made, ISO 8601.
        migrated: its ledger was of an older version.
        files: how many files it holds. problems: what `jutsu status` says of the restored project.
        again: the newest sessions, newest first.
    """

    archive: str
    made_at: str
    migrated: bool
    files: int
    problems: tuple[str, ...]
    again: tuple[Again, ...]

    @property
    def passed(self) -> bool:
        """Whether the restored project decides what the stored files say."""
        return all(one.verdict != "differs" for one in self.again)


def rehearse(context: RunContext, feed: Feed, archive: Path | None, now: datetime) -> Rehearsal:
    """Restore an archive (None: one made now) aside, decide again, remember the outcome in the ledger.

    One that ended with an error is remembered as failed, with why; a file that is not there was no rehearsal.

    Raises:
        ArchiveRefused, UsageError: 2. LedgerError: 8. SettingsError: 2, the restored settings are refused.
        OSError: a disk is full or not ours.
    """
    try:
        found = _carried_out(context, feed, archive, now)
    except (JutsuError, OSError) as error:
        if archive is None or archive.exists():
            with suppress(JutsuError, OSError):  # the error itself says more
                _remember(context, now, passed=False, why=str(error))
        raise
    _remember(context, now, passed=found.passed, why="")
    return found


def _remember(context: RunContext, now: datetime, *, passed: bool, why: str) -> None:
    """Keep for `jutsu doctor` how a rehearsal ended; `why` it could not be carried out."""
    outcome = {"at": now.isoformat(timespec="seconds"), "passed": passed, "why": why}
    context.ledger.for_account(EVERY_ACCOUNT).state.set(REHEARSED, json.dumps(outcome), at=now)


def _carried_out(context: RunContext, feed: Feed, archive: Path | None, now: datetime) -> Rehearsal:
    with tempfile.TemporaryDirectory(prefix=".jutsu-rehearsal.", dir=context.state) as work:
        path = archive or make(context.loaded, Path(work) / "made", now)
        project = Path(work) / "project"
        project.mkdir()
        judged = judge(path, project, now)
        ledger_file = project / judged.document.ledger
        loaded = _settings(context, project)
        with Ledger.open(ledger_file, account=judged.document.account, now=now, create=False) as ledger:
            return Rehearsal(
                path.name,
                judged.document.made_at,
                judged.migrated,
                len(judged.document.files),
                _problems(ledger, loaded, now),
                tuple(_decided_again(feed, ledger, loaded, context.clock.now())),
            )


def _settings(context: RunContext, project: Path) -> LoadedSettings:
    """Return the restored settings; of a project without a file those in force."""
    config = project / CONFIG
    if not config.exists():
        return context.loaded
    return load_settings(config=config, environ={}, account=context.settings.account or None)


def _problems(ledger: Ledger, loaded: LoadedSettings, now: datetime) -> tuple[str, ...]:
    inputs = ViewInputs(
        ledger=ledger,
        settings=loaded.settings,
        overrides=loaded.parameter_overrides,
        strategies=loaded.path(loaded.settings.paths.strategies),
        signals=loaded.path(loaded.settings.paths.signals),
        account=ledger.account,
        now=now,
        today=now.astimezone(calendar.NEW_YORK).date(),
    )
    return read_status(inputs).problems


def _decided_again(feed: Feed, ledger: Ledger, loaded: LoadedSettings, now: datetime) -> Iterator[Again]:
    rows = [row for row in ledger.signals.recent(SESSIONS * 20) if row.role == "primary"]
    sessions = sorted({row.session for row in rows}, reverse=True)[:SESSIONS]
    for row in rows:
        if row.session in sessions:
            try:
                yield _again(feed, ledger, loaded, row, now)
            except JutsuError as error:
                yield Again(str(row.session), row.variant, "not known", error.line())


def _again(feed: Feed, ledger: Ledger, loaded: LoadedSettings, row: SignalRow, now: datetime) -> Again:
    """Decide a file again: on the bars as they are now, else with its quotes as the last closes."""
    signal = SignalFile.model_validate_json(row.content)
    session = calendar.session(row.session)
    assert session is not None
    window = calendar.window(session, signal.execution_window.name)
    strategy = build_strategy(signal.strategy.name, signal.strategy.variant, signal.strategy.parameters)
    wanted = sorted(
        {*strategy.signal_symbols, *strategy.tradable_symbols, *signal.inputs.account.positions}
        | {order.symbol for order in signal.orders}
    )
    known = feed.history(wanted, now)
    bars = {name: cut for name, item in known.items() if len(cut := item.until(window.decides_on))}
    quoted = reference_prices(signal, fills_at_open=window.fills_at_open)
    was: Choice = choice_of_file(signal, strategy)
    found: tuple[str, ...] = ()
    for tried in (bars, {name: _closed_at(item, quoted.get(name)) for name, item in bars.items()}):
        choice, notes = decide_again(ledger, loaded.settings, row, signal, strategy, tried, window)
        if choice is None:
            return Again(str(row.session), row.variant, "not known", "; ".join(notes))
        found = differences(was, choice)
        if not found:
            return Again(str(row.session), row.variant, "same")
    same_inputs = _digests(signal) == {name: bars[name].sha256() for name in bars if name in _digests(signal)}
    return Again(str(row.session), row.variant, "differs" if same_inputs else "other data", "; ".join(found))


def _digests(signal: SignalFile) -> Mapping[str, str]:
    return {item.symbol: item.sha256 for item in signal.inputs.bars}


def _closed_at(bars: Bars, price: float | None) -> Bars:
    """Return bars whose last close is the price a decision used, None: as they are."""
    if price is None:
        return bars
    close, high, low = bars.close.copy(), bars.high.copy(), bars.low.copy()
    close[-1], high[-1], low[-1] = price, max(high[-1], price), min(low[-1], price)
    return replace(bars, close=close, high=high, low=low)
