"""`--account NAME` of every command that reads the settings, and the turns of those about every account."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, get_type_hints

import typer

from live.cli.common import begin, collected_json, current_log, echo, emit_error
from live.system.account_words import ACCOUNT

if TYPE_CHECKING:
    from live.runtime.lifecycle import Ending

#: without `--account` these are about every account, one after the other
OF_EVERY: Final = frozenset(
    {
        ("status",),
        ("doctor",),
        ("kill",),
        ("alerts", "list"),
        ("alerts", "test"),
        ("alerts", "flush"),
        ("config", "check"),
    }
)
#: these know the accounts themselves, or none of them
OF_NONE: Final = frozenset({"metrics", "init", "schedule", "data", "dashboard"})
_HELP: Final = "One of `accounts:` in the settings; `all`: each, one after the other."


def with_accounts(app: typer.Typer, path: tuple[str, ...] = ()) -> typer.Typer:
    """Give every command that takes `--config` the option `--account` too; return the application."""
    for info in (app.registered_callback, *app.registered_commands):
        if info is not None and info.callback is not None:
            name = getattr(info, "name", None) or info.callback.__name__
            below = (*path, name) if info is not app.registered_callback else path
            info.callback = _with_account(info.callback, below)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            with_accounts(group.typer_instance, (*path, str(group.name)))
    return app


def _with_account(inner: Callable[..., Any], path: tuple[str, ...]) -> Callable[..., Any]:
    """Return a command with `--account` before its `--config`, the command itself when it has none."""
    signature, hints = inspect.signature(inner), get_type_hints(inner, include_extras=True)
    if "config" not in signature.parameters:
        return inner

    @functools.wraps(inner)
    def called(*given: Any, account: str | None, **named: Any) -> Any:
        ACCOUNT[0] = account
        return _for_each(path, named, lambda: inner(*given, **named))

    known = [one.replace(annotation=hints[one.name]) for one in signature.parameters.values()]
    keyword = inspect.Parameter.KEYWORD_ONLY
    at = next(n for n, one in enumerate(known) if one.name == "config" or one.kind == keyword)
    option = Annotated[str | None, typer.Option("--account", metavar="NAME", help=_HELP)]
    known.insert(at, inspect.Parameter("account", keyword, default=None, annotation=option))
    called.__signature__ = signature.replace(  # type: ignore[attr-defined] # as functools does it
        parameters=[one.replace(kind=keyword) if n > at else one for n, one in enumerate(known)]
    )
    called.__annotations__ = {**hints, "account": option}
    return called


def _for_each(path: tuple[str, ...], given: Mapping[str, Any], body: Callable[[], Any]) -> Any:
    """Run a command once, or once for each account; Exit with the worst code then."""
    from backtest.core.errors import INTERRUPTED
    from live.settings.accounts import ALL
    from live.settings.load import account_names

    named = ACCOUNT[0]
    config: Path | None = given.get("config")
    if path == ("config", "check"):
        config = given.get("file") or config
    if path[0] in OF_NONE and named == ALL:
        ACCOUNT[0] = None
    if path[0] in OF_NONE or named not in {None, ALL} or (named is None and path not in OF_EVERY):
        return body()
    names = account_names(config)
    if not names:
        return body()
    with _pinged(path, config, given) as ending, collected_json():
        for name in names:
            ACCOUNT[0] = name
            if not given.get("as_json"):
                echo(f"account {name}:")
            code = _ended(body, as_json=bool(given.get("as_json")))
            ending.code = max(ending.code, code)
            if code == INTERRUPTED:
                break
    raise typer.Exit(ending.code)


def _pinged(
    path: tuple[str, ...], config: Path | None, given: Mapping[str, Any]
) -> AbstractContextManager[Ending]:
    """Return what tells the address that all accounts share of a scheduled run: once, of all of them."""
    from live.model.run import TENDING
    from live.runtime.lifecycle import Ending, watched
    from live.runtime.options import Options
    from live.settings.accounts import NO_ACCOUNT

    common = Options(config=config, account=NO_ACCOUNT)
    if path == ("doctor",) and given["alert"]:
        return watched("doctor", common, TENDING)
    if path == ("validate",) and not any(given[flag] for flag in ("day", "since", "prices")):
        return watched("validate", common, TENDING)
    return nullcontext(Ending())


def _ended(body: Callable[[], Any], *, as_json: bool) -> int:
    """Return the exit code of one turn; whatever happens in it is shown and ends that turn alone."""
    from backtest.core.errors import JutsuError
    from live.runtime.lifecycle import guarded

    def turn() -> int:
        try:
            code = body()
        except typer.Exit as stop:
            return stop.exit_code
        except typer.Abort as stop:
            raise KeyboardInterrupt from stop
        except Exception as error:
            if as_json:
                why = JutsuError(f"unexpected {type(error).__name__}: {error}")
                emit_error(error if isinstance(error, JutsuError) else why)
            raise
        return code if isinstance(code, int) else 0

    begin()
    return guarded(turn, current_log)
