"""The conversation of `jutsu review`: show a file, ask, act, show it again."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from backtest.core.files import read_regular
from live.actions import answers
from live.actions.audited import recorded
from live.actions.edit import replace
from live.cli import review_screen
from live.cli.common import actor, ask, echo
from live.system.clock import SystemClock
from live.views.inputs import ViewInputs
from live.views.review import read_review
from live.views.review_case import ReviewCase, read_case

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger


def converse(take_inputs: Callable[[], ViewInputs], path: Path, flags: str = "") -> ReviewCase:
    """Show one file; on a terminal ask what to do until the person is done.

    An answer is judged at the instant it is given and holds for the bytes that were shown.

    Args:
        take_inputs: returns the inputs as of now.
        path: the signal file.
        flags: of the call, for the commands of the next step.

    Returns:
        The file as it was shown last.
    """
    while True:
        inputs = take_inputs()
        case = read_case(inputs, path)
        review_screen.show(read_review(inputs, case, flags))
        if not (sys.stdin.isatty() and sys.stdout.isatty()) or not _open_to_answers(case):
            return case
        answer = ask("approve, edit, skip or quit [a/e/s/q]") or "q"
        if _act(take_inputs, case, answer.lower()[:1], flags):
            return case


def _open_to_answers(case: ReviewCase) -> bool:
    asks = case.signal is None or bool(case.signal.orders) or case.standing.refused
    return asks and case.row is not None and case.row.executed_sha256 is None and not case.window_over


def _act(take_inputs: Callable[[], ViewInputs], case: ReviewCase, answer: str, flags: str) -> bool:
    """Carry out an answer; return whether the conversation is over."""
    match answer:
        case "a" if not case.verdict.problems and not case.verdict.limits:
            inputs = take_inputs()
            done = answers.approve(inputs, case.path, actor=actor(), sha256=case.sha256)
            review_screen.show_approval(done, flags, now=inputs.now)
            return True
        case "e":
            edit(take_inputs().ledger, case)
        case "s":
            answers.skip(take_inputs(), case.path, actor=actor(), sha256=case.sha256)
            echo("nothing of this file will be sent")
            return True
        case "q":
            return True
        case _:
            echo("type a, e, s or q; a file with problems cannot be approved")
    return False


def edit(ledger: Ledger, case: ReviewCase) -> None:
    """Let the person edit a copy beside the file (so that editors find its schema), then replace the file.

    Raises:
        UsageError: exit 2; the editor did not work.
        FileChangedError: exit 2; the file changed meanwhile. The copy stays, the error names it.
    """
    from backtest.core.errors import UsageError
    from live.actions.errors import FileChangedError

    copy = case.path.with_name(f".edit-{case.path.name}")
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        copy.write_bytes(case.content)
        subprocess.run([*shlex.split(editor), str(copy)], check=True)  # noqa: S603 - the person's own editor
        content = read_regular(copy)
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        copy.unlink(missing_ok=True)
        raise UsageError(
            f"the editor {editor!r} did not work: {error}",
            where="$EDITOR",
            remedy="set EDITOR, or edit the file by hand",
        ) from error
    try:
        clock, name = SystemClock(), case.path.name
        with recorded(ledger, "edit", actor=actor(), subject=name, clock=clock) as effect:
            effect.before = f"sha256 {case.sha256}"
            effect.after = f"sha256 {replace(case.path, content, sha256=case.sha256).sha256}"
    except FileChangedError as error:
        raise FileChangedError(
            f"{error.problem}; your edit was not taken",
            where=str(case.path),
            remedy=f"it is kept in {copy}: `jutsu review` the file again",
        ) from error
    copy.unlink(missing_ok=True)
