"""`python -m live.executor --phase session`: one pass over every session of breakouts that is due.

Cron starts it each minute; with `--loop` the same pass is made again and again until no session is left.
"""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from backtest.core.errors import SignalFileError
from live.brokers.paper.intraday import IntradayPaperBroker
from live.handoff.canonical import bytes_sha256
from live.handoff.orb_plan import OrbPlan, plan_name
from live.handoff.orb_plan_check import judge_plan, plan_of, plan_standing
from live.handoff.read import read_bytes
from live.ledger.snapshots import WHOLE_ACCOUNT
from live.model.run import ORB_BOOK
from live.session.alerts import alerts_of_day, day_facts, losses_of, tell
from live.session.plan import fill_terms
from live.session.runner import SessionRun

if TYPE_CHECKING:
    from backtest.simulator.intraday.events import Event
    from live.handoff.approval import Standing
    from live.ledger.signal_files import Outcome
    from live.ledger.tables import SignalRow
    from live.runtime.orb import OrbContext

LOG = logging.getLogger("jutsu.session")
#: a session that has not ended
OPEN: Final = frozenset({"pending", "placed"})
#: seconds after a full minute at which a loop looks again: the bar of that minute is written by then
_AFTER_THE_MINUTE: Final = 2.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass over one session says, and whether it brought anything new."""

    text: str
    news: bool = True


def run_once(orb: OrbContext, *, only_news: bool = False) -> tuple[str, ...]:
    """Make one pass; return a line per session that is due, or one that says why none is.

    `only_news`: a pass that brought nothing says nothing, for cron keeps every line.

    Raises:
        SignalFileError: 2, a plan is broken or nobody vouches for it. DataError: 5, bars cannot be used.
        DisagreementError: 4, the paper account differs. UnresolvedError: 8, an order's fate is unknown.
        AnotherRunError: 7, another pass is at work.
    """
    context = orb.context
    context.ledger.generation.require_newest(context.ledger.where)
    rows = due_rows(orb)
    if not rows and only_news:
        return ()
    if not rows:
        return ("no session of breakouts is planned: python -m live.signal_generator --strategy orb",)
    passes = [_pass(orb, row) for row in rows]
    return tuple(one.text for one in passes if one.news or not only_news)


def run_loop(orb: OrbContext, say: Say, *, every: int = 1, check: Callable[[], None] = lambda: None) -> None:
    """Make a pass every so many minutes until no session is left; raises as `run_once`.

    The session stays in memory between its passes; what a pass does is the same.

    Args:
        orb: the book.
        say: told a line when a pass brought something new.
        every: minutes between two passes.
        check: asked before every pass, raises to end the loop.
    """
    while rows := due_rows(orb):
        check()
        row, begins = rows[0], datetime.fromisoformat(plan_of(rows[0].content).approve_before)
        if row.executed_sha256 is None and orb.context.clock.now() < begins:
            _wait(orb, every)
        else:
            _whole_session(orb, row, begins, say, every=every, check=check)


def _whole_session(
    orb: OrbContext, row: SignalRow, begins: datetime, say: Say, *, every: int, check: Callable[[], None]
) -> None:
    """Make the passes of one session until it is over."""
    with orb.context.only_run(f"{ORB_BOOK}_{row.session}"):
        row = _as_of_now(orb, row)
        plan, standing = begun(orb, row, begins)
        if _is_left_out(row, standing):
            say(_left_out(orb, plan, standing))
            return
        with _session(orb, plan, standing) as session:
            say(_advance(orb, session).text)
            while not session.engine.over:
                _wait(orb, every)
                check()
                made = _advance(orb, session)
                if made.news:
                    say(made.text)


def _wait(orb: OrbContext, minutes: int) -> None:
    """Wait until shortly after a full minute: the bar before it is written by then."""
    now = orb.context.clock.now()
    following = now.replace(second=0, microsecond=0) + timedelta(minutes=minutes, seconds=_AFTER_THE_MINUTE)
    orb.context.clock.sleep((following - now).total_seconds())


def due_rows(orb: OrbContext) -> tuple[SignalRow, ...]:
    """Return the plans whose session has not ended, oldest day first."""
    rows = orb.context.ledger.signals.recent(20, ORB_BOOK)
    return tuple(sorted((row for row in rows if row.outcome in OPEN), key=lambda row: row.session))


def _pass(orb: OrbContext, row: SignalRow) -> Pass:
    """Make one pass over one session."""
    plan, now = plan_of(row.content), orb.context.clock.now()
    begins = datetime.fromisoformat(plan.approve_before)
    if row.executed_sha256 is None and now < begins:
        text = f"{plan.plan_id}: the first window starts {begins:%Y-%m-%d %H:%M} UTC"
        return Pass(text, news=False)
    with orb.context.only_run(plan.plan_id):
        row = _as_of_now(orb, row)
        plan, standing = begun(orb, row, begins)
        if _is_left_out(row, standing):
            return Pass(_left_out(orb, plan, standing))
        with _session(orb, plan, standing) as session:
            return _advance(orb, session)


def _advance(orb: OrbContext, session: SessionRun) -> Pass:
    """Make one pass of an open session; return what it brought."""
    session.advance()
    tell(orb.context, losses_of(session.engine))
    if session.engine.over:
        _close(orb, session)
    return Pass(_line(session), news=bool(session.new) or session.engine.over)


def _as_of_now(orb: OrbContext, row: SignalRow) -> SignalRow:
    """Return the record of a plan again: an answer or another pass may have come before this one's lock."""
    return orb.context.ledger.signals.get(row.session, ORB_BOOK) or row


