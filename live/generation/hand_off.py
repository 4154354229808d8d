"""A session's file: the one that is already there, and the new one, recorded and written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.books import realign
from live.generation.late_reports import WORDS, newer_report
from live.generation.notices import summary_of
from live.generation.refusals import refuse_after_orders, refuse_to_overwrite
from live.generation.waiting import tell_waiting
from live.handoff.canonical import bytes_sha256, render
from live.handoff.write import file_name, require_place, signal_path, write_bytes, write_schema, write_signal
from live.ledger.signal_files import GeneratedSignal
from live.runtime.past import refuse_the_past
from live.settings.digest import snapshot as snapshot_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from live.books.variants import BookVariant
    from live.generation.candidates import CandidateInput
    from live.generation.due import Due
    from live.handoff.model import SignalFile
    from live.runtime.runtime import RunContext


def already_done(
    context: RunContext,
    variant: BookVariant,
    due: Due,
    report: CandidateInput,
    *,
    force: bool,
    announce: Callable[[str], None],
) -> str | None:
    """Return a message when this session's file exists; put a vanished file back; None to generate.

    A file made from an earlier report is made again from the newer one, as long as no order was sent.
    """
    refuse_the_past(context, due.session)
    path = context.signals / file_name(due.session.day.isoformat(), variant.name, context.settings.account)
    require_place(path)
    row = context.ledger.signals.get(due.session.day, variant.name)
    if row is None:
        return None
    if force:
        refuse_after_orders(context.ledger, due.session.day, variant.name)
        return None
    newer = newer_report(context.ledger, variant, due, row, path, report)
    if newer == "take":
        announce(f"{variant.name}: a newer report: the file is made again, an approval of it is void")
        return None
    if newer != "same":
        return f"already done: {path}; {WORDS[newer]}"
    if not path.exists() and not context.run.scratch:
        write_schema(context.signals)
        write_bytes(path, row.content.encode())
        return f"already done: {path} was missing and is back as generated"
    return f"already done: {path}"


def hand_off(context: RunContext, variant: BookVariant, due: Due, signal: SignalFile, *, force: bool) -> str:
    """Write the file and record it; the ledger first, so that a crash in between can put the file back."""
    account = context.settings.account
    path = signal_path(context.signals, signal, account)
    content = render(signal)
    summary = summary_of(signal, variant.strategy.context_columns)
    warned = "".join(f"\n  warning: {text}" for text in signal.warnings)
    if context.run.scratch:
        return f"dry run: would write {path}: {summary}{warned}"
    known = context.ledger.signals.get(due.session.day, variant.name) is not None
    refuse_to_overwrite(path, content, force=force or known)
    now = context.clock.now()
    with context.ledger.transaction():
        if known:
            refuse_after_orders(context.ledger, due.session.day, variant.name)  # by a faster executor
        context.ledger.signals.record(
            GeneratedSignal(
                session=due.session.day,
                variant=variant.name,
                role=variant.role,
                path=str(path),
                content=content.decode(),
                seal=signal.seal.digest,
                bytes_sha256=bytes_sha256(content),
                generated_at=now,
                memory=signal.decision.memory,
            )
        )
        realign.carried(context.ledger, variant.name, due.session.day, signal.decision.diagnostics, at=now)
        runs, mode = context.ledger.runs, context.settings.mode
        runs.due(
            due.session.day,
            variant.name,
            role=variant.role,
            mode=mode,
            due_at=due.window.opens_at,
            source=context.data_source,
            past=not context.run.about_now,
        )
        detail = {"orders": len(signal.orders)}
        runs.generated(due.session.day, variant.name, role=variant.role, mode=mode, at=now, detail=detail)
        context.ledger.config.remember(
            signal.inputs.settings_sha256,
            snapshot_of(context.settings),
            by="signal_generator",
            reason="settings of this run",
            at=now,
        )
    write_signal(context.signals, signal, content, account=account, durable=context.run.durable)
    if variant.role == "primary":
        tell_waiting(context, due, signal, path, bytes_sha256(content))
    return f"wrote {path}: {summary}{warned}"
