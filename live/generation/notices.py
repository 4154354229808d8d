"""What stage 1 says about an account before it decides, and the failure it notes when it could not."""

from __future__ import annotations

import logging

from backtest.core.errors import JutsuError, UsageError
from backtest.strategies.terms import ContextColumn, context_of
from live.alerts.causes import key_of
from live.alerts.outbox import send as alert
from live.books import breakers
from live.books.variants import BookVariant
from live.generation.candidates import BLOCKED, CandidateInput
from live.generation.due import Due
from live.handoff.model import SignalFile
from live.runtime.runtime import RunContext

LOG = logging.getLogger("jutsu.generator")


def alert_breakers(context: RunContext, judged: breakers.Judged) -> None:
    """Alert about what tripped: the file is written as decided, and the executor holds its entries back."""
    for cause, text in judged.alarms_by_cause().items():
        alert(
            context,
            key=key_of(cause, session=context.today()),
            level="critical",
            title="a circuit breaker tripped",
            body=text,
        )


def alert_unprotected(context: RunContext, variant: BookVariant) -> None:
    """Alert about positions without their stop; the executor puts it back."""
    unprotected = [row for row in context.ledger.positions.unprotected() if row.variant == variant.name]
    if unprotected:
        names = ", ".join(f"{row.quantity} {row.symbol}" for row in unprotected)
        alert(
            context,
            key=key_of("unprotected", variant=variant.name, session=context.today(), detail=names),
            level="critical",
            title=f"{variant.name}: {len(unprotected)} position(s) without a stop",
            body=f"{names}: no protective stop rests at the broker; the executor's next run places it",
        )


def note_failure(context: RunContext, variant: BookVariant, error: JutsuError) -> None:
    """Note in the run log that no file could be made; what fails here is logged and never raised.

    A mistake of a person about a past session (an earlier one, a wrong file) is no run of that session.
    """
    if context.run.scratch or (isinstance(error, UsageError) and not context.run.about_now):
        return
    try:
        context.ledger.runs.generator_failed(
            context.today(),
            variant.name,
            mode=context.settings.mode,
            exit_code=error.exit_code,
            why=error.line(),
            past=not context.run.about_now,
        )
    except (OSError, JutsuError) as problem:
        LOG.warning("the failure could not be recorded: %s", problem)


def summary_of(signal: SignalFile, columns: tuple[ContextColumn, ...]) -> str:
    """Return a file in one line: its regime, how many orders and warnings it has."""
    named = context_of(columns[:1], signal.decision.diagnostics)
    regime = "".join(f"{name} {value}, " for name, value in named.items())
    orders = f"{len(signal.orders)} order(s)" if signal.orders else "no orders"
    warned = f", {len(signal.warnings)} warning(s)" if signal.warnings else ""
    return f"{regime}{orders}{warned}"


def tell_blocked_entries(context: RunContext, variant: BookVariant, due: Due, report: CandidateInput) -> None:
    """Tell a person that a book enters nothing today, and why: its report, the kill switch, a breaker.

    Of a breaker every person is told when it trips; a book that reads no candidates has nothing to add.
    """
    reads = variant.strategy.family.reads_candidates
    known = [problem for problem in report.problems if reads or problem.startswith(BLOCKED)]
    if known:
        alert(
            context,
            key=key_of("no_entries", variant=variant.name, session=due.session.day),
            level="warning",
            title=f"{variant.name} {due.session.day}: no entries today",
            body="\n".join((*known, "", "What to do: " + " ".join(report.remedies))),
        )
