"""`jutsu review`, `approve`, `skip`: a person looks at the decision before it is executed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import ConfigOption, JsonOption, OutputOption, StateOption, emit_json, open_command
from live.model.run import asked_for
from live.views import review_facts

if TYPE_CHECKING:
    from live.runtime.runtime import Runtime
    from live.views.review import ReviewCase

FileArgument = Annotated[
    Path | None, typer.Argument(help="Signal file; the newest primary's when left out.", show_default=False)
]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="Judge the window at this past date or time (offline only).")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(review)
    app.command()(approve)
    app.command()(skip)


def review(
    file: FileArgument = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
    output_dir: OutputOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Show the orders of a session with everything to judge them by; approve, edit or skip.

    Warnings come first, then every order with its reason, share of equity,
    cost and the gain or loss it realises, then what changed.
    Piped or with --json nothing is asked and nothing changes.
    """
    from live.views import review as _desk

    run = asked_for(as_of)
    with open_command(config=config, state_db=state_db, output_dir=output_dir, run=run) as runtime:
        files = (file,) if file is not None else _desk.default_files(runtime)
        if as_json:
            screens = [review_facts.facts(runtime, _desk.lay_out(runtime, path)) for path in files]
            emit_json(screens[0] if len(screens) == 1 else {"files": screens})
            return
        for path in files:
            _review_one(runtime, path)


def approve(
    file: FileArgument = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
    output_dir: OutputOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Approve the exact bytes of a signal file; the approval ends with the execution window."""
    from live.views import review as _desk

    run = asked_for(as_of)
    with open_command(config=config, state_db=state_db, output_dir=output_dir, run=run) as runtime:
        case = _desk.lay_out(runtime, _only(runtime, file))
        done = _approve(runtime, case, quiet=as_json)
        if as_json:
            emit_json(done)


def skip(
    file: FileArgument = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
    output_dir: OutputOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Send nothing of this file; the strategy proposes again in the next session."""
    from live.views import review as _desk

    run = asked_for(as_of)
    with open_command(config=config, state_db=state_db, output_dir=output_dir, run=run) as runtime:
        case = _desk.lay_out(runtime, _only(runtime, file))
        _skip(runtime, case)
        if as_json:
            emit_json({"file": case.path, "answer": "skip"})
        else:
            typer.echo(f"{case.path.name}: nothing of it will be sent; jutsu approve takes this back")


def _only(runtime: Runtime, file: Path | None) -> Path:
    """Return the file named, or the newest when there is exactly one."""
    from backtest.core.errors import UsageError
    from live.views import review as _desk

    if file is not None:
        return file
    files = _desk.default_files(runtime)
    if len(files) > 1:
        names = ", ".join(path.name for path in files)
        raise UsageError(f"there are several files: {names}", remedy="name the one you mean")

    return files[0]


def _review_one(runtime: Runtime, path: Path) -> None:
    """Show one file; on a terminal ask what to do until the person is done."""
    from live.cli import review_screen as _review_screen
    from live.views import review as _desk

    while True:
        case = _desk.lay_out(runtime, path)
        _review_screen.show(review_facts.facts(runtime, case))
        if not (sys.stdin.isatty() and sys.stdout.isatty()) or not _open_to_answers(case):
            return
        answer = typer.prompt("approve, edit, skip or quit [a/e/s/q]", default="q", show_default=False)
        match answer.strip().lower()[:1]:
            case "a" if not case.verdict.problems and not case.verdict.limits:
                _approve(runtime, case)
                return
            case "e":
                _edit(path)
            case "s":
                _skip(runtime, case)
                typer.echo("nothing of this file will be sent")
                return
            case "q":
                return
            case _:
                typer.echo("type a, e, s or q; a file with problems cannot be approved")


def _open_to_answers(case: ReviewCase) -> bool:
    return case.row is not None and case.row.executed_sha256 is None and not case.window_over


def _approve(runtime: Runtime, case: ReviewCase, *, quiet: bool = False) -> dict[str, object]:
    """Bind the approval after every check; print what it covers."""
    from backtest.core.errors import LimitError, SignalFileError
    from live.views import review as _desk

    row, signal = _desk.require_row(case), _desk.require_valid(case)
    if row.role != "primary":
        raise SignalFileError("a shadow is never executed", where=str(case.path), remedy="nothing to approve")
    if row.executed_sha256 is not None and row.executed_sha256 != case.sha256:
        raise SignalFileError(
            "another version of this file was already executed",
            where=str(case.path),
            remedy="later edits have no effect; see jutsu status",
        )
    if case.window_over or case.closes_at is None:
        raise LimitError(
            f"the execution window closed at {signal.execution_window.closes_at}",
            where=str(case.path),
            remedy="nothing can be executed any more; the next session proposes again",
        )
    by = os.environ.get("USER") or os.environ.get("USERNAME") or "a person"
    expires = case.closes_at.astimezone(UTC)
    with runtime.ledger.transaction():
        runtime.ledger.signals.approve(
            row.session, row.variant, sha256=case.sha256, by=by[:64], at=case.at, expires_at=expires
        )
        runtime.ledger.runs.approved(row.session, row.variant, at=case.at)
    if not quiet:
        for edit in case.edits:
            typer.echo(f"  {edit.line()}")
        enabled = sum(order.enabled for order in signal.orders)
        typer.echo(
            f"approved {case.path.name}: {enabled} of {len(signal.orders)} order(s), "
            f"bytes {case.sha256[:12]}, until {signal.execution_window.closes_at}"
        )
        typer.echo("next: python -m live.executor (any further change voids this approval)")

    return {
        "file": case.path,
        "sha256": case.sha256,
        "expires_at": signal.execution_window.closes_at,
        "answer": "approve",
        "edits": [edit.line() for edit in case.edits],
    }


def _skip(runtime: Runtime, case: ReviewCase) -> None:
    from backtest.core.errors import SignalFileError
    from live.views import review as _desk

    row = _desk.require_row(case)
    if row.executed_sha256 is not None:
        raise SignalFileError(
            "the file was already executed", where=str(case.path), remedy="see jutsu status; panic sells"
        )
    with runtime.ledger.transaction():
        runtime.ledger.signals.answer(row.session, row.variant, "skip")
        runtime.ledger.runs.approved(row.session, row.variant, at=None)


def _edit(path: Path) -> None:
    """Open the file in the person's editor and wait."""
    from backtest.core.errors import UsageError

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        subprocess.run([*shlex.split(editor), str(path)], check=True)  # noqa: S603 - the person's own editor
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        raise UsageError(
            f"the editor {editor!r} did not work: {error}",
            where="$EDITOR",
            remedy="set EDITOR, or edit the file by hand",
        ) from error
