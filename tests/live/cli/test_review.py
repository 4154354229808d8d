"""`jutsu review`, `approve`, `skip`: the screen, the conversation, the documents."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backtest.core.errors import UsageError
from live.cli import review
from live.handoff.canonical import bytes_sha256
from live.handoff.model import SignalFile
from live.settings.accounts import AccountNeeded
from live.system.json_text import plain
from live.views.review import read_review
from live.views.review_case import read_case
from tests.support.handoff_samples import sample
from tests.support.review_world import DAY, NOW, generated, inputs, invoke, runtime


@pytest.fixture
def world(tmp_path: Path) -> SimpleNamespace:
    return runtime(tmp_path)


def screen(world: SimpleNamespace, path: Path) -> dict[str, Any]:
    shown: dict[str, Any] = plain(read_review(inputs(world), read_case(inputs(world), path)))
    return shown


def edit(path: Path, change: Callable[..., Any]) -> None:
    data = json.loads(path.read_bytes())
    change(data)
    path.write_text(json.dumps(data, indent=2))


def test_warnings_are_printed_before_the_orders(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = invoke(monkeypatch, world, review, "review", generated(world))
    assert result.exit_code == 0
    assert "\x1b[" not in result.output
    assert result.output.index("WARNING  paper account") < result.output.index("sell 700 QQQ @ 100.00")
    assert "stop 45.00 gtc" in result.output
    assert "PSQ: weight_zero" in result.output
    assert result.output.rstrip().endswith("next: python -m live.executor")


def test_the_newest_primary_is_the_default(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    generated(world)
    generated(
        world, sample(strategy=sample().strategy.model_copy(update={"variant": "titan"})), role="shadow"
    )
    shown = json.loads(invoke(monkeypatch, world, review, "review", "--json").output)
    assert shown["variant"] == "golden"
    assert shown["standing"] == "auto"


def test_approving_binds_the_exact_bytes_until_the_window_closes(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_skip_and_back(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    path = generated(world)
    assert invoke(monkeypatch, world, review, "skip", path).exit_code == 0
    shown = screen(world, path)
    assert shown["standing"] == "skipped"
    assert {order["held_because"] for order in shown["orders"]} == {"a person said skip"}
    assert invoke(monkeypatch, world, review, "approve", path).exit_code == 0
    assert screen(world, path)["standing"] == "approved"


def test_a_broken_file_is_shown_with_its_problem(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = generated(world)
    path.write_bytes(path.read_bytes()[:500])
    result = invoke(monkeypatch, world, review, "review", path)
    assert result.exit_code == 2
    assert "PROBLEM  $: truncated JSON" in result.output
    assert json.loads(invoke(monkeypatch, world, review, "review", path, "--json").output)["problems"]


def titan() -> SignalFile:
    return sample(strategy=sample().strategy.model_copy(update={"variant": "titan"}))


def test_with_several_primaries_review_shows_all_and_an_answer_needs_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # two daily primaries may not trade the same symbols, one on request may
    world = runtime(tmp_path, books=[{"primary": "golden"}, {"primary": "titan", "run": "on_request"}])
    generated(world)
    generated(world, titan())
    shown = json.loads(invoke(monkeypatch, world, review, "review", "--json").output)
    assert [one["variant"] for one in shown["files"]] == ["golden", "titan"]
    error = invoke(monkeypatch, world, review, "approve").exception
    assert isinstance(error, UsageError)
    assert "trade_signals_2024-03-15_golden.json, trade_signals_2024-03-15_titan.json" in str(error)


def test_answers_as_documents(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    path = generated(world)
    skipped = json.loads(invoke(monkeypatch, world, review, "skip", "--json").output)
    assert skipped == {"file": str(path), "answer": "skip"}
    approved = json.loads(invoke(monkeypatch, world, review, "approve", "--json").output)
    assert approved["sha256"] == bytes_sha256(path.read_bytes())
    assert approved["expires_at"] == "2024-03-15T15:55:00-04:00"


def test_approve_takes_only_the_bytes_that_were_shown(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = generated(world)
    shown = json.loads(invoke(monkeypatch, world, review, "review", "--json").output)["sha256"]
    edit(path, lambda data: data["orders"][1].update(quantity=600))
    error = invoke(monkeypatch, world, review, "approve", path, "--sha256", shown).exception
    assert error.exit_code == 2
    assert "changed since it was shown" in str(error)
    assert world.ledger.signals.get(DAY, "golden").approved_sha256 is None
    now = bytes_sha256(path.read_bytes())
    assert invoke(monkeypatch, world, review, "approve", path, "--sha256", now).exit_code == 0


def test_a_refusal_for_want_of_an_account_proposes_the_one_the_file_names(tmp_path: Path) -> None:
    named = tmp_path / "signals.json"
    named.write_text('{"inputs": {"account": {"reference": "ira/paper"}}}')
    with pytest.raises(AccountNeeded, match="as in --account ira"), review.proposing_account(named):
        raise AccountNeeded(("taxable", "ira"))
