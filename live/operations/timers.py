"""The systemd timers of both stages, where there are any."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backtest.core.files import read_regular, write_atomic
from live.operations.schedule import STAGES, UNITS
from live.system.programs import succeeded

#: every unit that starts a stage
TIMERS: Final = tuple(f"jutsu-{name}.timer" for name, command in UNITS.items() if command in STAGES)
#: of the user's own manager, then of the machine
SCOPES: Final = ("--user", "--system")
#: beside the ledger: the timers panic stopped, as JSON pairs of scope and unit
RECORD: Final = "panic_timers.json"


@dataclass(frozen=True, slots=True)
class Changed:
    """Timers that were changed, and those that could not be."""

    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def stop(state: Path) -> Changed:
    """Stop the timers of both stages that are enabled, and note which beside the ledger for `start`."""
    on = _enabled()
    stopped = [pair for pair in on if systemctl(pair[0], "disable", "--now", pair[1])]
    if stopped:
        noted = sorted({*_recorded(state), *stopped})
        write_atomic(state / RECORD, json.dumps(noted).encode(), mode=0o600)
    return _changed(on, stopped)


def start(state: Path) -> Changed:
    """Enable and start exactly the timers that `stop` stopped; what fails stays noted."""
    noted = _recorded(state)
    started = [pair for pair in noted if systemctl(pair[0], "enable", "--now", pair[1])]
    left = [pair for pair in noted if pair not in started]
    if left:
        write_atomic(state / RECORD, json.dumps(left).encode(), mode=0o600)
    else:
        (state / RECORD).unlink(missing_ok=True)
    return _changed(noted, started)


def _changed(wanted: list[tuple[str, str]], done: list[tuple[str, str]]) -> Changed:
    names = [f"systemctl {scope} {unit}" for scope, unit in wanted if (scope, unit) not in done]
    return Changed(tuple(unit for _, unit in done), tuple(names))


def _recorded(state: Path) -> list[tuple[str, str]]:
    try:
        noted = json.loads(read_regular(state / RECORD))
        return [(str(scope), str(unit)) for scope, unit in noted]
    except (OSError, ValueError, TypeError):
        return []


def enabled() -> tuple[str, ...]:
    """Return the timers of the stages that are enabled, of the user or of the machine."""
    units = {unit for _, unit in _enabled()}
    return tuple(unit for unit in TIMERS if unit in units)


def _enabled() -> list[tuple[str, str]]:
    """Return scope and unit of every timer that is enabled; a manager with none is asked once."""
    scopes = [scope for scope in SCOPES if systemctl(scope, "is-enabled", *TIMERS)]
    return [(scope, unit) for scope in scopes for unit in TIMERS if systemctl(scope, "is-enabled", unit)]


def systemctl(*words: str) -> bool:
    """Tell whether `systemctl` did what it was told; False when there is none, or it does not answer."""
    return succeeded("systemctl", *words)
