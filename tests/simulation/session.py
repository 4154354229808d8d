"""A session as it is lived: cron starts both stages, a person answers, things happen, and the judge looks."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from backtest.calendar import sessions as calendar
from tests.simulation.events import OVER_NIGHT, WHILE_OPEN, happen
from tests.simulation.faults import Fault
from tests.simulation.imitation import BrokerName
from tests.simulation.judge import Violation
from tests.simulation.kind import Style
from tests.simulation.market import FOREIGN
from tests.simulation.person import Person
from tests.simulation.world import World

GENERATOR_STARTS: Final = 4
EXECUTOR_STARTS: Final = 4
POLLS: Final = 4
#: quiet sessions in which messages alone must lead back to normal
WAY_BACK: Final = 4
SHM: Final = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one seed.

    Attributes:
        crashes: names of the steps at which a process died. happened: faults that came about.
        diary: everything that was run and said, for a person.
    """

    seed: int
    sessions: int
    runs: int
    steps: int
    crashes: tuple[str, ...]
    happened: tuple[Fault, ...]
    violations: tuple[Violation, ...]
    diary: tuple[str, ...] = ()


def simulate(
    seed: int,
    sessions: int,
    faults: tuple[Fault, ...],
    broker: BrokerName = "paper",
    style: Style = "mixed",
) -> Outcome:
    """Live through the sessions of a seed with these faults; stop at the first violation."""
    place = SHM if SHM.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="simulation_", dir=place) as name:
        world = World.of(seed, sessions, faults, Path(name) / "home", broker, style)
        with world.open():
            _live(world)
    return Outcome(
        seed,
        world.session_number + 1,
        world.runs,
        world.steps,
        tuple(world.crashes),
        tuple(world.happened),
        tuple(world.judge.found),
        tuple(world.diary),
    )


def _live(world: World) -> None:
    person = Person(world)
    for number in range(world.sessions):
        world.new_session(number)
        one_day(world, person)
        if world.judge.found:
            return
    for extra in range(WAY_BACK):
        world.new_session(world.sessions + extra)
        clean = one_day(world, person)
        if world.judge.found or clean:
            return
    why = "; ".join(line.replace("\n", " | ")[-600:] for line in world.diary[-3:])
    world.judge.step = "the way back"
    world.judge.blame("way back", f"{WAY_BACK} quiet sessions and the messages' advice did not help: {why}")


def one_day(world: World, person: Person) -> bool:
    """Live through one session; return whether everything was as it should be."""
    window = calendar.window(world.session, world.execution_time)
    for fault in world.due(*OVER_NIGHT):
        world.clock.go_to(world.session.open - timedelta(hours=2))
        happen(world, fault)
    if world.due("missed_day"):
        world.happened += world.due("missed_day")
        return False
    world.clock.go_to(max(window.opens_at - timedelta(minutes=40), world.session.open - timedelta(hours=1)))
    person.drop_report()
    person.realigning.act(world, 1)
    generated = _generate(world, person)
    person.report_late()
    for fault in world.due(*WHILE_OPEN):
        world.clock.go_to(max(world.clock.true, world.session.open + timedelta(minutes=2)))
        happen(world, fault)
    if world.judge.found:
        return False
    person.panic(1)
    if world.clock.true < window.opens_at:
        person.answer()
    person.realigning.act(world, 2)
    executed = (_place_and_poll if world.kind.split_run else _execute)(world, person, window)
    person.panic(2)
    if world.judge.found:
        return False
    person.realigning.act(world, 3)
    if world.kind.style != "mixed":
        world.clock.go_to(world.session.close + timedelta(minutes=20))
        world.start("validate")
    well = True
    if not (generated and executed) or world.killed_by_hand or world.ledger().kill != "none":
        world.clock.go_to(world.session.close + timedelta(minutes=30))
        person.panic(3)
        if world.killed_by_hand:
            world.start("resume", counted=False)
            world.killed_by_hand = False
        well = person.look()
    return generated and executed and well and not world.judge.found and _at_rest(world)


def _generate(world: World, person: Person) -> bool:
    for _ in range(GENERATOR_STARTS):
        ran = world.start("generator")
        person.see_files()
        if ran.code == 0 or world.judge.found:
            return ran.code == 0
        if ran.code is not None:
            person.follow(ran)
        world.clock.sleep(240)
    return False


def _execute(world: World, person: Person, window: calendar.ExecutionWindow) -> bool:
    world.clock.show(window.opens_at + timedelta(seconds=45))
    good = False
    for _ in range(EXECUTOR_STARTS):
        ran = world.start("executor")
        good = ran.code == 0
        if good or world.judge.found or world.clock.true > window.closes_at:
            break
        if ran.code is not None:
            person.follow(ran)
        world.clock.sleep(60)
    if world.seed % 3 == world.session_number % 3 and not world.judge.found:
        world.clock.show(window.closes_at + timedelta(minutes=2))  # cron starts it more often than needed
        ran = world.start("executor")
        if ran.code not in {0, None} and not good:
            person.follow(ran)
    return good


def _place_and_poll(world: World, person: Person, window: calendar.ExecutionWindow) -> bool:
    """One line of cron places orders before the open, another one looks after them behind it."""
    good = False
    for phase, opens, starts in (("place", -10, 2), ("poll", 1, POLLS)):
        world.phase = phase
        world.clock.show(window.opens_at + timedelta(minutes=opens))
        for number in range(starts):
            ran = world.start("executor", "--phase", phase)
            good = ran.code == 0
            if world.judge.found or (good and (phase == "place" or number)):
                break
            if ran.code not in {0, None}:
                person.follow(ran)
            world.clock.sleep(90)
        if world.judge.found:
            break
    world.phase = "all"
    return good


def _at_rest(world: World) -> bool:
    """Whether nothing is left to do: both sides equal, nothing unknown, the switch off."""
    account, books = world.account(), world.ledger()
    theirs = {s: q for s, q in account.positions.items() if s != FOREIGN}
    return theirs == books.shares() and not books.unresolved and books.kill == "none"
