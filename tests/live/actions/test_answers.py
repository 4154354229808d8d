"""Approve and skip: what is bound, what is refused, and that nothing is stored when it is refused."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import JutsuError, LimitError, SignalFileError, UsageError
from live.actions.answers import approve, skip
from live.actions.errors import FileChangedError
from live.handoff.canonical import bytes_sha256
from tests.support.handoff_samples import sample
from tests.support.review_world import DAY, NOW, generated, inputs, runtime


@pytest.fixture
def world(tmp_path: Path) -> Any:
    return runtime(tmp_path)


def edit(path: Any, change: Any) -> None:
    data = json.loads(path.read_bytes())
    change(data)
    path.write_text(json.dumps(data, indent=2))


def row(world: Any) -> Any:
    return world.ledger.signals.get(DAY, "golden")


def refused(world: Any, path: Any, kind: Any = JutsuError, act: Any = approve, **more: Any) -> Any:
    before = None if row(world) is None else (row(world).approved_sha256, row(world).answer)
    with pytest.raises(kind) as caught:
        act(inputs(world), path, actor="me", **more)
    assert (None if row(world) is None else (row(world).approved_sha256, row(world).answer)) == before
    return caught.value


def test_an_approval_binds_exact_bytes_a_person_and_a_window(world: Any) -> None:
    path = generated(world)
    edit(path, lambda data: data["orders"][1].update(enabled=False))
    done = approve(inputs(world), path, actor="x" * 80)
    assert done.sha256 == bytes_sha256(path.read_bytes()) == row(world).approved_sha256
    assert row(world).approved_by == "x" * 64
    assert row(world).approval_expires_at == datetime(2024, 3, 15, 19, 55, tzinfo=UTC)
    assert (done.orders, done.enabled) == (3, 2)
    assert done.edits == ("$.orders[1].enabled: 20240315_TQQQ_entry_buy disabled",)
    assert world.ledger.runs.get(DAY, "golden").approved_at == NOW


def test_only_the_bytes_that_were_shown_are_approved(world: Any) -> None:
    path = generated(world)
    shown = bytes_sha256(path.read_bytes())
    edit(path, lambda data: data["orders"][1].update(quantity=600))
    error = refused(world, path, FileChangedError, sha256=shown)
    assert error.exit_code == 2
    assert shown[:12] in error.line()
    refused(world, path, FileChangedError, act=skip, sha256=shown)
    now = bytes_sha256(path.read_bytes())
    assert approve(inputs(world), path, actor="me", sha256=now).sha256 == now


@pytest.mark.parametrize("text", ["", "abc", "A" * 64, "g" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n"])
def test_a_digest_that_is_none_is_a_usage_error(world: Any, text: Any) -> None:
    assert "no SHA-256" in str(refused(world, generated(world), UsageError, sha256=text))


def test_every_finding_of_an_invalid_file_is_named(world: Any) -> None:
    path = generated(world)
    edit(
        path, lambda data: (data["orders"][1].update(quantity=-5), data["strategy"]["parameters"].update(x=1))
    )
    error = refused(world, path, SignalFileError)
    assert {finding.path for finding in error.findings} == {"$.orders[1].quantity", "$.strategy.parameters.x"}


def test_a_limit_that_is_exceeded(world: Any) -> None:
    path = generated(world)
    edit(path, lambda data: data["orders"][1].update(quantity=120_000))
    refused(world, path, LimitError)


def test_after_the_window(tmp_path: Path) -> None:
    world = runtime(tmp_path, now=NOW + timedelta(minutes=6))
    assert "closed at 2024-03-15T15:55:00-04:00" in str(refused(world, generated(world), LimitError))


def test_offline_a_past_session_is_judged_at_its_own_time(tmp_path: Path) -> None:
    world = runtime(tmp_path, now=datetime(2026, 1, 5, tzinfo=UTC))
    approve(inputs(world), generated(world), actor="me")
    assert row(world).approved_at == datetime(2024, 3, 15, 19, 45, tzinfo=UTC)


def test_a_file_this_ledger_never_generated(world: Any) -> None:
    path = generated(world)
    other = runtime(path.parents[1])
    assert "never generated" in str(refused(other, path))
    assert "never generated" in str(refused(other, path, act=skip))


def test_a_shadow_is_never_approved(world: Any) -> None:
    shadow = sample(strategy=sample().strategy.model_copy(update={"variant": "titan", "role": "shadow"}))
    assert "shadow" in str(refused(world, generated(world, shadow, role="shadow")))


def test_another_version_than_the_executed_one(world: Any) -> None:
    path = generated(world)
    world.ledger.signals.executed(
        DAY, "golden", sha256=bytes_sha256(path.read_bytes()), content=path.read_text()
    )
    edit(path, lambda data: data["orders"][1].update(quantity=600))
    assert "already executed" in str(refused(world, path))
    assert "already executed" in str(refused(world, path, act=skip))


def test_skip_and_back(world: Any) -> None:
    path = generated(world)
    assert skip(inputs(world), path, actor="me").answer == "skip" == row(world).answer
    approve(inputs(world), path, actor="you")
    assert row(world).answer == "approve"
    written = [
        (entry.actor, entry.action, entry.subject, entry.outcome) for entry in world.ledger.audit.all()
    ]
    assert written == [("me", "skip", path.name, "done"), ("you", "approve", path.name, "done")]
    assert row(world).approved_sha256 in world.ledger.audit.all()[-1].after
