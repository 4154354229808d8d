"""`jutsu dashboard`: the page and its API; `link`, `password`, `totp` say who may come in."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import ConfigOption, StateOption, echo, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from live.settings.load import LoadedSettings
    from live.views.settings import SettingsSource
    from live.web.auth.sessions import Logins
    from live.web.auth.store import Store
    from live.web.serve import Address
    from live.web.world import World

HostOption = Annotated[str, typer.Option("--host", help="Address to listen at; beyond loopback needs TLS.")]
PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen at.")]
DemoOption = Annotated[bool, typer.Option("--demo", help="Show the books of `jutsu demo`.")]


def register(app: typer.Typer) -> None:
    """Add the command and its group."""
    group = typer.Typer(
        invoke_without_command=True, help="Serve a page with today's file, the books, and the switches."
    )
    group.callback()(dashboard)
    group.command()(link)
    group.command()(password)
    group.command()(totp)
    app.add_typer(group, name="dashboard")


def dashboard(
    context: typer.Context,
    *,
    port: PortOption = 8000,
    host: HostOption = "127.0.0.1",
    read_only: Annotated[bool, typer.Option("--read-only", help="Nothing can be changed.")] = False,
    open_: Annotated[bool, typer.Option("--open", help="Open a browser.")] = False,
    demo: DemoOption = False,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="Certificate (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Its private key (PEM).")] = None,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Serve a page with today's file, the books, and the switches; Ctrl-C ends it, and nothing else.

    The daily pipeline never needs it. On this machine a link opens it once;
    from other machines it needs a password and TLS (an SSH tunnel is simpler).
    """
    if context.invoked_subcommand is not None:
        return
    _require_packages()
    from live.web.accounts import first_account
    from live.web.app import Serving, create_app
    from live.web.serve import LOOPBACK, Address, bound, server_of

    world = _world(config, state_db, demo=demo)
    first = first_account(world)
    settings = first.settings_of_file().settings.dashboard
    beyond = host not in LOOPBACK
    address = Address(host, port, tls_cert, tls_key, settings.trusted_proxies)
    store = _store(world)
    logins = _logins(world, store)
    if beyond:
        _require_protection(logins, address)
    _require_pair(tls_cert, tls_key)
    serving = Serving.at(
        port,
        host=host,
        names=settings.hosts,
        secure=tls_cert is not None or (beyond and bool(settings.trusted_proxies)),
        beyond=beyond,
        read_only=read_only,
    )
    listening = bound(host, port)
    _start_log(first.settings_of_file(), first.clock.now())
    app = create_app(world, store, serving, changes_a_minute=settings.rate_limit_per_minute)

    def ready() -> None:
        store.keep("address", address.url)
        shown = address.url if beyond else f"{address.url}/#k={logins.new_link()}"
        echo(f"dashboard of {first.settings_of_file().root} at\n  {shown}")
        echo("Ctrl-C ends it; orders are made by cron all the same")
        if open_:
            typer.launch(shown)

    for number in (signal.SIGINT, signal.SIGTERM):  # the server ends by both, and what called it goes on
        signal.signal(number, lambda *_: None)
    server_of(app, address, ready).run(sockets=[listening])


