"""What every command of `jutsu` shares: options, opening a run, tables or JSON, the log file."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast, get_args

import typer

from live.model.run import TENDING, Mode, Run
from live.system.account_words import ACCOUNT, own_commands
from live.system.json_text import in_every_text, plain
from live.system.screen import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from backtest.core.errors import JutsuError
    from live.ledger.ledger import Ledger
    from live.runtime.options import Options
    from live.runtime.runtime import Runtime
    from live.settings.load import LoadedSettings
    from live.system.clock import Clock
    from live.views.settings import SettingsSource

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file (default config/live.yaml).")
]
PricesOption = Annotated[
    Path | None, typer.Option("--prices", help="Daily CSV files instead of the configured data.")
]
StateOption = Annotated[
    Path | None, typer.Option("--state-db", help="Ledger file (default from the settings).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
OutputOption = Annotated[Path | None, typer.Option("--output-dir", help="Folder of the signal files.")]
SinceOption = Annotated[str | None, typer.Option("--since", help="First session, YYYY-MM-DD.")]

AnyMode = Annotated[
    str | None,
    typer.Option("--mode", metavar="MODE", help="offline, online or all."),
]

#: characters that JSON lets through and a terminal obeys or hides
_HIDDEN: Final = re.compile(
    "[\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)

#: columns of a window in which every table is shown as one
_NARROW: Final = 80

_LOG: list[Path | None] = [None]
_EMITTED: list[bool] = [False]


def current_log() -> Path | None:
    """Return the log file of this process, None before one was opened."""
    return _LOG[0]


def begin() -> None:
    """Forget what an earlier command of this process printed, and its log file."""
    _EMITTED[0], _LOG[0] = False, None


class Collected(dict[str, Any]):
    """JSON documents of several accounts: name -> document."""


_COLLECTED: list[Collected | None] = [None]


@contextmanager
def collected_json() -> Iterator[Collected]:
    """Keep the JSON documents that are printed inside, and print one of all: `{"accounts": {NAME: ...}}`."""
    found = _COLLECTED[0] = Collected()
    try:
        yield found
    finally:
        _COLLECTED[0] = None
    if found:
        emit_json({"accounts": found})


@contextmanager
def command_of(account: str | None) -> Iterator[None]:
    """Let what is opened inside be of this account."""
    before, ACCOUNT[0] = ACCOUNT[0], account
    try:
        yield
    finally:
        ACCOUNT[0] = before


def options_of(config: Path | None, state_db: Path | None = None) -> Options:
    """Return where a command works: its flags, and the account that was named."""
    from live.runtime.options import Options

    return Options(config=config, state_db=state_db, account=ACCOUNT[0], shared=_COLLECTED[0] is not None)


def parse_date(text: str | None, where: str) -> date | None:
    """Return the date a person wrote, None for None.

    Raises:
        UsageError: it is not YYYY-MM-DD, or of a year the calendar does not know; `where` names the option.
    """
    from backtest.calendar.written import written_date
    from backtest.core.errors import UsageError

    try:
        return None if text is None else written_date(text)
    except ValueError as error:
        raise UsageError(str(error), where=where, remedy="write YYYY-MM-DD") from error


def actor() -> str:
    """Return the name the ledger keeps beside what this person does; a nameless account is "a person"."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user id without a name
        return "a person"


def echo(text: str = "", *, nl: bool = True, err: bool = False) -> None:
    """Print a text as it is, neither wrapped nor coloured; control characters of others are shown escaped."""
    typer.echo(visible(own_commands(text)), nl=nl, err=err)


def ask(question: str) -> str | None:
    """Ask a person and return what was typed, None when nobody is there to answer (end of input)."""
    try:
        return str(typer.prompt(visible(own_commands(question)), default="", show_default=False)).strip()
    except typer.Abort as stop:  # the end of input and Ctrl-C alike
        if isinstance(stop.__context__, EOFError):
            return None
        raise


def require_answer(question: str, remedy: str, *, runtime: Runtime | None = None) -> str:
    """Ask a person who must answer; what only one process may hold of the broker is given back meanwhile.

    Raises:
        UsageError: 2, nobody answered, and nothing was done.
    """
    from backtest.core.errors import UsageError

    if runtime is not None:
        runtime.release_login()
    answer = ask(question)
    if answer is None:
        echo()
        raise UsageError("nobody answered: nothing more was done", where="standard input", remedy=remedy)
    return answer


def mode_of(text: str | None) -> Mode | None:
    """Return the mode a person means by `offline` or `online`, None for `all` and for nothing.

    Raises:
        UsageError: it is no mode.
    """
    from backtest.core.errors import UsageError

    if text in {None, "all"}:
        return None
    found = next((mode for mode in get_args(Mode) if text in {mode, mode.partition("_")[0]}), None)
    if found is None:
        raise UsageError(f"{text!r} is no mode", where="--mode", remedy="write offline, online or all")
    return cast("Mode", found)


def source_of(config: Path | None, state_db: Path | None) -> SettingsSource:
    """Return where `--config`, `--state-db` and this process's environment say the settings are."""
    import os

    from live.views.settings import SettingsSource

    return SettingsSource(config, state_db, dict(os.environ), ACCOUNT[0])