def _is_left_out(row: SignalRow, standing: Standing) -> bool:
    """Whether a plan is not traded at all; a session that began is carried out, without new entries."""
    return standing.state == "skipped" and row.executed_sha256 is None


def _left_out(orb: OrbContext, plan: OrbPlan, standing: Standing) -> str:
    _note(orb, plan, "skipped", {})
    orb.context.ledger.signals.finish(date.fromisoformat(plan.trading_day), ORB_BOOK, "skipped")
    return f"{plan.plan_id}: skipped, {standing.reason}"


def begun(orb: OrbContext, row: SignalRow, begins: datetime) -> tuple[OrbPlan, Standing]:
    """Return the plan of a session and what stands behind it; from its first pass on the plan is fixed.

    Raises:
        SignalFileError: 2, the file is broken, was changed where nobody may, or nobody vouches for it.
    """
    context = orb.context
    settings, now = context.settings.approval, context.clock.now()
    if row.executed_sha256 is not None and row.executed_content is not None:
        standing = plan_standing(row, row.executed_sha256, settings, now, begins=begins)
        return plan_of(row.executed_content), standing
    path = context.signals / plan_name(row.session.isoformat(), context.settings.account)
    content = read_bytes(path)
    plan = judge_plan(content, plan_of(row.content)).required(str(path))
    sha256 = bytes_sha256(content)
    standing = plan_standing(row, sha256, settings, now, begins=begins)
    if standing.refused:
        raise SignalFileError(
            standing.reason,
            where=str(path),
            remedy="put the generated file back: it was not approved in time",
        )
    if standing.state != "skipped":
        with context.ledger.transaction():
            ledger = context.ledger.signals
            ledger.executed(row.session, ORB_BOOK, sha256=sha256, content=content.decode())
            ledger.finish(row.session, ORB_BOOK, "placed")
    return plan, standing


@contextmanager
def _session(orb: OrbContext, plan: OrbPlan, standing: Standing) -> Iterator[SessionRun]:
    """Open the session with its paper account; a dry run works on copies of both."""
    context = orb.context
    broker = IntradayPaperBroker(
        orb.paper_file,
        clock=context.clock,
        terms=fill_terms(plan),
        initial_cash=plan.account.cash,
        scratch=context.run.scratch,
        durable=context.run.durable,
    )
    folder = orb.folder(plan.trading_day)
    with closing(broker), TemporaryDirectory() as copies:
        if context.run.scratch:
            if folder.is_dir():
                shutil.copytree(folder, copies, dirs_exist_ok=True)
            folder = Path(copies)
        yield SessionRun(orb, plan, standing, broker, folder)


def _close(orb: OrbContext, session: SessionRun) -> None:
    """Keep the equity and the facts of the day, tell what a person should look at, end the plan."""
    account, context = session.broker.account(), orb.context
    facts = day_facts(session.engine, session.bars)
    context.ledger.snapshots.add(
        WHOLE_ACCOUNT,
        session.day,
        at=context.clock.now(),
        mode=session.plan.mode,
        equity=float(account.equity or 0),
        cash=float(account.cash or 0),
    )
    _note(orb, session.plan, "completed", facts)
    tell(context, alerts_of_day(context.ledger, session.plan, session.day))
    context.ledger.signals.finish(session.day, ORB_BOOK, "completed")


def _note(orb: OrbContext, plan: OrbPlan, outcome: Outcome, facts: Mapping[str, Any]) -> None:
    at, day = orb.context.clock.now(), date.fromisoformat(plan.trading_day)
    orb.context.ledger.runs.executed(day, ORB_BOOK, at=at, exit_code=0, outcome=outcome, detail=dict(facts))


def _line(session: SessionRun) -> str:
    """Return in one line where a session stands and what this pass brought."""
    engine, plan = session.engine, session.plan
    new = _counted(session.new)
    state = "over" if engine.over else f"{len(engine.risk.open)} open"
    held = session.held_now
    return (
        f"{plan.plan_id} (paper): {state}, {engine.risk.entries} entries, {engine.risk.realised_r:+.2f} R "
        f"({engine.risk.realised_dollars:+,.2f}), {new or 'nothing new'}"
        + (f"; NO ENTRIES: {held}" if held and not engine.over else "")
    )


def _counted(events: Sequence[Event]) -> str:
    counts = Counter(event.type for event in events)
    return ", ".join(f"{count} {name}" for name, count in counts.items())
