"""`jutsu alerts list | ack | test | flush`: the newest alerts, a test message, what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, actor, echo, emit_json, open_command, table
from live.model.run import Reading

if TYPE_CHECKING:
    from live.alerts.channels import Level
    from live.runtime.runtime import Runtime


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Alerts: what was said, and whether it would be heard.")
    group.command("list")(list_alerts)
    group.command("ack")(acknowledge)
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
    """Show the newest alerts and what became of each at each channel."""
    from live.views.alerts import alert_lines

    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        lines = alert_lines(runtime.ledger, limit)
    if as_json:
        emit_json(lines)
        return
    if not lines:
        echo("no alerts yet")
        return
    table(
        "",
        ("id", "when (UTC)", "level", "title", "outcome"),
        [
            (
                str(line.id),
                f"{line.created_at:%Y-%m-%d %H:%M}",
                f"{line.level} (acknowledged)" if line.acknowledged_at else line.level,
                line.title,
                line.outcome(),
            )
            for line in lines
        ],
    )


def acknowledge(
    numbers: Annotated[
        list[int], typer.Argument(metavar="ID...", max=2**63 - 1, help="Numbers of `jutsu alerts list`.")
    ],
    *,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Say that you know of critical alerts: until then they are repeated every day."""
    from live.actions import alerts

    with open_command(config=config, state_db=state_db) as runtime:
        for number in numbers:
            alert, new = alerts.acknowledge(runtime.ledger, number, actor=actor(), at=runtime.clock.now())
            said = "acknowledged" if new else f"was acknowledged by {alert.acknowledged_by}"
            echo(f"{number} {said}: {alert.title}")


def send_test(
    *,
    level: Annotated[
        str | None, typer.Option("--level", help="Only channels of this level: critical, warning or info.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> int:
    """Send a test message to the channels; exit code 1 when one failed, 2 when there is none."""
    with open_command(config=config, state_db=state_db) as runtime:
        rows = [*_test_channels(runtime, _level(level)), *_test_pings(runtime)]
    if as_json:
        emit_json(rows)
    else:
        shown = [
            (row["channel"], "" if row["seconds"] is None else f"{row['seconds']:.1f} s", _outcome(row))
            for row in rows
        ]
        table("", ("channel", "took", "outcome"), shown)
    if not all(row["delivered"] for row in rows):
        raise typer.Exit(1)
    return 0


def _level(text: str | None) -> Level | None:
    from backtest.core.errors import UsageError
    from live.alerts.channels import LEVELS

    found = next((level for level in LEVELS if level == text), None)
    if text is not None and found is None:
        raise UsageError(f"{text} is no level", where="--level", remedy=", ".join(LEVELS))
    return found


def _test_channels(runtime: Runtime, level: Level | None) -> list[dict[str, object]]:
    """Send a message to each channel of a level, or to all; a channel without an address has failed."""
    from backtest.core.errors import SettingsError
    from live.alerts.addressing import named_channels
    from live.alerts.channels import RESERVED, channels, label
    from live.alerts.delivery import deliver
    from live.alerts.message import Message
    from live.alerts.routing import addressed, digest_channels
    from live.settings.secrets import secrets_path

    urls, wanted = channels(runtime.settings, runtime.state, runtime.environ), runtime.settings.alerts
    names = {*urls, *named_channels(wanted)}
    if level is not None:
        names = set(addressed(wanted, level, urls, report=False))
        names |= set(digest_channels(wanted, urls)) if names & set(RESERVED) else set()
    names -= set(RESERVED)
    if not names:
        path = secrets_path(runtime.loaded.root, runtime.environ)
        what = "no alert channel is configured" if level is None else f"{level} alerts go to no channel"
        raise SettingsError(what, where=wanted.urls_env, remedy=f"put JUTSU_ALERT_<NAME>=URL into {path}")
    body = f"If you read this, alerts of account {runtime.account_name} reach you."
    message = Message("jutsu: test message", body, level or "info")
    results = deliver({name: url for name, url in urls.items() if name in names}, message)
    missing = sorted(names - urls.keys())
    return [
        *(_row(label(name, urls[name]), one.error, one.seconds) for name, one in sorted(results.items())),
        *(_row(name, f"no address: JUTSU_ALERT_{name.upper()}=URL is missing", None) for name in missing),
    ]


def _test_pings(runtime: Runtime) -> list[dict[str, object]]:
    """Ask each address of the dead man's switch once."""
    from live.alerts import pings
    from live.settings.secrets import secret

    watched = pings.addresses(lambda key: secret(runtime.loaded.root, runtime.environ, key))
    found: dict[str, list[str]] = {}
    for program, url in watched.items():
        found.setdefault(url, []).append(program)
    return [_row(f"ping of {', '.join(names)}", pings.tell_test(url), None) for url, names in found.items()]


def _row(channel: str, error: str, seconds: float | None) -> dict[str, object]:
    return {"channel": channel, "delivered": not error, "seconds": seconds, "error": error}


def _outcome(row: dict[str, object]) -> str:
    return str(row["error"] or "delivered")


def send_waiting(*, config: ConfigOption = None, state_db: StateOption = None) -> int:
    """Deliver what waits, each channel by itself; exit code 1 when a channel still has to be tried again."""
    from live.alerts.outbox import flush

    with open_command(config=config, state_db=state_db) as runtime:
        for problem in flush(runtime):
            echo(problem)
        outbox, now = runtime.ledger.alerts, runtime.clock.now()
        waiting = {row.alert_id for row in (*outbox.failing(), *outbox.due(now))}
        waiting |= {alert.id for alert in outbox.unaddressed()}
        later = len(outbox.unsent(1000)) - len(waiting)
    echo(f"{len(waiting)} alert(s) still wait" if waiting else "nothing waits")
    if later > 0:
        echo(f"{later} alert(s) for the daily mail or after the quiet hours")
    if waiting:
        raise typer.Exit(1)
    return 0
