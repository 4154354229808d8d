"""`jutsu order add | set | drop`: edit the orders of a signal file without writing its fields by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backtest.core.decision import Side
from live.cli.common import ConfigOption, OutputOption, StateOption, actor, echo, open_command
from live.cli.review import AsOfOption, call_flags
from live.model.run import asked_for

if TYPE_CHECKING:
    from live.actions.order import Edit
    from live.views.inputs import ViewInputs

_File = Annotated[Path, typer.Argument(help="Signal file.")]
_Order = Annotated[str, typer.Argument(help="Order id, or the symbol when only one order has it.")]
_Quantity = Annotated[int | None, typer.Option("--quantity", min=1, help="Whole shares.")]
_Stop = Annotated[float | None, typer.Option("--stop", min=0.0001, help="Price of the protective stop.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Edit the orders of a signal file; approve it afterwards.")
    group.command()(add)
    group.command("set")(set_)
    group.command()(drop)
    app.add_typer(group, name="order")


def add(
    file: _File,
    symbol: Annotated[str, typer.Argument(help="Ticker.")],
    side: Annotated[Side, typer.Option("--side", help="What to do.")],
    quantity: Annotated[int, typer.Option("--quantity", min=1, help="Whole shares.")],
    *,
    price: Annotated[
        float | None, typer.Option("--price", min=0.0001, help="Its price now, when the file has none.")
    ] = None,
    stop: _Stop = None,
    note: Annotated[str, typer.Option("--note", help="Anything to remember.")] = "",
    config: ConfigOption = None,
    state_db: StateOption = None,
    output_dir: OutputOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Add a market order, last in rank; the recount cuts it first when the cash is short."""
    from live.books.variants import id_prefix
    from live.handoff.order_edits import NewOrder, added

    def edit(inputs: ViewInputs) -> Edit:
        def with_order(data: Any, signal: Any) -> dict[str, Any]:
            prefix = id_prefix(inputs.settings, inputs.strategies, signal.strategy.variant)
            return added(data, signal, NewOrder(symbol.upper(), side, quantity, price, stop, note, prefix))

        return with_order

    _apply(file, edit, config, state_db, output_dir, as_of)


def set_(
    file: _File,
    order: _Order,
    *,
    quantity: _Quantity = None,
    stop: _Stop = None,
    no_stop: Annotated[bool, typer.Option("--no-stop", help="Take the stop out.")] = False,
    note: Annotated[str | None, typer.Option("--note", help="Anything to remember.")] = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether it is sent.", show_default=False)
    ] = None,
    config: ConfigOption = None,
    state_db: StateOption = None,
    output_dir: OutputOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Change quantity, stop or note of an order, or whether it is sent."""
    from backtest.core.errors import UsageError
    from live.handoff.order_edits import OrderChange, changed

    change = OrderChange(quantity, stop, no_stop, note, enabled)
    if change == OrderChange() or (no_stop and stop is not None):
        raise UsageError(
            "say what changes", where="order set", remedy="--quantity, --stop or --no-stop, --note, --disable"
        )
    _apply(
        file,
        lambda _: lambda data, signal: changed(data, signal, order, change),
        config,
        state_db,
        output_dir,
        as_of,
    )


def drop(
    file: _File,
    order: _Order,
    *,
    config: ConfigOption = None,
    state_db: StateOption = None,
    output_dir: OutputOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Take an order out of the file."""
    from live.handoff.order_edits import dropped

    _apply(
        file, lambda _: lambda data, signal: dropped(data, signal, order), config, state_db, output_dir, as_of
    )


def _apply(
    file: Path,
    make: Callable[[ViewInputs], Edit],
    config: Path | None,
    state_db: Path | None,
    output_dir: Path | None,
    as_of: str | None,
) -> None:
    """Edit, write, and say what is different now and what comes next."""
    import shlex

    from live.actions.order import edit_orders
    from live.views.inputs import ViewInputs

    with open_command(
        config=config, state_db=state_db, output_dir=output_dir, run=asked_for(as_of)
    ) as runtime:
        inputs = ViewInputs.of(runtime.context)
        done = edit_orders(inputs, file, make(inputs), actor=actor())
        for change in done.edits:
            echo(f"  {change.line()}")
        flags = call_flags(config, state_db, output_dir, as_of)
        echo(f"written, not approved yet. next: jutsu approve {shlex.quote(str(file))}{flags}")