def link(
    *,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Where it listens.")] = None,
    demo: DemoOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Print another link that opens the page once within ten minutes, on this machine."""
    _require_packages()
    world = _world(config, state_db, demo=demo)
    store = _store(world)
    newest = store.fact("address") or "http://127.0.0.1:8000"
    url = newest if port is None else f"http://127.0.0.1:{port}"
    echo(f"{url}/#k={_logins(world, store).new_link()}")


def password(*, demo: DemoOption = False, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Set the password for logins from other machines; every open session ends."""
    _require_packages()
    world = _world(config, state_db, demo=demo)
    typed = typer.prompt("password (12 characters or more)", hide_input=True, confirmation_prompt=True)
    _logins(world, _store(world)).set_password(typed)
    echo("the password is set; every session and remembered device has ended")


def totp(*, demo: DemoOption = False, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Set a second factor: a QR code for an authenticator, and ten codes for a lost device."""
    _require_packages()
    import io

    import segno

    from live.web.accounts import first_account
    from live.web.auth import totp as codes

    world = _world(config, state_db, demo=demo)
    secret = codes.new_secret()
    image = io.StringIO()
    segno.make(codes.address(secret, first_account(world).settings_of_file().root.name)).terminal(
        image, compact=True
    )
    echo(image.getvalue())
    echo(f"or type this into the authenticator: {secret}")
    given = typer.prompt("the six digits it shows now")
    if codes.step_of(secret, given, world.clock.now().timestamp(), 0) is None:
        from backtest.core.errors import UsageError

        raise UsageError(
            "the code is wrong: nothing was changed", where="code", remedy="check the clock of both devices"
        )
    echo("codes for a lost device, each good once:")
    for code in _logins(world, _store(world)).set_totp(secret):
        echo(f"  {code}")


def _require_packages() -> None:
    """Raise UsageError 2: the extra is not installed."""
    from importlib.util import find_spec

    from backtest.core.distribution import install_line
    from backtest.core.errors import UsageError

    missing = [
        name for name in ("fastapi", "uvicorn", "websockets", "jwt", "segno") if find_spec(name) is None
    ]
    if missing:
        raise UsageError(
            f"the dashboard needs packages that are not installed ({', '.join(missing)})",
            where="jutsu dashboard",
            remedy=install_line("web"),
        )


def _world(config: Path | None, state_db: Path | None, *, demo: bool) -> World:
    from live.settings.accounts import AccountNeeded
    from live.settings.load import account_names
    from live.system.clock import SystemClock
    from live.web.accounts import first_account
    from live.web.world import World

    source, signals = source_of(config, state_db), None
    if state_db is not None and source.account is None and (names := account_names(config)):
        raise AccountNeeded(names)  # one ledger: KILL for every account would turn the switch in it alone
    if demo:
        source, signals = _demo(config)
    world = World(source, SystemClock(), signals)
    first_account(world).settings_of_file()
    return world


def _start_log(loaded: LoadedSettings, now: datetime) -> None:
    """Keep what the page says of errors where `jutsu logs` finds it, and name this run in its answers."""
    from live.system.log_lines import DASHBOARD
    from live.system.logs import start_logging

    settings = loaded.settings
    start_logging(
        loaded.path(settings.paths.logs),
        DASHBOARD,
        now=now,
        level=settings.logging.level,
        keep_days=settings.logging.keep_days,
        lines=settings.logging.format,
        daily=True,
    )


def _demo(config: Path | None) -> tuple[SettingsSource, Path]:
    """Return where the demo of this folder is. UsageError 2: there is none."""
    from backtest.core.errors import UsageError

    state, signals = Path("state/demo").absolute(), Path("signals/demo").absolute()
    ledger = state / "ledger.db"
    if not ledger.exists():
        raise UsageError("there is no demo here", where=str(ledger), remedy="run `jutsu demo` first")
    own = state / "config" / "live.yaml"
    return source_of(config or (own if own.exists() else None), ledger), signals


def _store(world: World) -> Store:
    from live.web.accounts import logins_folder
    from live.web.auth.store import Store

    return Store(logins_folder(world) / "web.db")


def _logins(world: World, store: Store) -> Logins:
    from live.web.auth.sessions import Logins

    return Logins(store, world.clock)


def _require_protection(logins: Logins, address: Address) -> None:
    """Raise UsageError 2: the page would be open to other machines without password or TLS."""
    from backtest.core.errors import UsageError

    missing = list(_unprotected(logins, address))
    if missing:
        raise UsageError(
            f"beyond this machine it needs {' and '.join(missing)}",
            where="--host",
            remedy="or stay on 127.0.0.1 and use an SSH tunnel: ssh -L 8000:127.0.0.1:8000 BOX",
        )


def _unprotected(logins: Logins, address: Address) -> Iterator[str]:
    if not logins.has_password:
        yield "a password (`jutsu dashboard password`)"
    if address.certificate is None and not address.proxies:
        yield "TLS (--tls-cert and --tls-key, or dashboard.trusted_proxies)"


def _require_pair(certificate: Path | None, key: Path | None) -> None:
    """Raise UsageError 2: a certificate without its key, or a file that is not there."""
    from backtest.core.errors import UsageError

    if (certificate is None) != (key is None):
        raise UsageError(
            "certificate and key belong together", where="--tls-cert / --tls-key", remedy="give both or none"
        )
    for path in (certificate, key):
        if path is not None and not path.is_file():
            raise UsageError("there is no such file", where=str(path), remedy="check the path")
