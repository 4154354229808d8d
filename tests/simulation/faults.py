"""What can go wrong, and the plan of it that a seed draws: explicit, so that it can be made smaller."""

from __future__ import annotations

import random
from collections.abc import Collection
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
    "repeated_answer",
    "repeated_reply",
    "doubled_request",
    "slow_cancel",
    "no_quotes",
    "some_quotes",
    "old_quotes",
    "feed_down",
]
#: a command that a person typed dies; `run` counts the commands of a session. The person types it again.
CommandKind = Literal["command_crash"]
#: what becomes of the n-th order of a session at the broker
FillKind = Literal["partial", "slow", "never", "reject", "late_cancel", "cancel_race"]
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
#: what is wrong with the report that single stocks are bought on
ReportKind = Literal["report_missing", "report_broken", "report_late", "report_corrected"]
#: what the person does instead of approving
PersonKind = Literal[
    "skip",
    "no_answer",
    "edit",
    "edit_unapproved",
    "edit_after_look",
    "kill",
    "kill_entries",
    "panic",
    "panic_everything",
    "realign",
    "realign_cancel",
]
Kind = Literal[RunKind, CommandKind, FillKind, WorldKind, ReportKind, PersonKind]

RUN_KINDS: Final[tuple[RunKind, ...]] = get_args(RunKind)
FILL_KINDS: Final[tuple[FillKind, ...]] = get_args(FillKind)
WORLD_KINDS: Final[tuple[WorldKind, ...]] = get_args(WorldKind)
REPORT_KINDS: Final[tuple[ReportKind, ...]] = get_args(ReportKind)
PERSON_KINDS: Final[tuple[PersonKind, ...]] = get_args(PersonKind)

#: what happens to an order's request or its reply; `n` counts the orders of a run
ORDER_KINDS: Final = frozenset(
    {"lost_reply", "lost_request", "not_sent", "refused", "odd_reply", "repeated_reply", "doubled_request"}
)
#: what is wrong with the vendor's answers; `n` counts the questions of a run
QUOTE_KINDS: Final = frozenset({"no_quotes", "some_quotes", "old_quotes", "feed_down"})

KINDS: Final[tuple[Kind, ...]] = (
    *RUN_KINDS,
    *get_args(CommandKind),
    *FILL_KINDS,
    *WORLD_KINDS,
    *PERSON_KINDS,
)

#: how many faults a session has: mean of what is drawn
PER_SESSION: Final = 1.6
_CRASHES: Final = 0.38
_COMMANDS: Final = 0.43
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
        elif self.kind == "command_crash":
            text += f" of command {self.run} at {self.n}"
        elif self.kind in FILL_KINDS:
            text += f" of order {self.n}"
        return text + (f" ({self.size:g})" if self.size else "")


def plan(seed: int, sessions: int, kinds: Collection[Kind] = ()) -> tuple[Fault, ...]:
    """Return the faults of a seed, of some kinds only where given.

    The first session is quiet, so that there is something to lose.
    """
    chance = random.Random(f"{seed}/faults")
    found: list[Fault] = []
    for session in range(1, sessions):
        while chance.random() < PER_SESSION / (1 + PER_SESSION):
            fault = _fault(chance, session, chance.choice(sorted(kinds)) if kinds else _kind(chance))
            found.append(fault)
            if fault.kind in {"lost_reply", "lost_request"} and chance.random() < _TOGETHER:
                found.append(Fault(session, "lagging_list", fault.run, 1, 10))  # trouble comes in company
    return tuple(sorted(found))


def _kind(chance: random.Random) -> Kind:
    draw = chance.random()
    if draw < _CRASHES:
        return "crash"
    if draw < _COMMANDS:
        return "command_crash"
    if draw < 0.72:
        return chance.choice(RUN_KINDS[1:])
    if draw < 0.84:
        return chance.choice(FILL_KINDS)
    return chance.choice((*WORLD_KINDS, *REPORT_KINDS) if draw < 0.92 else PERSON_KINDS)


def _fault(chance: random.Random, session: int, kind: Kind) -> Fault:
    if kind == "crash":
        return Fault(session, kind, chance.choice((0, 1, 1, 1, 2, 2, 3)), _step(chance, 90))
    if kind == "command_crash":
        return Fault(session, kind, chance.choice((0, 0, 1, 1, 2, 3)), _step(chance, 12))
    if kind in RUN_KINDS:
        run = chance.choice((0, 1, 1, 1, 2))
        return Fault(session, kind, run, _moment(chance, kind), _size(chance, kind))
    most = 6 if kind in FILL_KINDS else 4 if kind in WORLD_KINDS else 3
    return Fault(session, kind, n=chance.randint(1, most))


def _step(chance: random.Random, mean: int) -> int:
    return int(chance.expovariate(1 / mean)) + 1


def _moment(chance: random.Random, kind: Kind) -> int:
    if kind == "slow_cancel":
        return chance.randint(1, 3)
    if kind in ORDER_KINDS or kind in QUOTE_KINDS:
        return chance.randint(1, 5)
    return _step(chance, 60 if kind == "disk_full" else 8)


def _size(chance: random.Random, kind: Kind) -> float:
    sizes: dict[str, tuple[float, ...]] = {
        "disk_full": (1, 5, 1000),
        "unreadable": (1, 2, 6),
        "lagging_list": (1, 3, 10),
        "lagging_account": (1, 2, 4),
        "repeated_answer": (1, 1, 3),
        "no_quotes": (1, 2, 1000),
        "some_quotes": (1, 2, 1000),
        "old_quotes": (1, 2, 1000),
        "feed_down": (1, 2, 1000),
        "clock_jump": (-3600, -120, -20, 20, 45, 700, 3600),
        "suspend": (3, 60, 900),
    }
    return chance.choice(sizes.get(kind, (0.0,)))
