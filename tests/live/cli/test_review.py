"""The daily screen: what a person sees before anything is sent, and what each answer does."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from backtest.core.errors import LimitError, SignalFileError, UsageError
from live.cli import review, review_conversation
from live.handoff.canonical import bytes_sha256
from live.system.json_text import plain
from live.views.review import read_review
from live.views.review_case import newest_files, read_case
from tests.support.handoff_samples import sample
from tests.support.review_world import DAY, NOW, generated, holding, inputs, invoke, runtime


@pytest.fixture
def world(tmp_path):
    return runtime(tmp_path)


def screen(world, path):
    return plain(read_review(inputs(world), read_case(inputs(world), path)))


def edit(path, change):
    data = json.loads(path.read_bytes())
    change(data)
    path.write_text(json.dumps(data, indent=2))


def test_every_figure_of_an_order(tmp_path):
    world = runtime(tmp_path, execution={"slippage_pct": 0.1, "commission_per_order": 1.0})
    holding(world)
    shown = screen(world, generated(world))
    sell, buy, other = shown["orders"]
    assert sell["value"] == 70_000.0
    assert sell["share_of_equity"] == pytest.approx(0.7)
    assert sell["cost"] == {"slippage": 70.0, "commission": 1.0, "total": 71.0}
    assert sell["realised_gain"] == 6929.0  # (100 - 90) x 700 - 71
    assert buy["realised_gain"] is None
    assert buy["stop"] == {"price": 45.0, "time_in_force": "gtc"}
    assert other["cost"]["total"] == 20.98  # 0.1 % of 19,978.50 and the commission
    # 30,000 + 70,000 - 60,000 - 19,978.50 - 71 - 61 - 20.98
    assert shown["cash_after"] == 19_868.52
    assert shown["rounding_cash"] == 21.5  # 20,021.50 left where 20 % of 100,000 was meant to stay


def test_warnings_are_printed_before_the_orders(world, monkeypatch):
    result = invoke(monkeypatch, world, review, "review", generated(world))
    assert result.exit_code == 0
    assert "\x1b[" not in result.output
    assert result.output.index("WARNING  paper account") < result.output.index("sell 700 QQQ @ 100.00")
    assert "stop 45.00 gtc" in result.output
    assert "PSQ: weight_zero" in result.output
    assert result.output.rstrip().endswith("next: python -m live.executor")


def test_the_newest_primary_is_the_default(world, monkeypatch):
    generated(world)
    generated(
        world, sample(strategy=sample().strategy.model_copy(update={"variant": "titan"})), role="shadow"
    )
    shown = json.loads(invoke(monkeypatch, world, review, "review", "--json").output)
    assert shown["variant"] == "golden"
    assert shown["standing"] == "auto"


def test_without_any_file_it_says_what_to_do(world):
    with pytest.raises(UsageError, match="no signal file has been generated yet"):
        newest_files(inputs(world))


def test_edits_are_shown_and_void_the_standing(world):
    path = generated(world)
    edit(path, lambda data: data["orders"][1].update(quantity=600))
    shown = screen(world, path)
    assert shown["standing"] == "edited"
    assert shown["edits"] == [
        {
            "path": "$.orders[1].quantity",
            "kind": "quantity",
            "order": "20240315_TQQQ_entry_buy",
            "before": 1200,
            "after": 600,
        }
    ]
    assert shown["warnings"][0].endswith("the executor refuses this file")
    assert shown["next"] == f"jutsu approve {path}"


def test_changes_since_the_previous_session(world):
    before = sample(
        trade_date="2024-03-14",
        decision=sample().decision.model_copy(
            update={"diagnostics": {"cell": 4, "trend_state": "BullStrong"}}
        ),
    )
    generated(world, before, session=date(2024, 3, 14))
    shown = screen(world, generated(world))
    assert shown["since_previous"] == [{"subject": "cell", "before": 4, "after": 1}]


def test_approving_binds_the_exact_bytes_until_the_window_closes(world, monkeypatch):
    path = generated(world)
    edit(path, lambda data: data["orders"][1].update(quantity=600))
    result = invoke(monkeypatch, world, review, "approve", path)
    assert result.exit_code == 0
    assert "$.orders[1].quantity: 20240315_TQQQ_entry_buy 1200 → 600" in result.output
    row = world.ledger.signals.get(DAY, "golden")
    assert row.approved_sha256 == bytes_sha256(path.read_bytes())
    assert row.approval_expires_at == datetime(2024, 3, 15, 19, 55, tzinfo=UTC)
    assert row.approved_at == NOW
    assert screen(world, path)["standing"] == "approved"
    path.write_bytes(path.read_bytes() + b"\n")
    assert screen(world, path)["standing"] == "edited"


def refused(monkeypatch, world, command, path):
    result = invoke(monkeypatch, world, review, command, path)
    assert result.exit_code == 1  # the error itself; its exit code is the program's
    row = world.ledger.signals.get(DAY, "golden")
    assert row is None or row.approved_sha256 is None
    return result.exception


def test_approval_is_refused_with_every_finding(world, monkeypatch):
    path = generated(world)
    edit(
        path, lambda data: (data["orders"][1].update(quantity=-5), data["strategy"]["parameters"].update(x=1))
    )
    error = refused(monkeypatch, world, "approve", path)
    assert isinstance(error, SignalFileError)
    assert {finding.path for finding in error.findings} == {"$.orders[1].quantity", "$.strategy.parameters.x"}


def test_approval_is_refused_over_a_limit(world, monkeypatch):
    path = generated(world)
    edit(path, lambda data: data["orders"][1].update(quantity=120_000))
    assert isinstance(refused(monkeypatch, world, "approve", path), LimitError)


def test_approval_is_refused_after_the_window(tmp_path, monkeypatch):
    world = runtime(tmp_path, now=NOW + timedelta(minutes=6))
    error = refused(monkeypatch, world, "approve", generated(world))
    assert isinstance(error, LimitError)
    assert "closed at 2024-03-15T15:55:00-04:00" in str(error)


def test_offline_a_past_session_is_judged_at_its_own_time(tmp_path, monkeypatch):
    world = runtime(tmp_path, now=datetime(2026, 1, 5, tzinfo=UTC))
    path = generated(world)
    assert invoke(monkeypatch, world, review, "approve", path).exit_code == 0
    assert world.ledger.signals.get(DAY, "golden").approved_at == datetime(2024, 3, 15, 19, 45, tzinfo=UTC)


def test_approval_is_refused_for_a_file_this_ledger_never_generated(world, monkeypatch):
    path = generated(world)
    other = runtime(path.parents[1])
    error = refused(monkeypatch, other, "approve", path)
    assert "never generated" in str(error)


def test_approval_is_refused_for_a_shadow(world, monkeypatch):
    shadow = sample(strategy=sample().strategy.model_copy(update={"variant": "titan", "role": "shadow"}))
    error = refused(monkeypatch, world, "approve", generated(world, shadow, role="shadow"))
    assert "shadow" in str(error)


def test_approval_of_another_version_than_the_executed_one_is_refused(world, monkeypatch):
    path = generated(world)
    world.ledger.signals.executed(
        DAY, "golden", sha256=bytes_sha256(path.read_bytes()), content=path.read_text()
    )
    edit(path, lambda data: data["orders"][1].update(quantity=600))
    assert "already executed" in str(refused(monkeypatch, world, "approve", path))
    assert "already executed" in str(refused(monkeypatch, world, "skip", path))


def test_skip_and_back(world, monkeypatch):
    path = generated(world)
    assert invoke(monkeypatch, world, review, "skip", path).exit_code == 0
    shown = screen(world, path)
    assert shown["standing"] == "skipped"
    assert {order["held_because"] for order in shown["orders"]} == {"a person said skip"}
    assert invoke(monkeypatch, world, review, "approve", path).exit_code == 0
    assert screen(world, path)["standing"] == "approved"


def test_an_edited_date_still_finds_its_record_by_path(world):
    path = generated(world)
    edit(path, lambda data: data.update(trade_date="2024-03-18"))
    problems = {problem["path"]: problem["problem"] for problem in screen(world, path)["problems"]}
    assert problems == {"$.trade_date": "is 2024-03-18, but the session to trade is 2024-03-15"}


def test_a_broken_file_is_shown_with_its_problem(world, monkeypatch):
    path = generated(world)
    path.write_bytes(path.read_bytes()[:500])
    result = invoke(monkeypatch, world, review, "review", path)
    assert result.exit_code == 0
    assert "PROBLEM  $: truncated JSON" in result.output
    assert json.loads(invoke(monkeypatch, world, review, "review", path, "--json").output)["problems"]


def test_silence_is_announced(tmp_path):
    world = runtime(tmp_path, approval={"policy": "required"})
    shown = screen(world, generated(world))
    assert [order["held_because"] for order in shown["orders"]] == [
        None,
        "nobody answered: entry orders wait for approval",
        "nobody answered: entry orders wait for approval",
    ]


def test_the_conversation_edits_validates_and_approves(world, monkeypatch, tmp_path):
    path = generated(world)
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i \'s/"quantity": 1200/"quantity": 600/\' "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    monkeypatch.setattr("sys.stdin", Terminal("x\ne\na\n"))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    answers = iter(["x", "e", "a"])
    monkeypatch.setattr("typer.prompt", lambda *_a, **_k: next(answers))
    review_conversation.converse(lambda: inputs(world), path)
    row = world.ledger.signals.get(DAY, "golden")
    assert json.loads(path.read_bytes())["orders"][1]["quantity"] == 600
    assert row.approved_sha256 == bytes_sha256(path.read_bytes())


def test_a_broken_editor_is_one_clear_line(world, monkeypatch, tmp_path):
    monkeypatch.setenv("VISUAL", str(tmp_path / "no such editor"))
    with pytest.raises(UsageError, match="editor"):
        review_conversation.edit(read_case(inputs(world), generated(world)))


class Terminal:
    def __init__(self, text):
        self.text = text

    def isatty(self):
        return True


def titan():
    return sample(strategy=sample().strategy.model_copy(update={"variant": "titan"}))


def test_with_several_primaries_review_shows_all_and_an_answer_needs_a_name(tmp_path, monkeypatch):
    # two daily primaries may not trade the same symbols, one on request may
    world = runtime(tmp_path, books=[{"primary": "golden"}, {"primary": "titan", "run": "on_request"}])
    generated(world)
    generated(world, titan())
    shown = json.loads(invoke(monkeypatch, world, review, "review", "--json").output)
    assert [one["variant"] for one in shown["files"]] == ["golden", "titan"]
    error = invoke(monkeypatch, world, review, "approve").exception
    assert isinstance(error, UsageError)
    assert "trade_signals_2024-03-15_golden.json, trade_signals_2024-03-15_titan.json" in str(error)


def test_answers_as_documents(world, monkeypatch):
    path = generated(world)
    skipped = json.loads(invoke(monkeypatch, world, review, "skip", "--json").output)
    assert skipped == {"file": str(path), "answer": "skip"}
    approved = json.loads(invoke(monkeypatch, world, review, "approve", "--json").output)
    assert approved["sha256"] == bytes_sha256(path.read_bytes())
    assert approved["expires_at"] == "2024-03-15T15:55:00-04:00"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data["orders"][1].update(quantity=120_000), "make the orders smaller"),
        (lambda data: data["orders"][1].update(quantity=-1), "correct the file"),
    ],
)
def test_the_next_step_fits_what_is_wrong(world, change, words):
    path = generated(world)
    edit(path, change)
    assert words in screen(world, path)["next"]


def test_the_next_step_fits_what_happened(tmp_path):
    late = runtime(tmp_path, now=NOW + timedelta(hours=1))
    path = generated(late)
    shown = screen(late, path)
    assert "window is over" in shown["next"]
    assert "the execution window is over" in shown["warnings"]
    late.ledger.signals.executed(DAY, "golden", sha256="e" * 64, content=path.read_text())
    assert "already executed" in screen(late, path)["next"]
    assert "--state-db" in screen(runtime(tmp_path), path)["next"]


def test_an_early_close_is_a_warning(world):
    early = sample().session.model_copy(update={"close": "2024-03-15T13:00:00-04:00", "early_close": True})
    assert (
        screen(world, generated(world, sample(session=early)))["warnings"][0]
        == "early close at 13:00 New York"
    )


def test_skip_in_the_conversation(world, monkeypatch):
    path = generated(world)
    monkeypatch.setattr("sys.stdin", Terminal(""))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda *_a, **_k: "s")
    review_conversation.converse(lambda: inputs(world), path)
    assert world.ledger.signals.get(DAY, "golden").answer == "skip"
    monkeypatch.setattr("typer.prompt", lambda *_a, **_k: "q")
    review_conversation.converse(lambda: inputs(world), path)
    assert world.ledger.signals.get(DAY, "golden").answer == "skip"
