"""The simulated person: answers files, and does what the messages say and nothing else."""

from __future__ import annotations

import json
import re
import shlex
from datetime import date
from typing import TYPE_CHECKING, Final

from live.handoff.canonical import bytes_sha256
from live.model.order_ids import parse
from tests.simulation.faults import REPORT_KINDS, Fault
from tests.simulation.programs import WEIGHTS, Ran
from tests.simulation.realigning import Realigning
from tests.simulation.reports import drop_report

if TYPE_CHECKING:
    from tests.simulation.world import World

_COMMAND: Final = re.compile(r"`(jutsu [^`]+)`")
EDITS: Final = ("edit", "edit_unapproved", "edit_after_look")
PANIC_STARTS: Final = 3
#: advice that follows from advice: so deep and no deeper
_DEEPEST: Final = 4


class Person:
    """One person in one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._read = 0
        self._recorded: list[tuple[str, date]] = []
        self.realigning = Realigning()

    # reports --------------------------------------------------------------------------------------------

    def drop_report(self) -> None:
        """Put the day's report into its folder, or do what the plan says with it."""
        world = self._world
        if world.kind.style != "earnings":
            return
        found = world.due(*REPORT_KINDS)
        fault = found[0].kind if found else ""
        world.happened += found[:1]
        if fault in {"report_missing", "report_late"}:
            return
        drop_report(world, broken=fault == "report_broken")
        if fault == "report_corrected":
            drop_report(world, number=2)

    def report_late(self) -> None:
        """Drop a report that stage 1 has not seen, and let cron start stage 1 once more."""
        world = self._world
        if world.kind.style != "earnings" or not world.due("report_late"):
            return
        drop_report(world)
        world.start("generator")
        world.answers.originals.clear()
        self.see_files()

    # answering files ------------------------------------------------------------------------------------

    def see_files(self) -> None:
        """Note what stage 1 wrote, as soon as it is there."""
        world = self._world
        for variant in world.books:
            path = world.folder.signal(world.session.day, variant)
            if variant not in world.answers.originals and path.exists():
                content = world.answers.originals[variant] = path.read_bytes()
                if variant == WEIGHTS:
                    self.realigning.judge(world, content)

    def answer(self) -> None:
        """Approve today's files, or do what the plan says instead."""
        world = self._world
        instead = {f.n: f for f in world.due("skip", "no_answer", *EDITS)}
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
        seen = path.read_bytes()
        if kind in EDITS:
            self._edit(variant, larger=kind != "edit")
        if kind == "edit_after_look":
            self._approve_unseen(variant, seen)
        if kind in {"approve", "edit"} and (world.folder.approval == "required" or kind == "edit"):
            self.approve(variant)

    def _edit(self, variant: str, *, larger: bool) -> None:
        """Halve an order and switch one off; or double them, which nobody must carry out unapproved."""
        path = self._world.folder.signal(self._world.session.day, variant)
        data = json.loads(path.read_bytes())
        for number, order in enumerate(data["orders"]):
            if larger:
                order["quantity"] *= 2
            elif number % 2:
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

    def _approve_unseen(self, variant: str, seen: bytes) -> None:
        """Approve what was looked at, although something else lies there by now: that must fail."""
        world = self._world
        path = world.folder.signal(world.session.day, variant)
        ran = world.start("approve", str(path), "--sha256", bytes_sha256(seen), counted=False)
        if ran.code == 0 and path.read_bytes() != seen:
            world.judge.blame("permitted", f"bytes that nobody looked at were approved: {variant}")

    # panic ----------------------------------------------------------------------------------------------

    def panic(self, moment: int) -> None:
        """Close everything if the plan has it for this moment of the day; again until it says it is done."""
        world = self._world
        for fault in (f for f in world.due("panic", "panic_everything") if f.n == moment):
            world.happened.append(fault)
            everything = fault.kind == "panic_everything"
            world.panicking = world.killed_by_hand = True
            for _ in range(PANIC_STARTS):
                ran = world.start("panic", "--yes", *(("--everything",) if everything else ()))
                world.judge.after_panic(ran, everything=everything)
                if ran.code == 0 or world.judge.found:
                    break
                world.clock.sleep(45)
            world.panicking = False

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
            case ["resolve", "--broker-order", _, "--adopt", "--variant", book] if book in self._world.books:
                return self._run(*words)
            case ["resolve", "--broker-order", number, *_] if number.isdecimal():
                return self._resolve_theirs(number)
            case ["resolve", name, *_] if parse(name) is not None:
                return self._resolve_ours(name)
            case ["reconcile", "--adopt"]:
                return self._run("reconcile", "--adopt")
            case ["reconcile"] | ["resume"] | ["recover"]:
                return self._run(words[0], *(("--yes",) if words[0] == "recover" else ()))
            case ["realign", *_] if WEIGHTS in self._world.books:
                return self.realigning.follow(self._world)
            case ["data", "confirm", symbol, day, price]:
                return self._run("data", "confirm", symbol, day, price)
            case ["data", "split", *_]:
                return self._record_split()
            case ["review", path] if path.endswith(".json"):
                return self._look_again(path)
            case _:
                del text
                return None

    def _run(self, *arguments: str) -> Ran:
        return self._world.start(*arguments, counted=False)

    def _record_split(self) -> Ran | None:
        """Tell the program of a split that the exchange announced; None when all of them are told."""
        new = [split for split in self._world.splits if split not in self._recorded]
        if not new:
            return None
        self._recorded.append(new[0])
        symbol, day = new[0]
        return self._run("data", "split", symbol, day.isoformat(), "2:1")

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
        variant = name.variant or world.book_of(order.symbol)
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
