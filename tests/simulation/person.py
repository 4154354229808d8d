"""The simulated person: answers files, and does what the messages say and nothing else."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Final

from live.handoff.canonical import bytes_sha256
from live.model.order_ids import parse
from tests.simulation.faults import Fault
from tests.simulation.market import STOCKS
from tests.simulation.programs import STOCKS_BOOK, WEIGHTS, Ran

if TYPE_CHECKING:
    from tests.simulation.world import World

_COMMAND: Final = re.compile(r"`(jutsu [^`]+)`")
#: advice that follows from advice: so deep and no deeper
_DEEPEST: Final = 4


class Person:
    """One person in one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._read = 0

    # answering files ------------------------------------------------------------------------------------

    def see_files(self) -> None:
        """Note what stage 1 wrote, as soon as it is there."""
        world = self._world
        for variant in world.books:
            path = world.folder.signal(world.session.day, variant)
            if variant not in world.answers.originals and path.exists():
                world.answers.originals[variant] = path.read_bytes()

    def answer(self) -> None:
        """Approve today's files, or do what the plan says instead."""
        world = self._world
        instead = {f.n: f for f in world.due("skip", "no_answer", "edit", "edit_unapproved")}
        for place, variant in enumerate(world.books, 1):
            if variant not in world.answers.originals:
                continue
            fault = instead.get(place) or instead.get(3)
            self._answer(variant, fault)
        for fault in world.due("kill", "kill_entries"):
            arguments = ("--entries-only",) if fault.kind == "kill_entries" else ()
            world.happened.append(fault)
            world.start("kill", "--reason", "the person", *arguments, counted=False)
            world.killed_by_hand = True

    def _answer(self, variant: str, fault: Fault | None) -> None:
        world = self._world
        path = world.folder.signal(world.session.day, variant)
        kind = "approve" if fault is None else fault.kind
        if fault is not None:
            world.happened.append(fault)
        if kind == "skip":
            if world.start("skip", str(path), counted=False).code == 0:
                world.answers.skipped.add(variant)
            return
        if kind in {"edit", "edit_unapproved"}:
            self._edit(variant)
        if kind in {"approve", "edit"} and (world.folder.approval == "required" or kind == "edit"):
            self.approve(variant)

    def _edit(self, variant: str) -> None:
        """Halve an order, or switch one off."""
        path = self._world.folder.signal(self._world.session.day, variant)
        data = json.loads(path.read_bytes())
        for number, order in enumerate(data["orders"]):
            if number % 2:
                order["enabled"] = False
            elif order["quantity"] > 1:
                order["quantity"] //= 2
        path.write_text(json.dumps(data, indent=2) + "\n")

    def approve(self, variant: str) -> None:
        """Approve exactly what lies there."""
        world = self._world
        path = world.folder.signal(world.session.day, variant)
        content = path.read_bytes()
        before = world.answers.approved.get(variant)
        world.answers.approved[variant] = content  # it may count although the answer is never seen
        ran = world.start("approve", str(path), "--sha256", bytes_sha256(content), counted=False)
        if ran.code == 0:
            world.answers.skipped.discard(variant)
        elif before is None:
            del world.answers.approved[variant]

    # following messages ---------------------------------------------------------------------------------

    def follow(self, ran: Ran, deep: int = 0) -> bool:
        """Do what a program's last words and new messages say; return whether anything was done."""
        new = self._world.folder.inbox[self._read :]
        self._read = len(self._world.folder.inbox)
        text = "\n".join([_last_words(ran), *(f"{m.title}\n{m.body}" for m in new if m.level == "critical")])
        done = False
        for command in dict.fromkeys(_COMMAND.findall(text)):
            after = self._do(command, text)
            if after is None:
                continue
            done = True
            if after.code not in {0, None} and deep < _DEEPEST:
                self.follow(after, deep + 1)
        return done

    def look(self) -> bool:
        """Look at `jutsu status` and do what it says; return whether it said that all is well."""
        ran = self._world.start("status", counted=False)
        self.follow(Ran(ran.name, ran.code, ran.text, ran.died_in))
        return "`jutsu" not in ran.text

    def _do(self, command: str, text: str) -> Ran | None:
        """Carry out one piece of advice; None when it asks for nothing that can be done here."""
        words = shlex.split(command)[1:]
        match words:
            case ["resolve", "--broker-order", number, *_] if number.isdecimal():
                return self._resolve_theirs(number)
            case ["resolve", name, *_] if parse(name) is not None:
                return self._resolve_ours(name)
            case ["reconcile", "--adopt"]:
                return self._run("reconcile", "--adopt")
            case ["reconcile"] | ["resume"] | ["recover"]:
                return self._run(words[0], *(("--yes",) if words[0] == "recover" else ()))
            case ["data", "confirm", symbol, day, price]:
                return self._run("data", "confirm", symbol, day, price)
            case ["review", path] if path.endswith(".json"):
                return self._look_again(path)
            case _:
                del text
                return None

    def _run(self, *arguments: str) -> Ran:
        return self._world.start(*arguments, counted=False)

    def _resolve_ours(self, name: str) -> Ran | None:
        """Look at the broker's screen for the order."""
        world = self._world
        if name not in world.ledger().unresolved:
            return None
        for order in world.named(world.account()):
            if order.client_id == name:
                return self._run("resolve", name, "--adopt", order.id)
        return self._run("resolve", name, "--absent")

    def _resolve_theirs(self, number: str) -> Ran:
        """Say whose an order is: the person knows what was done by hand."""
        world = self._world
        order = next((o for o in world.named(world.account()) if o.id == number), None)
        parent = world.parent_name(number)
        name = parse((order.client_id if order else "") or parent)
        if order is None or name is None:
            return self._run("resolve", "--broker-order", number, "--foreign")
        variant = name.variant or (STOCKS_BOOK if order.symbol in STOCKS else WEIGHTS)
        return self._run("resolve", "--broker-order", number, "--adopt", "--variant", variant)

    def _look_again(self, path: str) -> Ran | None:
        """A file that nobody vouches for: look at it and approve it."""
        world = self._world
        for variant in world.books:
            if path.endswith(f"_{variant}.json") and str(world.session.day) in path:
                self.approve(variant)
                return None
        return None


def _last_words(ran: Ran) -> str:
    """Return the lines a person reads: errors, criticals, what status names; not the tables."""
    lines = ran.text.splitlines()
    return "\n".join(lines[-40:])
