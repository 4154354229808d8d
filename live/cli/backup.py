"""`jutsu backup` and `jutsu restore`: copies of the ledger, whole projects in one file, a rehearsal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    StateOption,
    echo,
    emit_json,
    open_command,
    require_answer,
    table,
)

if TYPE_CHECKING:
    from live.archive.rehearse import Rehearsal
    from live.archive.restore import Restored

#: what a person types before a ledger is replaced
WORDS: Final = "replace my ledger"


def register(app: typer.Typer) -> None:
    """Add the group of backups, which without a subcommand makes one, and the command."""
    group = typer.Typer(
        invoke_without_command=True,
        help="Copy the ledger now, or the whole project into one file (--to); rehearse a restore.",
    )
    group.callback()(backup)
    group.command()(rehearse)
    app.add_typer(group, name="backup")
    app.command()(restore)


def backup(
    context: typer.Context,
    *,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="One file of everything but secrets, logins and bars."),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Copy the ledger now, while anything may be running; a plain copy of the file may miss commits."""
    if context.invoked_subcommand is not None:
        return
    with open_command(config=config, state_db=state_db) as runtime:
        now = runtime.clock.now()
        if to is None:
            keep = runtime.settings.backup.keep_days
            made = runtime.ledger.backup(runtime.state / "backups", keep_days=keep, now=now)
        else:
            from live.archive.make import make

            made = make(runtime.loaded, to, now)
    if as_json:
        emit_json({"backup": made})
    else:
        echo(f"backup: {made}" if made else "this ledger is not a file; use its database's own backup")


def rehearse(
    *,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="An archive; default: one that is made now.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Restore an archive aside and decide its newest sessions again; exit code 4 when one differs."""
    from backtest.core.errors import DisagreementError
    from live.archive.rehearse import rehearse as carry_out

    with open_command(config=config, state_db=state_db) as runtime:
        found = carry_out(runtime.context, runtime.feed, file, runtime.clock.now())
    if as_json:
        emit_json(found)
    else:
        _show(found)
    if not found.passed:
        raise DisagreementError(
            "the restored project decides otherwise than its stored files",
            where=found.archive,
            remedy="compare the program's version and the strategies with those of that day",
        )


def restore(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `jutsu backup --to` made.")],
    into: Annotated[
        Path | None, typer.Option("--into", metavar="DIR", help="The project folder; --check needs none.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only judge the file; nothing is written.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a backup in place, in an empty folder or over a project; entries off until `jutsu reconcile`."""
    from backtest.core.errors import UsageError
    from backtest.core.files import private_files
    from live.archive import restore as rules
    from live.system.clock import SystemClock

    now = SystemClock().now()
    if check:
        _check(file, as_json=as_json)
        return
    if into is None:
        raise UsageError("into which folder?", where="--into", remedy="name the project folder: --into DIR")
    if rules.interrupted(into):
        kept = rules.finish(into)
        echo(f"{into}: the interrupted restore is finished" + (f"; old files: {kept}" if kept else ""))
        return
    _require_words(file, into)
    with private_files():
        done = rules.restore(file, into, now)
    if as_json:
        emit_json(done)
    else:
        _tell(done)


def _check(file: Path, *, as_json: bool) -> None:
    """Unpack into a folder that goes away again and say what the file holds."""
    import tempfile

    from live.archive.restore import judge
    from live.system.clock import SystemClock

    with tempfile.TemporaryDirectory(prefix="jutsu-check.") as work:
        found = judge(file, Path(work), SystemClock().now())
    if as_json:
        emit_json(found)
        return
    older = ", of an older version (it would be migrated)" if found.migrated else ""
    held = len(found.document.files)
    echo(f"{file}: whole; {held} files of {found.document.made_at}, {found.document.account}{older}")


def _require_words(file: Path, into: Path) -> None:
    """Want the typed words before a ledger is replaced. UsageError 2: they were not typed."""
    from backtest.core.errors import UsageError
    from live.archive.unpack import listed

    ledger = into / listed(file).ledger
    if not ledger.exists():
        return
    echo(f"{ledger} exists. It and what belongs to it will be replaced; the old files are kept aside.")
    if require_answer(f"Type `{WORDS}` to go on", "run it on a terminal") != WORDS:
        raise UsageError("not confirmed: nothing was done", where="restore", remedy=f"type {WORDS}")


def _tell(done: Restored) -> None:
    from live.ledger.generation import RESTORED

    echo(f"restored: {len(done.document.files)} files of {done.document.made_at} in {done.folder}")
    if done.kept is not None:
        echo(f"the old files: {done.kept}")
    echo("not in it, give them again: state/secrets.env, broker logins (`jutsu auth login`), bars")
    echo(f"nothing is sent before {RESTORED}")


def _show(found: Rehearsal) -> None:
    older = ", migrated from an older version" if found.migrated else ""
    echo(f"{found.archive}: {found.files} files, intact{older}")
    table(
        "decided again",
        ("session", "variant", "verdict", "why"),
        [(one.session, one.variant, one.verdict, one.detail) for one in found.again],
    )
    for problem in found.problems:
        echo(f"status of the restored project: {problem}")
    echo("the rehearsal passed" if found.passed else "the rehearsal FAILED")
