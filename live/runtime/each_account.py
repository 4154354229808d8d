"""Several accounts in one installation: a stage runs for each, and one that fails keeps no other waiting."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from backtest.core.errors import INTERRUPTED, TERMINATED
from live.runtime.arguments import options_of, run_of
from live.runtime.lifecycle import guarded, watched
from live.runtime.options import Options
from live.settings.accounts import ALL, NO_ACCOUNT, AccountNeeded
from live.settings.load import account_names
from live.system.account_words import ACCOUNT
from live.system.screen import say

if TYPE_CHECKING:
    from live.alerts.pings import Watched


def options_of_each(
    options: Options, *, alone: bool = False, file: Path | None = None
) -> tuple[Options, ...]:
    """Return the options of each account that has its turn, in the order of the settings file.

    Args:
        options: of the stage; `account` None or `all` means every account.
        alone: something was named that belongs to one account.
        file: the signal file that was named, whose account is proposed.

    Raises:
        AccountNeeded: 2, none of several accounts was named, but something of one of them. SettingsError: 2,
            the section `accounts:` is wrong.
    """
    names = account_names(options.config)
    if not names or options.account not in {None, ALL}:
        return (options,)
    if alone or options.state_db is not None:
        from live.handoff.read import account_in

        raise AccountNeeded(names, None if file is None else account_in(file))
    return tuple(replace(options, account=name, shared=True) for name in names)


def each_account(
    program: Watched,
    parse: Callable[[], Namespace],
    body: Callable[[Namespace, Options, list[Path | None]], int],
) -> int:
    """Run a stage for each account, one after the other; return the worst exit code.

    Args:
        program: what the dead man's switch calls the stage. An address that all accounts share is told once,
            of all of them; one of an account is told of its own turn.
        parse: reads the command line.
        body: runs one account and returns its exit code, or raises; puts its log file into the list.
    """
    asked, log_file = list[tuple[Namespace, Options]](), list[Path | None]((None,))

    def understand() -> int:
        args = parse()
        file = getattr(args, "signals_file", None)
        found = options_of_each(options_of(args), alone=file is not None, file=file)
        asked.extend((args, options) for options in found)
        run_of(args)
        return 0

    worst = guarded(understand, lambda: None)
    if worst or not asked:
        return worst
    args, first = asked[0]
    if not first.shared:
        with _turn_of(first):
            return guarded(lambda: body(args, first, log_file), lambda: log_file[0])
    common = replace(options_of(args), account=NO_ACCOUNT)
    with watched(program, common, run_of(args)) as ending:
        for _, options in asked:
            say(f"account {options.account}:")
            log_file[0] = None
            with _turn_of(options):
                code = guarded(lambda one=options: body(args, one, log_file), lambda: log_file[0])  # type: ignore[misc]
            ending.code = max(ending.code, code)
            if code in {INTERRUPTED, TERMINATED}:
                break
    return ending.code


@contextmanager
def _turn_of(options: Options) -> Iterator[None]:
    """Let what is printed inside name the account."""
    before, ACCOUNT[0] = ACCOUNT[0], options.account
    try:
        yield
    finally:
        ACCOUNT[0] = before
