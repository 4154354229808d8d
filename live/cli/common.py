"""What every command of `jutsu` shares: opening a run, tables or JSON, the log file of the process."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from live.model.run import DAILY, Run
from live.system.json_text import plain

if TYPE_CHECKING:
    from rich.console import Console

    from live.runtime.runtime import Runtime
    from live.system.clock import Clock

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file (default config/live.yaml).")
]
StateOption = Annotated[
    Path | None, typer.Option("--state-db", help="Ledger file (default from the settings).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
OutputOption = Annotated[Path | None, typer.Option("--output-dir", help="Folder of the signal files.")]

_LOG: list[Path | None] = [None]


def current_log() -> Path | None:
    """Return the log file of this process, None before one was opened."""
    return _LOG[0]


@contextmanager
def open_command(
    *,
    config: Path | None = None,
    state_db: Path | None = None,
    output_dir: Path | None = None,
    prices: Path | None = None,
    cash: float | None = None,
    mode: str | None = None,
    run: Run = DAILY,
    clock: Clock | None = None,
) -> Iterator[Runtime]:
    """Open a `Runtime` for a command; the arguments are those of `open_runtime` and `Options`."""
    from live.runtime.open import open_runtime
    from live.runtime.options import Options

    options = Options(
        config=config, state_db=state_db, output_dir=output_dir, prices=prices, cash=cash, mode=mode
    )
    with open_runtime("jutsu", options, run, clock) as runtime:
        _LOG[0] = runtime.log_file
        yield runtime


def console(*, stderr: bool = False) -> Console:
    """Return a rich console: no colour codes when piped, 100 columns then."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(
        stderr=stderr, width=None if stream.isatty() else 100, highlight=False, soft_wrap=False, emoji=False
    )


def emit_json(data: Any) -> None:
    """Print one JSON document on standard output."""
    plain_ascii = str(getattr(sys.stdout, "encoding", "")).lower() not in {"utf-8", "utf8"}
    typer.echo(json.dumps(plain(data), indent=2, ensure_ascii=plain_ascii, allow_nan=False))


def table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str] = ()
) -> None:
    """Print a table; columns named in `right` are aligned right, cells wrap and are never cut off."""
    from rich import box
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    grid = Table(title=title or None, title_justify="left", header_style="bold", pad_edge=False)
    for column in columns:
        grid.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else str("" if cell is None else cell) for cell in row))
    screen = console()
    unlimited = screen.options.update(width=10_000)
    for padding in ((0, 1), (0, 0)):  # too wide for the window: give up the frame, then the space
        if Measurement.get(screen, unlimited, grid).maximum <= screen.width:
            break
        grid.box, grid.show_edge, grid.padding = box.SIMPLE_HEAD, False, padding
    screen.print(grid)
