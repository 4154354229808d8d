"""`jutsu audit list | verify`: what people did, and whether the record of it is whole."""

from __future__ import annotations

from typing import Annotated

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, echo, emit_json, open_command, table
from live.model.run import Reading


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="What people did here, and whether the record is whole.")
    group.command("list")(list_actions)
    group.command("verify")(verify)
    app.add_typer(group, name="audit")


def list_actions(
    *,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, newest first.")] = 20,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Show the newest actions: approvals, edits, switches, settings; refusals too."""
    from live.views.audit import read_actions

    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        rows = read_actions(runtime.ledger, limit)
    if as_json:
        emit_json(rows)
        return
    if not rows:
        echo("no action yet")
        return
    table(
        "",
        ("when (UTC)", "who", "action", "subject", "before", "after", "outcome"),
        [
            (
                f"{r.at:%Y-%m-%d %H:%M}",
                f"{r.actor} ({r.via})",
                r.action,
                r.subject,
                r.before,
                r.after,
                r.outcome,
            )
            for r in rows
        ],
    )


def verify(*, as_json: JsonOption = False, config: ConfigOption = None, state_db: StateOption = None) -> int:
    """Follow the chain of hashes; exit code 4 when a row was changed, taken out or put between others."""
    from backtest.core.errors import DisagreementError
    from live.views.audit import verify_actions

    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        found, where = verify_actions(runtime.ledger), runtime.ledger.where
    if as_json:
        emit_json(found)
    elif found.problem is None:
        echo(
            f"{found.rows} row(s), the chain holds; its head is {found.head}\n"
            "rows cut off at the end are not seen here: the head of a backup must be among these rows"
        )
    if found.problem is not None and not as_json:
        raise DisagreementError(
            f"the audit log was changed: {found.problem}",
            where=where,
            remedy="compare it with the newest backup; somebody wrote into the ledger by hand",
        )
    return 0 if found.problem is None else DisagreementError.exit_code
