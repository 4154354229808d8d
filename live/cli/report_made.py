"""`jutsu report execution | validation`: a report made again, from what the ledger and the bars say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, emit_json, open_command, parse_date
from live.model.run import Reading

if TYPE_CHECKING:
    from live.reporting.files import Report
    from live.runtime.runtime import Runtime

    Make = Callable[[Runtime, date | None, str | None], tuple[Report, ...]]

SessionArgument = Annotated[
    str | None, typer.Argument(metavar="[DATE]", help="Session, YYYY-MM-DD (default: the newest).")
]
VariantOption = Annotated[
    str | None, typer.Option("--variant", help="One variant (default: every one of that session).")
]
PricesOption = Annotated[
    Path | None, typer.Option("--prices", help="Daily CSV files instead of the configured data.")
]


def execution(
    day: SessionArgument = None,
    variant: VariantOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Make the report of stage 2 again: orders, fills, allocation, value; keep its files and show it."""
    from live.reporting.making import executions

    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        made = _kept(runtime, executions(runtime, parse_date(day, "DATE"), variant))
    show(made, as_json=as_json)


def validation(
    day: SessionArgument = None,
    variant: VariantOption = None,
    prices: PricesOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Make the report of a validation again from the final bars; exit code 5 when one is missing."""
    from live.reporting.making import validations

    with open_command(config=config, state_db=state_db, prices=prices, run=Reading()) as runtime:
        made = _kept(runtime, validations(runtime, parse_date(day, "DATE"), variant))
    show(made, as_json=as_json)


def _kept(runtime: Runtime, reports: tuple[Report, ...]) -> tuple[Report, ...]:
    from backtest.core.errors import UsageError
    from live.reporting.files import keep

    folder = runtime.state / "reports"
    try:
        for report in reports:
            keep(folder, report)
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}", where=str(folder), remedy="check folder and disk"
        ) from error
    return reports


def show(reports: tuple[Report, ...], *, as_json: bool) -> None:
    """Print reports as text, or their models: one document, a list when there are several."""
    from live.reporting.text import text_of

    models = [report.model for report in reports]
    if as_json:
        emit_json(models[0] if len(models) == 1 else models)
    else:
        typer.echo("\n".join(text_of(report.document) for report in reports), nl=False)
