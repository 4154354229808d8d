"""`jutsu …`: what a person does around the two stages. Commands live in `live/cli`."""

from __future__ import annotations

import live.system.startup  # what it puts in force holds for everything imported after it

# isort: split
import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from backtest.core.errors import INTERRUPTED, READER_LEFT, JutsuError, UsageError
from live.cli.commands import COMMANDS
from live.runtime.lifecycle import guarded, leave

if TYPE_CHECKING:
    import typer

TOPICS = tuple(dict.fromkeys(command.topic for command in COMMANDS.values()))


def build(topics: Iterable[str] = TOPICS) -> typer.Typer:
    """Return the application with the commands of some topics."""
    from live.cli.each_account import with_accounts

    app = _empty()
    for topic in topics:
        importlib.import_module(f"live.cli.{topic}").register(app)
    return with_accounts(app)


def outline() -> typer.Typer:
    """Return the application for its list of commands only: their names and help, nothing behind them."""
    app = _empty()
    for name, command in COMMANDS.items():
        app.command(name, help=command.help)(_nothing)
    return app


def needed(arguments: Sequence[str]) -> typer.Typer:
    """Return the application with what these arguments need, which is one topic as a rule."""
    first = arguments[0] if arguments else "--help"
    if first in COMMANDS:
        return build((COMMANDS[first].topic,))
    listing = first in {"--help", "--version"} and "_JUTSU_COMPLETE" not in os.environ
    return outline() if listing else build()


def _empty() -> typer.Typer:
    import typer

    app = typer.Typer(
        name="jutsu",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Decide, review, execute and account for a daily rule-based strategy.",
    )

    def version(asked: bool) -> None:
        if asked:
            from backtest import __version__

            typer.echo(f"jutsu {__version__}")
            raise typer.Exit

    option = typer.Option("--version", callback=version, is_eager=True, help="Show the version and exit.")

    def root(version: bool = False) -> None:
        """Take the options before the command."""

    root.__annotations__["version"] = Annotated[bool, option]
    app.callback()(root)
    return app


def _nothing() -> None:
    """Stand in for a command in the list of commands."""


def program() -> NoReturn:
    """Entry point of the console script: `main`, and an end that no hanging alert server can delay."""
    try:
        main()
    except SystemExit as stop:
        leave(stop.code if isinstance(stop.code, int) else 1)
    raise AssertionError("main ends with SystemExit")


def main() -> None:
    """Run the command of `sys.argv`; ends with SystemExit and its code."""
    from live.cli.common import begin, current_log
    from live.system.account_words import ACCOUNT

    begin()
    live.system.startup.finished()
    ACCOUNT[0] = None
    try:
        code = guarded(_run, current_log)
    finally:
        ACCOUNT[0] = None
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(code)


def _run() -> int:
    import typer

    try:
        result = needed(sys.argv[1:])(standalone_mode=False)
    except typer.Exit as stop:
        return stop.exit_code
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):  # so ends the library that prints help
            return READER_LEFT
        raise
    except typer.Abort:
        print("aborted; nothing was changed", file=sys.stderr)
        return INTERRUPTED
    except JutsuError as error:
        _show_as_json(error)
        raise
    except Exception as error:
        code = getattr(error, "exit_code", None)
        if hasattr(error, "format_message") and isinstance(code, int):
            raise _refusal(error) from error
        if not isinstance(error, BrokenPipeError):
            _show_as_json(JutsuError(f"unexpected {type(error).__name__}: {error}"))
        raise
    if result == INTERRUPTED:  # typer's own answer to Ctrl-C
        print("interrupted", file=sys.stderr)
    return result if isinstance(result, int) else 0


def _refusal(error: Any) -> UsageError:
    """Return the library's refusal of a command line as ours: one line that names the command."""
    found = error.ctx
    where = "jutsu" + (found.command_path.removeprefix(found.find_root().info_name) if found else "")
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message())
        problem = "a command is missing"
    else:
        problem = " ".join(error.format_message().split()).rstrip(".")
    refusal = UsageError(problem, where=where, remedy=_dated(problem, found) or f"{where} --help")
    _show_as_json(refusal)
    return refusal


def _dated(problem: str, found: Any) -> str:
    """Return the option that takes a date which was given as a word, nothing where there is none."""
    from backtest.calendar.written import DATE

    word = problem.rpartition("(")[2].rstrip(")")
    if found is None or "unexpected extra argument" not in problem or not DATE.fullmatch(word):
        return ""
    options = {name for parameter in found.command.params for name in parameter.opts}
    option = next((name for name in ("--date", "--since", "--as-of") if name in options), None)
    return f"write {option} {word}" if option else ""


def _show_as_json(error: JutsuError) -> None:
    """Print a refusal as JSON when that was asked for: a program need not read two streams."""
    if "--json" in sys.argv[1:]:
        from live.cli.common import emit_error

        emit_error(error)


if __name__ == "__main__":
    main()
