"""`jutsu explain SYMBOL [DATE]`: why it traded or did not, from decision to fill."""

from __future__ import annotations

from typing import Annotated

import typer

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
from live.views.explain import ExplainView, VariantStory, order_line, plan_line, read_explanation
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
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Tell why a symbol traded or did not: decision, file, approval, gates, orders and fills."""
    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        view = read_explanation(ViewInputs.of(runtime), symbol.upper(), parse_date(day, "DATE"))
    if as_json:
        emit_json(view)
    else:
        show(view)


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
        *([("rebalance", "yes" if story.rebalance else "no")] if weight is not None else []),
        (
            "position",
            f"{story.held_before:,} held before, target {'none' if weight is None else f'{weight:.1%}'}",
        ),
        *(("file", plan_line([order])) for order in story.orders),
        *(("edited", edit.line) for edit in story.edits),
        *(("skipped", skipped_because(skip.reason, skip.details)) for skip in story.skipped),
    ]
    approval = story.approval
    if approval.answer is not None:
        lines.append(("approval", f"{approval.answer} by {approval.by or 'a person'}"))
    for order in story.journal:
        lines.append(("order", f"{order.client_order_id}: {order_line(order)}"))
        lines.extend(("fill", f"{fill.quantity:,} at {float(fill.price):,.4f}") for fill in order.fills)
    lines.append(("outcome", outcome_words(str(story.outcome))))

    return lines
