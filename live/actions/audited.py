"""Every action of a person leaves one row in the audit log, in its own transaction; refusals too."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from backtest.core.errors import JutsuError
from live.ledger.audit import Action

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.system.clock import Clock


@dataclass(frozen=True, slots=True)
class Via:
    """Where an action came from: the program, and the network address when it came over one."""

    program: str = "jutsu"
    address: str = ""


#: the terminal of this machine
TERMINAL: Final = Via()
_NOTED: Final = "in the audit log"


@dataclass(slots=True)
class Effect:
    """How the subject was and is, in words; set inside the block of `audited`."""

    before: str = ""
    after: str = ""


@contextmanager
def audited(
    ledger: Ledger, name: str, *, actor: str, subject: str, at: datetime, via: Via = TERMINAL
) -> Iterator[Effect]:
    """Run an action as one transaction that ends with its row of the audit log.

    An error of ours takes everything back, is written as a refusal by itself, and goes on.

    Args:
        ledger: whose log.
        name: of the action.
        actor: who acts.
        subject: what it is done to.
        at: aware instant.
        via: where it came from.
    """
    effect = Effect()
    try:
        with ledger.transaction():
            yield effect
            ledger.audit.append(_action(name, actor, subject, via, effect), at=at)
    except JutsuError as error:
        refusal = _action(name, actor, subject, via, effect, f"refused: {error.line()}")
        with contextlib.suppress(JutsuError):  # a ledger that cannot be written says so by `error`
            ledger.audit.append(refusal, at=at)
            error.add_note(_NOTED)
        raise


def in_audit_log(error: JutsuError) -> bool:
    """Whether `audited` has written this error as a refusal."""
    return _NOTED in getattr(error, "__notes__", ())


@contextmanager
def recorded(
    ledger: Ledger, name: str, *, actor: str, subject: str, clock: Clock, via: Via = TERMINAL
) -> Iterator[Effect]:
    """Run an action whose effects lie outside the ledger too (files, orders): one row when it is over.

    What was done stays done when the row cannot be written; the log file says so.

    Args:
        ledger: whose log.
        name: of the action.
        actor: who acts.
        subject: what it is done to.
        clock: says when it ended.
        via: where it came from.
    """
    effect, outcome = Effect(), "done"
    try:
        yield effect
    except JutsuError as error:
        outcome = f"not done: {error.line()}"
        raise
    finally:
        try:
            ledger.audit.append(_action(name, actor, subject, via, effect, outcome), at=clock.now())
        except JutsuError as problem:
            logging.getLogger("jutsu").warning("the audit log cannot be written: %s", problem.line())


def _action(name: str, actor: str, subject: str, via: Via, effect: Effect, outcome: str = "done") -> Action:
    return Action(
        name=name,
        actor=actor,
        subject=subject,
        via=via.program,
        address=via.address,
        before=effect.before,
        after=effect.after,
        outcome=outcome,
    )
