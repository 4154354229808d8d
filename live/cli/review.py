"""`jutsu review`, `approve`, `skip`: a person looks at the decision before it is executed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    OutputOption,
    StateOption,
    actor,
    echo,
    emit_json,
    open_command,
)
from live.model.run import asked_for, is_plan_name

FileArgument = Annotated[
    Path | None, typer.Argument(help="Signal file; the newest primary's when left out.", show_default=False)
]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="Judge the window at this past date or time (offline only).")
]
DigestOption = Annotated[
    str | None, typer.Option("--sha256", help="Only these bytes (`jutsu review --json` shows the digest).")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(review)
    app.command()(approve)
    app.command()(skip)


@contextmanager
def proposing_account(file: Path | None) -> Iterator[None]:
    """Let a refusal for want of an account propose the one a file names. AccountNeeded 2: as inside."""
    from live.handoff.read import account_in
    from live.settings.accounts import AccountNeeded

    try:
        yield
    except AccountNeeded as error:
        if file is None:
            raise
        raise AccountNeeded(error.names, account_in(file)) from error


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
    Exit code 2 or 7 when the executor would refuse the file.
    """
    from live.cli.orb_plan_screen import show_plan
    from live.cli.review_conversation import converse
    from live.views.inputs import ViewInputs
    from live.views.orb_plan import open_plans, read_plan
    from live.views.review import read_review
    from live.views.review_case import newest_files, read_case

    with (
        proposing_account(file),
        open_command(
            config=config, state_db=state_db, output_dir=output_dir, run=asked_for(as_of)
        ) as runtime,
    ):
        inputs, flags = ViewInputs.of(runtime.context), call_flags(config, state_db, output_dir, as_of)
        named = file is not None and is_plan_name(file.name)
        plans = [read_plan(inputs, one) for one in ((file,) if named and file else open_plans(inputs))]
        for plan in plans if named or not (file or as_json) else ():
            emit_json(plan) if as_json else show_plan(plan)
        if named:
            raise typer.Exit(2 if any(plan.problems for plan in plans) else 0)
        files = (file,) if file is not None else newest_files(inputs, needed=not plans)
        if as_json:
            cases = [read_case(inputs, path) for path in files]
            views = [read_review(inputs, case, flags) for case in cases]
            emit_json(views[0] if len(views) == 1 else {"files": views})
        else:
            cases = [converse(lambda: ViewInputs.of(runtime.context), path, flags) for path in files]
        refused = [case for case in cases if case.verdict.problems or case.verdict.limits]
        if refused:
            raise typer.Exit(2 if any(case.verdict.problems for case in refused) else 7)


def call_flags(config: Path | None, state_db: Path | None, output_dir: Path | None, as_of: str | None) -> str:
    """Return the flags of this call as both stages and `jutsu approve` take them, each after a space."""
    given = {"--config": config, "--state-db": state_db, "--output-dir": output_dir, "--as-of": as_of}
    return "".join(f" {name} {shlex.quote(str(value))}" for name, value in given.items() if value is not None)


def approve(
    file: FileArgument = None,
    *,
    sha256: DigestOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
    output_dir: OutputOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Approve the exact bytes of a signal file; the approval ends with the execution window."""
    from live.actions import answers
    from live.actions.orb_answers import approve_plan
    from live.cli.review_screen import show_approval
    from live.views.inputs import ViewInputs
    from live.views.review_case import only_file

    with (
        proposing_account(file),
        open_command(
            config=config, state_db=state_db, output_dir=output_dir, run=asked_for(as_of)
        ) as runtime,
    ):
        inputs = ViewInputs.of(runtime.context)
        if file is not None and is_plan_name(file.name):
            plan = approve_plan(inputs, file, actor=actor(), sha256=sha256)
            emit_json(plan) if as_json else echo(
                f"{file.name}: approved for the whole day ({plan.sha256[:12]})"
            )
            return
        done = answers.approve(inputs, file or only_file(inputs), actor=actor(), sha256=sha256)
        if as_json:
            emit_json(done)
        else:
            show_approval(done, call_flags(config, state_db, output_dir, as_of), now=inputs.now)


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
    from live.actions import answers
    from live.actions.orb_answers import skip_plan
    from live.views.inputs import ViewInputs
    from live.views.review_case import only_file

    with (
        proposing_account(file),
        open_command(
            config=config, state_db=state_db, output_dir=output_dir, run=asked_for(as_of)
        ) as runtime,
    ):
        inputs = ViewInputs.of(runtime.context)
        if file is not None and is_plan_name(file.name):
            plan = skip_plan(inputs, file, actor=actor())
            emit_json(plan) if as_json else echo(f"{file.name}: nothing of it will be traded")
            return
        done = answers.skip(inputs, file or only_file(inputs), actor=actor())
        if as_json:
            emit_json(done)
        else:
            echo(f"{done.file.name}: nothing of it will be sent; jutsu approve takes this back")
