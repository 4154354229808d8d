"""`jutsu explain SYMBOL [DATE]`: why it traded or did not, from decision to fill."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, console, emit_json, open_command
from live.model.run import Reading
from live.views.explain import gather, order_line, plan_line


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
        story = gather(runtime, symbol.upper(), _parse(day))
    if as_json:
        emit_json(story)
    else:
        show(story)


def show(story: dict[str, Any]) -> None:
    """Print the story."""
    out = console()
    out.print(f"{story['symbol']} in the session {story['session']}", markup=False)
    for facts in story["variants"]:
        out.print(f"\n{facts['variant']} ({facts['role']}): {facts['why']}", markup=False)
        for label, text in _details(facts):
            out.print(f"  {label:<11} {text}", markup=False)


def _details(facts: dict[str, Any]) -> list[tuple[str, str]]:
    values = ", ".join(f"{key} {_value(value)}" for key, value in facts["diagnostics"].items())
    weight = facts["target_weight"]
    lines = [
        ("decision", f"rebalance {'yes' if facts['rebalance'] else 'no'}; {values}"),
        (
            "position",
            f"{facts['held_before']:,} held before, target {'none' if weight is None else f'{weight:.1%}'}",
        ),
        *(("file", plan_line([order])) for order in facts["orders"]),
        *(("edited", edit["line"]) for edit in facts["edits"]),
        *(("skipped", skip["reason"]) for skip in facts["skipped"]),
    ]
    approval = facts["approval"]
    if approval["answer"] is not None:
        lines.append(("approval", f"{approval['answer']} by {approval['by'] or 'a person'}"))
    for order in facts["journal"]:
        lines.append(("order", f"{order['client_order_id']}: {order_line(order)}"))
        lines.extend(
            ("fill", f"{fill['quantity']:,} at {float(fill['price']):,.4f}") for fill in order["fills"]
        )
    lines.append(("outcome", str(facts["outcome"])))

    return lines


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _parse(text: str | None) -> date | None:
    from backtest.core.errors import UsageError

    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a date", where="DATE", remedy="write YYYY-MM-DD") from error
