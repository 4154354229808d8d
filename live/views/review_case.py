"""A signal file before it is executed: its bytes, its record in the ledger, every judgement about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import SignalFileError, UsageError
from live.handoff.approval import Held, Standing, orders_to_send, standing
from live.handoff.canonical import as_data, bytes_sha256
from live.handoff.diff import Change, SessionChange, changes, since_previous
from live.handoff.model import SignalFile, SignalOrder
from live.handoff.read import parse, read_bytes
from live.handoff.validate import Judgement, judge
from live.handoff.write import file_name

if TYPE_CHECKING:
    from live.handoff.rules import Expectations
    from live.ledger.tables import SignalRow
    from live.views.inputs import ViewInputs


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """Everything a reviewer may ask about one file.

    Attributes:
        path, content, sha256: the file and its exact bytes.
        row: the ledger's record, None when this ledger never generated the file.
        original: the generated original. verdict: the three layers' judgement.
        standing: what approval and settings say now.
        go, held: what the executor would send and keep back if it started now.
        edits: differences from the original. moved: differences from the previous session's file.
        closes_at: end of the execution window, None when the file does not say.
        at: instant the approval is judged at.
    """

    path: Path
    content: bytes
    sha256: str
    row: SignalRow | None
    original: SignalFile | None
    verdict: Judgement
    standing: Standing
    go: tuple[SignalOrder, ...]
    held: tuple[Held, ...]
    edits: tuple[Change, ...]
    moved: tuple[SessionChange, ...]
    closes_at: datetime | None
    at: datetime

    @property
    def signal(self) -> SignalFile | None:
        """The typed file, None when it is broken."""
        return self.verdict.signal

    @property
    def window_over(self) -> bool:
        """Whether nothing can be executed any more."""
        return self.closes_at is not None and self.at > self.closes_at


def newest_files(inputs: ViewInputs, *, needed: bool = True) -> tuple[Path, ...]:
    """Return the primary files of the newest generated session. UsageError when there is none and one is."""
    rows = [row for row in inputs.ledger.signals.recent(20) if row.role == "primary"]
    if not rows and not needed:
        return ()
    if not rows:
        raise UsageError(
            "no signal file has been generated yet",
            where=inputs.ledger.where,
            remedy="run python -m live.signal_generator, or name a file",
        )

    return tuple(sorted(present_file(inputs, row) for row in rows if row.session == rows[0].session))


def only_file(inputs: ViewInputs) -> Path:
    """Return the newest primary file. UsageError when there is none, or more than one."""
    files = newest_files(inputs)
    if len(files) > 1:
        names = ", ".join(path.name for path in files)
        raise UsageError(f"there are several files: {names}", remedy="name the one you mean")

    return files[0]


def read_case(inputs: ViewInputs, path: Path, content: bytes | None = None) -> ReviewCase:
    """Read a file and everything the ledger and the settings say about it; nothing is changed.

    `content` are bytes judged in the place of those of the file, before they are written.

    Raises:
        SignalFileError: the file is missing or unreadable. Anything wrong inside it is in `verdict`.
    """
    content = read_bytes(path) if content is None else content
    sha256, data = bytes_sha256(content), parse(content).data
    row = _row(inputs, path, data)
    original = None if row is None else SignalFile.model_validate_json(row.content)
    session = row.session if row is not None else _trade_date(data) or inputs.today
    verdict = judge(content, expectations=_expectations(inputs, data, session, row), original=original)
    if row is not None and row.executed_sha256 == sha256:  # what was carried out is judged no more
        verdict = replace(verdict, problems=(), limits=())
    signal, reference = verdict.signal, original or verdict.signal
    closes_at = None if reference is None else datetime.fromisoformat(reference.execution_window.closes_at)
    at = _judged_at(inputs, reference)
    if closes_at is not None and at > closes_at:
        verdict = replace(verdict, limits=())
    settings = inputs.settings
    stands = standing(row, sha256, settings.approval, settings.mode, at)
    go, held = ((), ()) if signal is None else orders_to_send(signal, stands, settings.approval)
    edits = () if original is None or not isinstance(data, dict) else changes(as_data(original), data)
    moved = () if signal is None else since_previous(_previous(inputs, signal), signal)

    return ReviewCase(
        path, content, sha256, row, original, verdict, stands, go, held, edits, moved, closes_at, at
    )


def require_valid(case: ReviewCase) -> SignalFile:
    """Return the typed file; SignalFileError 2 or LimitError 7 with every finding."""
    from live.handoff.validate import raise_findings

    return raise_findings(case.verdict, where=str(case.path))


def require_row(case: ReviewCase) -> SignalRow:
    """Return the ledger's record. SignalFileError when this ledger never generated the file."""
    if case.row is None:
        raise SignalFileError(
            "this ledger never generated the file",
            where=str(case.path),
            remedy="name the right ledger with --state-db, or generate the file first",
        )

    return case.row


def present_file(inputs: ViewInputs, row: SignalRow) -> Path:
    """Return where a record's file lies: in the folder of the signal files, else where it was written."""
    here = inputs.signals / file_name(row.session.isoformat(), row.variant, inputs.settings.account)

    return here if here.exists() else Path(row.path)


def _row(inputs: ViewInputs, path: Path, data: Any) -> SignalRow | None:
    """Find the record by what the file says; when that was edited or broken, by where it was written."""
    signals = inputs.ledger.signals
    strategy = data.get("strategy") if isinstance(data, dict) else None
    day, variant = _trade_date(data), strategy.get("variant") if isinstance(strategy, dict) else None
    if day is not None and isinstance(variant, str):
        row = signals.get(day, variant)
        if row is not None:
            return row
    target = path.resolve()

    return next((row for row in signals.recent(50) if Path(row.path).resolve() == target), None)


def _expectations(inputs: ViewInputs, data: Any, session: date, row: SignalRow | None) -> Expectations:
    from live.books.expectations import expectations_for

    return expectations_for(
        data,
        inputs.variants(),
        session=session,
        settings=inputs.settings,
        executing=row is not None and row.role == "primary",
    )


def _judged_at(inputs: ViewInputs, signal: SignalFile | None) -> datetime:
    """Return the instant an approval is judged at.

    The file of a run about the past (`--as-of`, offline) can be executed at the time of that session: its
    approval is judged at its own `as_of`, not by today's clock. A run about now has only now.
    """
    now = inputs.now
    if signal is None or inputs.settings.mode != "offline_mock" or inputs.past:
        return now
    run = inputs.ledger.runs.get(date.fromisoformat(signal.trade_date), signal.strategy.variant)
    if run is not None and run.past is False:
        return now
    past = date.fromisoformat(signal.trade_date) < now.astimezone(NEW_YORK).date()

    return datetime.fromisoformat(signal.as_of) if past else now


def _previous(inputs: ViewInputs, signal: SignalFile) -> SignalFile | None:
    row = inputs.ledger.signals.previous(date.fromisoformat(signal.trade_date), signal.strategy.variant)

    return None if row is None else SignalFile.model_validate_json(row.content)


def _trade_date(data: Any) -> date | None:
    text = data.get("trade_date") if isinstance(data, dict) else None
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
