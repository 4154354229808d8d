"""How the outbox stands: what doctor and status say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from live.alerts.addressing import named_channels, urls_of
from live.alerts.channels import RESERVED

if TYPE_CHECKING:
    from live.alerts.context import Context

#: so long after it was given up, an alert is still shown
SHOWN: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class AlertsState:
    """How the outbox stands.

    Attributes:
        nobody: no channel has an address.
        problems: what a person must look at, one line each.
        notes: what waits as it should, one line each.
        remedy: the command that goes with the first problem, empty without one.
    """

    nobody: bool
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    remedy: str

    @property
    def lines(self) -> tuple[str, ...]:
        """Problems, then notes."""
        return (*self.problems, *self.notes)


def alerts_state(context: Context) -> AlertsState:
    """Return how the outbox stands; alerts of runs about the past and of dry runs are never in it."""
    outbox, now = context.ledger.alerts, context.clock.now()
    urls, problem = urls_of(context)
    found = _channels(context)
    open_ = outbox.unacknowledged(now)
    if open_:
        first = f"{open_[-1].title}"
        found.append((f"{len(open_)} critical not acknowledged: {first}", f"jutsu alerts ack {open_[-1].id}"))
    waiting = len(outbox.for_digest())
    return AlertsState(
        nobody=not urls and not problem,
        problems=tuple(text for text, _ in found),
        notes=(f"{waiting} for the daily mail",) if waiting else (),
        remedy=found[0][1] if found else "",
    )


def channel_problems(context: Context) -> tuple[str, ...]:
    """Return which channels have no address, gave up or fail, as lines of `jutsu status`."""
    return tuple(f"alerts: {text}; `{remedy}`" for text, remedy in _channels(context))


def _channels(context: Context) -> list[tuple[str, str]]:
    """Return what is wrong with channels, each with the command that goes with it."""
    outbox, now = context.ledger.alerts, context.clock.now()
    urls, problem = urls_of(context)
    found: list[tuple[str, str]] = [(problem, "jutsu alerts test")] if problem else []
    missing = sorted(named_channels(context.settings.alerts) - urls.keys() - set(RESERVED))
    if missing and not problem:
        found.append((f"no address: {', '.join(missing)}", "jutsu alerts test"))
    found += [
        (f"{len(rows)} {what}: {rows[-1].channel}: {rows[-1].error}", remedy)
        for rows, what, remedy in (
            (outbox.dead(now - SHOWN), "given up", "jutsu alerts list"),
            (outbox.failing(), "not delivered", "jutsu alerts test"),
        )
        if rows
    ]
    return found
