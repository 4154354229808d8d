"""What alerts need of the web process: it tells that somebody tries to come in, and which channels fail."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import JutsuError
from live.alerts.causes import key_of
from live.alerts.outbox import send
from live.alerts.state import channel_problems
from live.model.run import DAILY, Run
from live.settings.secrets import with_secrets
from live.web.world import KILL_SECONDS

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.settings.load import LoadedSettings
    from live.settings.model import Settings
    from live.system.clock import Clock
    from live.views.inputs import ViewInputs
    from live.web.world import World

LOG = logging.getLogger("jutsu.web")


@dataclass(frozen=True, slots=True)
class AlertContext:
    """A ledger with what alerts need beside it (`live.alerts.context.Context`)."""

    settings: Settings
    clock: Clock
    ledger: Ledger
    state: Path
    environ: Mapping[str, str]
    run: Run = DAILY


def context_of(world: World, loaded: LoadedSettings, ledger: Ledger) -> AlertContext:
    """Return the context of a ledger that is open. SettingsError 2: the secrets cannot be read."""
    settings = loaded.settings
    environ = with_secrets(loaded.root, world.source.environ, (settings.alerts.urls_env,))
    return AlertContext(settings, world.clock, ledger, world.state, environ)


def failing_channels(world: World, inputs: ViewInputs) -> tuple[str, ...]:
    """Return which channels of alerts have no address, gave up or fail, one line each."""
    try:
        return channel_problems(context_of(world, world.settings(inputs.ledger), inputs.ledger))
    except JutsuError as error:
        return (error.line(),)


def tell_of_logins(world: World, address: str) -> None:
    """Send the alert of many failed logins, in a thread: whoever knocks is not kept waiting by a channel."""
    threading.Thread(target=_tell, args=(world, address), name="alert", daemon=True).start()


def _tell(world: World, address: str) -> None:
    day = world.clock.now().astimezone(NEW_YORK).date()
    try:
        with world.writing(KILL_SECONDS, even_during_a_run=True) as inputs:
            send(
                context_of(world, world.settings(inputs.ledger), inputs.ledger),
                key=key_of("logins", session=day),
                level="warning",
                title="many logins to the dashboard failed",
                body=f"The newest came from {address or 'an unknown address'}; it has to wait now.\n"
                "When it was not you: `jutsu dashboard password` ends every session and remembered device.",
            )
    except JutsuError as error:
        LOG.warning("an alert about failed logins could not be sent: %s", error.line())
