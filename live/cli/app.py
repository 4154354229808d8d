"""`jutsu …`: what a person does around the two stages. Commands live in `live/cli`."""

from __future__ import annotations

import importlib
import os
import sys

import typer

from live.runtime.lifecycle import INTERRUPTED, guarded

TOPICS = (
    "review",
    "status",
    "trades",
    "explain",
    "compare",
    "reconcile",
    "panic",
    "switches",
    "data",
    "config",
    "ledger",
    "replay",
    "auth",
    "alerts",
    "validate",
    "report",
    "doctor",
    "schedule",
)

app = typer.Typer(
    name="jutsu",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Decide, review, execute and account for a daily rule-based strategy.",
)


def build() -> typer.Typer:
    """Register every topic; the modules import nothing heavy until a command runs."""
    if not app.registered_commands and not app.registered_groups:
        for topic in TOPICS:
            importlib.import_module(f"live.cli.{topic}").register(app)
    return app


def main() -> None:
    """Entry point of the console script."""
    from live.cli.common import current_log

    def body() -> int:
        try:
            result = build()(standalone_mode=False)
        except typer.Exit as stop:
            return stop.exit_code
        except typer.Abort:
            print("aborted; nothing was changed", file=sys.stderr)
            return INTERRUPTED
        except Exception as error:
            code = getattr(error, "exit_code", None)
            if hasattr(error, "format_message") and isinstance(code, int):
                error.show()  # type: ignore[attr-defined] # click's own usage errors
                return 2
            raise
        if result == INTERRUPTED:  # typer's own answer to Ctrl-C
            print("interrupted", file=sys.stderr)
        return result if isinstance(result, int) else 0

    code = guarded(body, current_log)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(code)


if __name__ == "__main__":
    main()
