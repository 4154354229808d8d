"""`jutsu explain SYMBOL [DATE | --since DATE]`: why it traded or did not, from decision to fill."""

from __future__ import annotations

from typing import Annotated

import typer

from backtest.core.errors import UsageError
from live.cli.common import (
    ConfigOption,
    JsonOption,
    StateOption,
    console,
    emit_json,
    open_command,
    parse_date,
)
from live.model.run import Reading
from live.views.explain import (
    ExplainView,
    VariantStory,
    order_line,
    plan_line,
    read_explanation,
    virtual_line,
)
from live.views.explain_since import ExplainedSessions, read_sessions
from live.views.inputs import ViewInputs
from live.views.words import diagnostic_lines, outcome_words, skipped_because


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    symbol: Annotated[str, typer.Argument(help="Ticker.")],
    day: Annotated[
        str | None, typer.Argument(metavar="[DATE]", help="Session; the newest when left out.")
    ] = None,
    *,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="One line for every session from here on.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Tell why a symbol traded or did not: decision, file, approval, gates, orders and fills."""
    session, first = parse_date(day, "DATE"), parse_date(since, "--since")
    if session is not None and first is not None:
        raise UsageError("one session or many, not both", where="--since", remedy="leave DATE out")
    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        inputs = ViewInputs.of(runtime.context)
        view: ExplainView | ExplainedSessions
        if first is None:
            view = read_explanation(inputs, symbol.upper(), session)
        else:
            view = read_sessions(inputs, symbol.upper(), first)
    if as_json:
        emit_json(view)
    elif isinstance(view, ExplainView):
        show(view)
    else:
        show_sessions(view)


def show_sessions(view: ExplainedSessions) -> None:
    """Print a line per session, and one below it for every shadow that did otherwise."""
    out = console()
    out.print(f"{view.symbol} since {view.since}")
    for line in view.lines:
        states = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in line.states.items())
        weight = "no target" if line.target_weight is None else f"target {line.target_weight:.1%}"
        head = f"{line.session} {line.variant}"
        out.print(
            f"{head}: {f'{states}; ' if states else ''}{line.held_before:,} held, {weight}; {line.why}",
            soft_wrap=True,
        )
        for shadow in line.shadows:
            out.print(f"  {shadow.variant}: {shadow.why}", soft_wrap=True)


def show(view: ExplainView) -> None:
    """Print the story of every variant."""
    out = console()
    out.print(f"{view.symbol} in the session {view.session}")
    for story in view.variants:
        out.print(f"\n{story.variant} ({story.role}): {story.why}")
        for label, text in _details(story, view.symbol):
            out.print(f"  {label:<11} {text}")


def _details(story: VariantStory, symbol: str) -> list[tuple[str, str]]:
    weight = story.target_weight
    figures = diagnostic_lines(story.diagnostics, symbol)
    lines = [
        *((label, text) for label, text in figures if text),
        *(("next", text) for text in story.next_changes),
        *([("rebalance", "yes" if story.rebalance else "no")] if weight is not None else []),
        (
            "position",
            f"{story.held_before:,} held before, target {'none' if weight is None else f'{weight:.1%}'}",
        ),
        *(("file", plan_line([order])) for order in story.orders),
        *(("shadow", virtual_line(fill)) for fill in story.virtual or ()),
        *(("edited", edit.line) for edit in story.edits),
        *(("skipped", skipped_because(skip.reason, skip.details)) for skip in story.skipped),
    ]
    approval = story.approval
    if approval.answer is not None:
        lines.append(("approval", f"{approval.answer} by {approval.by or 'a person'}"))
    for order in story.journal:
        lines.append(("order", f"{order.client_order_id}: {order_line(order)}"))
        lines.extend(("fill", f"{fill.quantity:,} at {float(fill.price):,.4f}") for fill in order.fills)
    if story.role == "shadow":
        lines.append(("outcome", "settled" if story.virtual is not None else "not settled yet"))
    else:
        lines.append(("outcome", outcome_words(str(story.outcome))))

    return lines
