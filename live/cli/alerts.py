"""`jutsu alerts list | test | flush`: the newest alerts, a test message, what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, emit_json, open_command, table

if TYPE_CHECKING:
    from live.runtime.runtime import Runtime


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Alerts: what was said, and whether it would be heard.")
    group.command("list")(list_alerts)
    group.command("test")(send_test)
    group.command("flush")(send_waiting)
    app.add_typer(group, name="alerts")


def list_alerts(
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Show the newest alerts and whether they were delivered."""
    with open_command(config=config, state_db=state_db) as runtime:
        rows = runtime.ledger.alerts.recent(limit)
    if as_json:
        names = ("key", "level", "title", "body", "created_at", "sent_at", "attempts", "error")
        emit_json([{name: getattr(row, name) for name in names} for row in rows])
        return
    if not rows:
        typer.echo("no alerts yet")
        return
    table(
        "",
        ("when (UTC)", "level", "title", "outcome"),
        [
            (f"{r.created_at:%Y-%m-%d %H:%M}", r.level, r.title, _outcome(r.sent_at is not None, r.error))
            for r in rows
        ],
    )


def send_test(
    *, as_json: JsonOption = False, config: ConfigOption = None, state_db: StateOption = None
) -> int:
    """Send a test message to every configured channel; exit code 1 when one failed, 2 when there is none."""
    from backtest.core.errors import SettingsError
    from live.alerts.channels import channels, deliver, label
    from live.settings.secrets import secrets_path

    with open_command(config=config, state_db=state_db) as runtime:
        urls = channels(runtime.settings, runtime.state, runtime.environ)
        if not urls:
            path = secrets_path(runtime.loaded.root, runtime.environ)
            raise SettingsError(
                "no alert channel is configured",
                where=runtime.settings.alerts.urls_env,
                remedy=f"put JUTSU_ALERT_<NAME>=URL into {path}",
            )
        body = f"If you read this, alerts of account {runtime.account} reach you."
        results = deliver(urls, title="jutsu: test message", body=body, level="info")
        pinged = _test_pings(runtime)
    rows = [
        {"channel": label(name, urls[name]), "delivered": not error, "error": error}
        for name, error in results.items()
    ]
    rows += [{"channel": name, "delivered": not error, "error": error} for name, error in pinged.items()]
    if as_json:
        emit_json(rows)
    else:
        table("", ("channel", "outcome"), [(row["channel"], row["error"] or "delivered") for row in rows])
    if not all(row["delivered"] for row in rows):
        raise typer.Exit(1)
    return 0


def _test_pings(runtime: Runtime) -> dict[str, str]:
    """Ask each address of the dead man's switch once; return whose it is -> what went wrong."""
    from live.alerts import pings
    from live.settings.secrets import secret

    watched = pings.addresses(lambda key: secret(runtime.loaded.root, runtime.environ, key))
    found: dict[str, list[str]] = {}
    for program, url in watched.items():
        found.setdefault(url, []).append(program)
    return {f"ping of {', '.join(names)}": pings.tell_test(url) for url, names in found.items()}


def send_waiting(*, config: ConfigOption = None, state_db: StateOption = None) -> int:
    """Deliver what waits, each channel by itself; exit code 1 when something still waits."""
    from live.alerts.outbox import flush

    with open_command(config=config, state_db=state_db) as runtime:
        for problem in flush(runtime):
            typer.echo(problem)
        waiting = len(runtime.ledger.alerts.unsent())
    typer.echo(f"{waiting} alert(s) still wait" if waiting else "nothing waits")
    if waiting:
        raise typer.Exit(1)
    return 0


def _outcome(sent: bool, error: str) -> str:
    if not sent:
        return f"waiting: {error}" if error else "waiting"
    return error or "delivered"
