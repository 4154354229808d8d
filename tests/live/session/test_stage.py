"""`--phase session`: when a session begins, who vouches for its plan, what is left out, how it ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backtest.core.errors import SignalFileError
from live.actions.orb_answers import approve_plan, skip_plan
from live.model.run import DryRun
from live.session.events import event_line
from live.session.stage import run_loop, run_once
from live.views.inputs import ViewInputs
from tests.support.orb_live import DAY, SHORT, OrbWorld

REQUIRED = SHORT + "approval:\n  policy: required\n"
BEGINS = datetime(2024, 1, 4, 23, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> OrbWorld:
    return OrbWorld(tmp_path)


def plan_file(world: OrbWorld) -> Path:
    return world.root / "signals" / f"orb_plan_{DAY}.json"


def outcome(world: OrbWorld) -> str:
    with world.ledger() as ledger:
        row = ledger.signals.get(DAY, "orb")
        assert row is not None
        return row.outcome


def journal(world: OrbWorld) -> list[tuple[str, str]]:
    with world.ledger() as ledger:
        return [(row.outcome, row.exit_reason) for row in ledger.trade_journal.all()]


def approve(world: OrbWorld) -> None:
    with world.opened() as orb:
        approve_plan(ViewInputs.of(orb.context), plan_file(world), actor="me")


def test_before_the_first_window_nothing_happens_and_without_a_plan_neither(world: OrbWorld) -> None:
    world.set_up(settings=SHORT)
    assert "no session of breakouts is planned" in world.look(BEGINS)[0]
    world.clock.set(BEGINS - timedelta(minutes=30))
    world.plan()
    assert world.look(BEGINS - timedelta(seconds=1)) == (
        "orb_2024-01-05: the first window starts 2024-01-04 23:00 UTC",
    )
    assert outcome(world) == "pending"


def test_a_pass_without_news_can_be_silent(world: OrbWorld) -> None:
    world.short()
    said = []
    for bar in world.bars[4::5]:
        world.arrive(bar.minute)
        world.clock.set(bar.minute)
        with world.opened() as orb:
            said.append(run_once(orb, only_news=True))
    assert () in said
    assert [line for lines in said for line in lines if "ENTRY" in line]
    assert not [line for lines in said for line in lines if "nothing new" in line]


def test_a_session_ends_with_its_plan_completed_and_begins_only_once(played: OrbWorld) -> None:
    assert outcome(played) == "completed"
    assert "no session of breakouts is planned" in played.look(played.clock.now())[0]


@pytest.mark.parametrize("answered", [True, False])
def test_no_answer_means_no_entries_on_that_day(world: OrbWorld, *, answered: bool) -> None:
    world.short(settings=REQUIRED)
    if answered:
        approve(world)
    world.whole_day(5)
    assert outcome(world) == "completed"
    if answered:
        assert {"win", "loss"} & {found for found, _ in journal(world)}
    else:
        assert set(journal(world)) == {("rejected", "risk:not_approved")}
        with world.ledger() as ledger:
            assert not ledger.orders.of_session(DAY)


def test_a_skipped_day_is_not_begun(world: OrbWorld) -> None:
    world.short()
    with world.opened() as orb:
        skip_plan(ViewInputs.of(orb.context), plan_file(world), actor="me")
    assert "skipped" in world.step(BEGINS + timedelta(minutes=20))[0]
    assert outcome(world) == "skipped"
    assert not world.folder.exists()


def test_an_edited_plan_is_refused_until_it_was_approved(world: OrbWorld) -> None:
    world.short()
    path = plan_file(world)
    generated = path.read_text()
    edited = json.loads(generated)
    edited["strategies"][0]["enabled"] = False
    path.write_text(json.dumps(edited))
    with pytest.raises(SignalFileError, match="nobody approved these bytes"):
        world.step(BEGINS + timedelta(minutes=20))
    path.write_text(generated)
    assert "(paper)" in world.step(BEGINS + timedelta(minutes=21))[0]


def test_an_approved_edit_holds_for_the_day_and_later_edits_change_nothing(world: OrbWorld) -> None:
    world.short()
    path = plan_file(world)
    edited = json.loads(path.read_text())
    for one in edited["strategies"]:
        one["enabled"] = one["label"] == "1100"
        one["max_contracts"] = 1
    path.write_text(json.dumps(edited))
    approve(world)
    world.step(BEGINS)
    path.write_text("{}")
    world.whole_day(5)
    with world.ledger() as ledger:
        rows = ledger.trade_journal.all()
    assert {row.orb_label for row in rows} == {"1100"}
    assert {row.contracts for row in rows} == {1}


def test_the_kill_switch_keeps_entries_out_and_lets_trades_end(world: OrbWorld) -> None:
    world.short()
    entry = next(event for event in world.expected().events if event.type == "ENTRY")
    for bar in world.bars[4::5]:
        if bar.minute > entry.ts + timedelta(minutes=6):
            break
        world.step(bar.minute + timedelta(minutes=1))
    with world.ledger() as ledger:
        ledger.state.set_kill("entries", reason="a look", by="me", at=world.clock.now())
    world.whole_day(5)
    found = journal(world)
    assert ("win", "target_hit") in found
    assert {reason for kind, reason in found if kind == "rejected"} == {"risk:kill_switch"}
    assert len(found) > 1


def test_a_machine_that_slept_starts_no_trade_it_missed(world: OrbWorld) -> None:
    world.short()
    world.arrive()
    world.look(world.bars[-1].minute + timedelta(minutes=20))
    assert outcome(world) == "completed"
    assert {reason for _, reason in journal(world)} == {"risk:late_bar"}


def test_a_dry_run_leaves_nothing_and_says_what_would_be(world: OrbWorld) -> None:
    world.short()
    entry = next(event for event in world.expected().events if event.type == "ENTRY")
    world.step(entry.ts - timedelta(minutes=1))
    kept = {path: path.read_bytes() for path in world.root.rglob("*.jsonl")}
    dry = OrbWorld(world.root, run=DryRun())
    dry.bars = world.bars
    assert "1 ENTRY" in dry.step(entry.ts + timedelta(minutes=2))[0]
    assert {path: path.read_bytes() for path in world.root.rglob("*.jsonl")} == kept
    with world.ledger() as ledger:
        assert not ledger.orders.of_session(DAY)
    assert "1 ENTRY" in world.step(entry.ts + timedelta(minutes=2))[0]


def test_a_loop_makes_the_same_passes_and_ends_with_the_session(world: OrbWorld) -> None:
    world.short(settings=SHORT.replace("12:20", "09:50"))
    world.arrive()
    world.clock.set(world.bars[0].minute)
    said: list[str] = []
    with world.opened() as orb:
        run_loop(orb, said.append)
    lines = (world.folder / "events.jsonl").read_text().splitlines()
    assert lines == [event_line(event) for event in world.expected().events]
    assert len(lines) > 3
    assert "over" in said[-1]
    assert len(said) < 20  # a pass without news says nothing


def test_a_halted_day_fires_its_two_alerts_once(world: OrbWorld) -> None:
    from tests.support.orb_live import portfolio

    world.short(portfolio(drawdown_halt_r=-0.5, drawdown_warning_r=-0.4))
    world.whole_day(5)
    with world.ledger() as ledger:
        keys = [alert.key for alert in ledger.alerts.recent()]
    assert sorted(key for key in keys if "circuit" in key or "drawdown" in key) == [
        "orb_circuit_break_orb_2024-01-05",
        "orb_drawdown_orb_2024-01-05",
    ]
    assert ("rejected", "risk:circuit_breaker") in journal(world)


def test_a_skip_that_came_too_late_lets_the_trades_of_the_session_end(world: OrbWorld) -> None:
    world.short()
    entry = next(event for event in world.expected().events if event.type == "ENTRY")
    world.step(entry.ts)
    world.step(entry.ts + timedelta(minutes=1))
    with world.ledger() as ledger:
        assert ledger.orders.of_session(DAY)
        ledger.signals.answer(DAY, "orb", "skip")
    world.whole_day(5)
    assert outcome(world) == "completed"
    found = journal(world)
    assert {reason for kind, reason in found if kind == "rejected"} == {"risk:not_approved"}
    assert len([kind for kind, _ in found if kind != "rejected"]) == 1
