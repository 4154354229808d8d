"""The kill switch beside the ledger too: a ledger that was restored, or begun anew, does not forget it.

`<ledger>.kill` exists while the switch is on. A file that cannot be read counts as `all`: a person looks.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from backtest.core.files import read_regular, why, write_atomic


def kill_file(ledger: Path) -> Path:
    """Return where a ledger's switch is kept besides."""
    return ledger.with_name(f"{ledger.name}.kill")


def read_kill_file(ledger: Path) -> dict[str, str] | None:
    """Return level, reason, by and at; None where the switch is off."""
    path = kill_file(ledger)
    try:
        found = json.loads(read_regular(path))
        return {name: str(found[name]) for name in ("level", "reason", "by", "at")}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return {"level": "all", "reason": f"{path.name} cannot be read", "by": "jutsu", "at": ""}


def keep_kill(ledger: Path, switch: dict[str, str]) -> None:
    """Write the switch beside the ledger; a folder that cannot be written is one log line."""
    try:
        write_atomic(kill_file(ledger), f"{json.dumps(switch)}\n".encode(), 0o600)
    except OSError as error:
        logging.getLogger("jutsu").warning("the kill switch is only in the ledger: %s", why(error))


def forget_kill(ledger: Path) -> None:
    """Take the file away; OSError: it is still there, and so the switch is still on."""
    kill_file(ledger).unlink(missing_ok=True)
