"""`jutsu auth login | status`: the Schwab login that a person renews, and how long it still lasts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    console,
    echo,
    emit_json,
    options_of,
    require_answer,
)

if TYPE_CHECKING:
    from live.brokers.schwab.token import TokenStatus, TokenStore
    from live.settings.model import Settings
    from live.system.clock import Clock

_COLOURS = {"ok": "green", "warning": "yellow", "critical": "red", "dead": "red"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The broker login: renew it, see how long it lasts.")
    group.command()(login)
    group.command()(status)
    app.add_typer(group, name="auth")


def login(*, config: ConfigOption = None) -> None:
    """Log in to Schwab with any browser and keep the token; needed every seven days."""
    from live.brokers.schwab import login as schwab_login
    from live.brokers.schwab.token import load_credentials

    settings, token, environ = _opened(config)
    credentials = load_credentials(environ, token.path.parent)
    clock = _clock(settings)
    schwab_login.login(
        credentials,
        token,
        clock,
        show=typer.echo,
        ask=lambda prompt: require_answer(prompt, "run it on a terminal"),
        base_url=settings.broker.schwab.base_url,
    )
    echo(f"token kept in {token.path}")
    _show(judge(token, clock))


def status(
    *,
    as_json: JsonOption = False,
    check: Annotated[bool, typer.Option("--check", help="Also ask Schwab whether it accepts it.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show the age of the login, its expiry and whether the next run can use it; exit 6 when it is dead."""
    from backtest.core.errors import AuthenticationFailed
    from live.brokers.schwab.token import LOGIN

    settings, token, environ = _opened(config)
    if not (_uses_schwab(settings) or token.path.exists()):
        _say_none(settings.broker.name, as_json=as_json)
        return
    state = judge(token, _clock(settings))
    accounts = _accounts(settings, token, environ) if check and state.level != "dead" else None
    if as_json:
        emit_json(document(state, token.path) | ({} if accounts is None else {"accounts": accounts}))
    else:
        _show(state)
        if accounts is not None:
            echo(f"Schwab accepts it; accounts: {', '.join(accounts)}")
    if state.level == "dead":
        raise AuthenticationFailed("the Schwab login has expired", where=str(token.path), remedy=LOGIN)


def _uses_schwab(settings: Settings) -> bool:
    return "schwab" in {settings.broker.name, settings.data.source, settings.data.second_source}


def _say_none(broker: str, *, as_json: bool) -> None:
    """Say that nothing here logs in with a browser."""
    if as_json:
        emit_json({"broker": broker, "level": "none"})
    else:
        echo(f"the broker {broker} needs no login; only Schwab does (`broker.name`, `data.source`)")


def judge(token: TokenStore, clock: Clock) -> TokenStatus:
    """Return the state of the login now."""
    from live.brokers.schwab.token import token_status

    return token_status(token.created_at(), clock.now())


def _clock(settings: Settings) -> Clock:
    """Return the real clock, or the imitation's when one stands in for Schwab."""
    from live.brokers.rehearsal import rehearsal_clock
    from live.system.clock import SystemClock

    url = settings.broker.schwab.base_url
    return SystemClock() if url is None else rehearsal_clock(url)


def document(state: TokenStatus, path: Path) -> dict[str, Any]:
    """Return the state as JSON-ready data; ages in days, instants with offset."""
    return {
        "broker": "schwab",
        "token_file": str(path),
        "level": state.level,
        "age_days": round(state.age.total_seconds() / 86400, 2),
        "created_at": state.created_at,
        "expires_at": state.expires_at,
        "next_run": state.next_run,
        "sessions_left": state.sessions_left,
        "covers_next_run": state.covers_next_run,
    }


def _opened(config: Path | None) -> tuple[Settings, TokenStore, Mapping[str, str]]:
    from live.brokers.schwab.token import TokenStore
    from live.runtime.loading import Sources, settings_in_force
    from live.settings.secrets import Whose, with_secrets

    loaded = settings_in_force(Sources.of(options_of(config)))
    whose = Whose(loaded.settings.account, loaded.accounts)
    environ = with_secrets(loaded.root, os.environ, (loaded.settings.alerts.urls_env,), whose)
    return loaded.settings, TokenStore(loaded.path(loaded.settings.broker.schwab.token_file)), environ


def _accounts(settings: Settings, token: TokenStore, environ: Mapping[str, str]) -> list[str]:
    from live.brokers.schwab.connection import SchwabConnection
    from live.brokers.schwab.token import load_credentials
    from live.system.redaction import register_account

    connection = SchwabConnection.open(
        token,
        load_credentials(environ, token.path.parent),
        _clock(settings),
        timeout=settings.broker.schwab.timeout_seconds,
        base_url=settings.broker.schwab.base_url,
    )
    try:
        rows = connection.read("account numbers", lambda client: client.get_account_numbers())
    finally:
        connection.close()
    return sorted(register_account(str(row["accountNumber"])) for row in rows)


def _show(state: TokenStatus) -> None:
    from rich.text import Text

    from backtest.calendar.sessions import NEW_YORK

    expires = state.expires_at.astimezone(NEW_YORK)
    upcoming = state.next_run.astimezone(NEW_YORK)
    advice = {
        "ok": "",
        "warning": "  renew soon: jutsu auth login",
        "critical": "  renew now: jutsu auth login",
        "dead": "  expired: jutsu auth login",
    }[state.level]
    age = state.age.total_seconds() / 86400
    out = console()
    out.print(Text.assemble((f"Schwab login: {state.level}", _COLOURS[state.level]), advice))
    out.print(f"  age            {age:.1f} of 7 days")
    out.print(f"  expires        {expires:%a %d %b %H:%M} New York, {state.sessions_left} sessions left")
    covers = "yes" if state.covers_next_run else "NO"
    out.print(f"  next run       {upcoming:%a %d %b %H:%M} New York, covered: {covers}")