def instant_of_change(source: SettingsSource) -> datetime:
    """Return the instant a change of the settings is made at: the clock of the runs that will read it."""
    from live.runtime.loading import instant_of_run
    from live.system.clock import SystemClock

    now = SystemClock().now()
    return instant_of_run(source.load(now, overrides=False).settings, now)


@contextmanager
def open_command(
    *,
    config: Path | None = None,
    state_db: Path | None = None,
    output_dir: Path | None = None,
    prices: Path | None = None,
    cash: float | None = None,
    mode: str | None = None,
    run: Run = TENDING,
    clock: Clock | None = None,
) -> Iterator[Runtime]:
    """Open a `Runtime` for a command, which sends no order unless `run` says so.

    The arguments are those of `open_runtime` and `Options`.
    """
    from live.runtime.open import open_runtime
    from live.runtime.options import Options
    from live.settings.accounts import NO_ACCOUNT

    named = ACCOUNT[0]
    options = Options(
        config=config,
        state_db=state_db,
        output_dir=output_dir,
        prices=prices,
        cash=cash,
        mode=mode,
        account=NO_ACCOUNT if named is None and run.alone else named,
    )
    with open_runtime("jutsu", options, run, clock) as runtime:
        _LOG[0] = runtime.log_file
        yield runtime


@contextmanager
def open_emergency(
    *, config: Path | None = None, state_db: Path | None = None
) -> Iterator[tuple[Ledger, LoadedSettings]]:
    """Open the ledger alone, with whatever of the settings can be understood; say what is wrong with them."""
    from live.model.run import Emergency
    from live.runtime.lenient import diagnostics
    from live.runtime.open import open_ledger
    from live.system.screen import complain

    with open_ledger("jutsu", options_of(config, state_db), Emergency()) as (ledger, loaded):
        for text in diagnostics(loaded):
            complain(f"warning: {text}")
        yield ledger, loaded


def console(*, stderr: bool = False) -> Console:
    """Return a rich console: no colour codes when piped, 100 columns then."""
    from live.cli.console import PlainConsole

    stream = sys.stderr if stderr else sys.stdout
    return PlainConsole(
        stderr=stderr,
        width=None if stream.isatty() else 100,
        highlight=False,
        soft_wrap=False,
        emoji=False,
        markup=False,
    )


def emit_json(view: Any) -> None:
    """Print a view (or other data) as one JSON document on standard output."""
    _EMITTED[0] = True
    collected, data = _COLLECTED[0], in_every_text(plain(view), own_commands)
    if collected is not None:
        collected[ACCOUNT[0] or ""] = data
        return
    plain_ascii = str(getattr(sys.stdout, "encoding", "")).lower() not in {"utf-8", "utf8"}
    text = json.dumps(data, indent=2, ensure_ascii=plain_ascii, allow_nan=False)
    echo(_HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def emit_error(error: JutsuError) -> None:
    """Print a refusal as the one document of standard output, unless the command printed one already."""
    from backtest.core.errors import error_document
    from live.system.redaction import redact

    if not _EMITTED[0]:
        emit_json(json.loads(redact(json.dumps(error_document(error)))))


def table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str] = ()
) -> None:
    """Print a table; columns named in `right` are aligned right, cells wrap and are never cut off.

    In a window of less than 80 columns a table that would break words or numbers becomes a list.
    """
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
        measured = Measurement.get(screen, unlimited, grid)
        if measured.maximum <= screen.width:
            break
        grid.box, grid.show_edge, grid.padding = box.SIMPLE_HEAD, False, padding
    measured = Measurement.get(screen, unlimited, grid)
    if measured.minimum <= screen.width < measured.maximum:
        _keep_words_whole(grid, screen.width)
    if measured.minimum > screen.width and screen.width < _NARROW:
        _print_list(screen, title, columns, rows)
    else:
        screen.print(grid)


def _keep_words_whole(grid: Table, width: int) -> None:
    """Set the columns of a grid that wraps: each as wide as its longest word, the rest by what they want."""
    from rich.cells import cell_len

    texts = [[str(column.header), *map(str, column.cells)] for column in grid.columns]
    words = [max(cell_len(word) for text in column for word in (text.split() or [""])) for column in texts]
    wanted = [max(map(cell_len, column)) for column in texts]
    gap = 1 + 2 * grid.padding[1]
    spare = width - sum(words) - gap * (len(words) - 1)
    more = sum(wanted) - sum(words)
    for column, word, want in zip(grid.columns, words, wanted, strict=True):
        column.width = word + (want - word) * max(0, spare) // max(1, more)


def _print_list(
    screen: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """Print each row as a paragraph: its first cell, then a line for every other that says something."""
    if title:
        screen.print(title)
    width = max(map(len, columns[1:]), default=0)
    for row in rows:
        screen.print(str(row[0]), style="bold")
        for name, cell in zip(columns[1:], row[1:], strict=True):
            if cell is not None and str(cell):
                screen.print(f"  {name:<{width}}  {cell}")
