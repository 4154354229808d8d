"""`jutsu ready`: have the books met the exit criteria of their rehearsal."""

from __future__ import annotations

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, echo, emit_json, open_command, table
from live.model.run import Reading
from live.views.readiness import Criterion, ReadinessView


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ready)


def ready(*, as_json: JsonOption = False, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Count what must be true before real orders; exit code 1 when something is not met yet."""
    from live.validation.rehearsal import backtest_returns
    from live.views.inputs import ViewInputs
    from live.views.readiness import read_readiness

    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        view = read_readiness(ViewInputs.of(runtime.context), backtest_returns(runtime.context, runtime.feed))
        if as_json:
            emit_json(view)
        else:
            show(view)
    if not view.ready:
        raise typer.Exit(1)


def show(view: ReadinessView) -> None:
    """Print every criterion of every book, then the answer."""
    for book in view.books:
        rows = [_row(one) for one in book.criteria]
        columns = ("criterion", "counted", "wanted", "", "why")
        table(f"{book.variant} in account {book.account}", columns, rows, right=("counted", "wanted"))
    echo("ready for real orders" if view.ready else "not ready for real orders")


def _row(one: Criterion) -> tuple[str, ...]:
    counted = "no data" if one.value is None else f"{round(one.value, 3):g}"
    return (one.name, counted, one.limit, "met" if one.met else "NOT MET", one.why)
