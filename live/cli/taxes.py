"""`jutsu taxes [YEAR]`: realised gains by lot and wash sales; `assign` names lots, `import` brings trades."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer
from typer.core import TyperGroup

from live.cli.common import (
    ConfigOption,
    JsonOption,
    StateOption,
    console,
    echo,
    emit_json,
    open_command,
    table,
)

if TYPE_CHECKING:
    from backtest.trading.lots.model import Method
    from live.views.taxes import TaxesView

_CSV = (
    "description",
    "date_acquired",
    "date_sold",
    "proceeds",
    "cost_basis",
    "code",
    "adjustment",
    "gain_or_loss",
    "term",
    "account",
    "sale",
    "lot",
)


class _YearFirst(TyperGroup):
    """`jutsu taxes 2026` and `jutsu taxes` show a year; anything else names a command.

    UsageError 2: the year was given as an option.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if any(word.partition("=")[0] == "--year" for word in args):
            from backtest.core.errors import UsageError

            raise UsageError(
                "the year is given without an option", where="jutsu taxes", remedy="e.g. jutsu taxes 2025"
            )
        named = args and (args[0] in self.commands or args[0] in {"--help", "-h"})
        return super().parse_args(ctx, args if named else ["show", *args])


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(cls=_YearFirst, help="Realised gains by tax lot and wash sales; not advice.")
    group.command("show")(show_year)
    group.command("assign")(assign)
    group.command("import")(bring)
    app.add_typer(group, name="taxes")


def show_year(
    year: Annotated[
        str | None, typer.Argument(metavar="[YEAR]", help="Calendar year; this one when left out.")
    ] = None,
    *,
    method: Annotated[
        str | None,
        typer.Option("--method", metavar="fifo|hifo|specific", help="How sales choose their lots."),
    ] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write the sales to this file too.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Show the realised gains of a year by tax lot, wash sales, lots held at its end (the default)."""
    from backtest.core.files import write_atomic
    from live.model.run import Reading
    from live.views.taxes import read_taxes

    chosen, wanted = _method(method), _year(year)
    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        view = read_taxes(runtime.context, wanted, chosen)
        over = view.year < runtime.context.today().year
    if csv_file is not None:
        write_atomic(csv_file, csv_of(view).encode(), mode=0o600)
    if as_json:
        emit_json(view)
    else:
        show(view, over=over)


def assign(
    execution: Annotated[str, typer.Argument(metavar="EXECUTION", help="Id of the sale.")],
    lots: Annotated[
        list[str] | None,
        typer.Argument(metavar="LOT=SHARES", help="Lots it sells; none: the oldest again."),
    ] = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Name the lots that a sale sells, until it settles. Tell the broker too: its forms count."""
    from live.actions import taxes
    from live.cli.common import actor
    from live.views.taxes import full_history

    named = taxes.parse_lots(lots or [])
    with open_command(config=config, state_db=state_db) as runtime:
        history = full_history(runtime.context)
        done = taxes.assign(runtime.ledger, history, execution, named, actor=actor(), at=runtime.clock.now())
    if as_json:
        emit_json(done)
        return
    words = ", ".join(f"{lot} {count}" for lot, count in done.lots.items()) or "the oldest lots"
    echo(f"{execution} sells {words}; may be changed until {done.until}. Tell your broker the same.")


def bring(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV file (README).")],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Bring the trades of other accounts (`retirement` yes for an IRA), for wash sales and missing lots."""
    from live.actions import taxes
    from live.cli.common import actor

    with open_command(config=config, state_db=state_db) as runtime:
        done = taxes.bring(runtime.ledger, file, actor=actor(), at=runtime.clock.now())
    if as_json:
        emit_json(done)
    else:
        echo(f"{done.new} of {done.trades} trade(s) are new")


def show(view: TaxesView, *, over: bool) -> None:
    """Print the year: sales, totals, wash sales, lots held at its end, or still when it is not `over`."""
    out = console()
    out.print(f"{view.year}, lots {view.method}, account {view.account}")
    for note in view.notes:
        out.print(note)
    if view.sales:
        _sales(view)
    else:
        out.print("nothing was sold in this year")
    for total in view.totals:
        out.print(
            f"{total.term}-term: gain {total.gain:+,.2f}, disallowed {total.disallowed:,.2f}, "
            f"counts {total.adjusted:+,.2f}"
        )
    for wash in view.wash_sales:
        fate = "lost for good" if wash.lost else "deferred"
        out.print(
            f"wash sale: {wash.symbol} sold {wash.sold} ({wash.sale}), {wash.shares} {wash.bought_symbol} "
            f"bought {wash.bought} ({wash.purchase}): {wash.amount:,.2f} {fate}",
            soft_wrap=True,
        )
    for gone in view.without_basis:
        out.print(
            f"no purchase known: {gone.shares} {gone.symbol} sold {gone.sold} ({gone.sale}) for "
            f"{gone.proceeds:,.2f}; bring it with `jutsu taxes import FILE`",
            soft_wrap=True,
        )
    if view.lots:
        _lots(view, f"lots held at the end of {view.year}" if over else "lots still held")
        out.print(f"deferred losses in open lots: {view.deferred:,.2f}")


def _sales(view: TaxesView) -> None:
    columns = ("sold", "sale", "lot", "symbol", "shares", "bought", "term", "gain", "disallowed", "counts")
    rows = [
        (
            s.sold,
            s.sale,
            s.lot,
            s.symbol,
            s.shares,
            s.acquired,
            s.term,
            f"{s.gain:,.2f}",
            f"{s.disallowed:,.2f}" if s.disallowed else "",
            f"{s.adjusted:,.2f}",
        )
        for s in view.sales
    ]
    table("sales", columns, rows, right=("shares", *columns[-3:]))


def _lots(view: TaxesView, title: str) -> None:
    columns = ("lot", "account", "symbol", "bought", "long from", "shares", "basis", "deferred")
    rows = [
        (
            lot.lot,
            lot.account + (" (IRA)" if lot.retirement else ""),
            lot.symbol,
            lot.acquired,
            lot.long_from,
            lot.shares,
            f"{lot.cost:,.2f}",
            f"{lot.deferred:,.2f}" if lot.deferred else "",
        )
        for lot in view.lots
    ]
    table(title, columns, rows, right=columns[-3:])


def csv_of(view: TaxesView) -> str:
    """Return the sales as CSV with the columns of Form 8949 first."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_CSV)
    for s in view.sales:
        adjustment = s.disallowed or ""
        code = "W" if s.disallowed else ""
        row = (f"{s.shares} {s.symbol}", s.acquired, s.sold, s.proceeds, s.cost, code, adjustment, s.adjusted)
        writer.writerow((*row, s.term, s.account, s.sale, s.lot))
    return buffer.getvalue()


def _method(text: str | None) -> Method | None:
    """Return the method a person named. UsageError: there is no such one."""
    from backtest.core.errors import UsageError
    from backtest.trading.lots.model import Method

    if text is not None and text not in get_args(Method):
        raise UsageError(f"{text!r} is no method", where="--method", remedy=", ".join(get_args(Method)))
    return cast("Method | None", text)


def _year(text: str | None) -> int | None:
    """Return the year a person named. UsageError: it is none."""
    from backtest.core.errors import UsageError

    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 1970 <= int(text) <= 2200):
        raise UsageError(f"{text!r} is no year", where="YEAR", remedy="e.g. 2026")
    return int(text)
