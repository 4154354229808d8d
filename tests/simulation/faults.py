"""What can go wrong, and the plan of it that a seed draws: explicit, so that it can be made smaller."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal, get_args

#: faults of one run of a program; `run` counts the runs of a session, `n` steps or calls inside it
RunKind = Literal[
    "crash",
    "disk_full",
    "lost_reply",
    "lost_request",
    "not_sent",
    "refused",
    "odd_reply",
    "unreadable",
    "lagging_list",
    "lagging_account",
    "clock_jump",
    "suspend",
    "kill_meanwhile",
    "channel_down",
]
#: what becomes of the n-th order of a session at the broker
FillKind = Literal["partial", "slow", "never", "reject", "late_cancel"]
#: what happens between the sessions, or before a session's stages run
WorldKind = Literal[
    "split",
    "dividend",
    "deposit",
    "hand_sell",
    "hand_buy_foreign",
    "hand_cancel_stop",
    "hand_move_stop",
    "bust",
    "restored_backup",
    "missed_day",
]
#: what the person does instead of approving
PersonKind = Literal["skip", "no_answer", "edit", "edit_unapproved", "kill", "kill_entries"]
Kind = Literal[RunKind, FillKind, WorldKind, PersonKind]

RUN_KINDS: Final[tuple[RunKind, ...]] = get_args(RunKind)
FILL_KINDS: Final[tuple[FillKind, ...]] = get_args(FillKind)
WORLD_KINDS: Final[tuple[WorldKind, ...]] = get_args(WorldKind)
PERSON_KINDS: Final[tuple[PersonKind, ...]] = get_args(PersonKind)

#: how many faults a session has: mean of what is drawn
PER_SESSION: Final = 1.6
_CRASHES: Final = 0.45
_TOGETHER: Final = 0.4


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        session: number of the session, from 0.
        kind: what.
        run: number of the program run in the session (run kinds).
        n: step, call or order concerned, from 1.
        size: seconds, calls or a fraction, as the kind needs.
    """

    session: int
    kind: Kind
    run: int = 0
    n: int = 0
    size: float = 0.0

    def __str__(self) -> str:
        """Return one line of a trace."""
        text = f"session {self.session}: {self.kind}"
        if self.kind in RUN_KINDS:
            text += f" in run {self.run} at {self.n}"
        elif self.kind in FILL_KINDS:
            text += f" of order {self.n}"
        return text + (f" ({self.size:g})" if self.size else "")


def plan(seed: int, sessions: int) -> tuple[Fault, ...]:
    """Return the faults of a seed; the first session is quiet, so that there is something to lose."""
    chance = random.Random(f"{seed}/faults")
    found: list[Fault] = []
    for session in range(1, sessions):
        while chance.random() < PER_SESSION / (1 + PER_SESSION):
            fault = _one(chance, session)
            found.append(fault)
            if fault.kind in {"lost_reply", "lost_request"} and chance.random() < _TOGETHER:
                found.append(Fault(session, "lagging_list", fault.run, 1, 10))  # trouble comes in company
    return tuple(sorted(found))


def _one(chance: random.Random, session: int) -> Fault:
    draw = chance.random()
    if draw < _CRASHES:
        run = chance.choice((0, 1, 1, 1, 2, 2, 3))
        return Fault(session, "crash", run, int(chance.expovariate(1 / 90)) + 1)
    if draw < 0.72:
        kind = chance.choice(RUN_KINDS[1:])
        return Fault(
            session, kind, chance.choice((0, 1, 1, 1, 2)), _moment(chance, kind), _size(chance, kind)
        )
    if draw < 0.84:
        return Fault(session, chance.choice(FILL_KINDS), n=chance.randint(1, 6))
    if draw < 0.92:
        return Fault(session, chance.choice(WORLD_KINDS), n=chance.randint(1, 4))
    return Fault(session, chance.choice(PERSON_KINDS), n=chance.randint(1, 3))


def _moment(chance: random.Random, kind: RunKind) -> int:
    if kind in {"lost_reply", "lost_request", "not_sent", "refused", "odd_reply"}:
        return chance.randint(1, 5)
    if kind == "disk_full":
        return int(chance.expovariate(1 / 60)) + 1
    return int(chance.expovariate(1 / 8)) + 1


def _size(chance: random.Random, kind: RunKind) -> float:
    sizes: dict[str, tuple[float, ...]] = {
        "disk_full": (1, 5, 1000),
        "unreadable": (1, 2, 6),
        "lagging_list": (1, 3, 10),
        "lagging_account": (1, 2, 4),
        "clock_jump": (-3600, -120, -20, 20, 45, 700, 3600),
        "suspend": (3, 60, 900),
    }
    return chance.choice(sizes.get(kind, (0.0,)))
