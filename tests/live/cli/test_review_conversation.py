"""The conversation of `jutsu review`: an answer is for the bytes that were shown, at the time it is given."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backtest.core.errors import LimitError, UsageError
from live.actions.errors import FileChangedError
from live.cli import review_conversation
from live.handoff.canonical import bytes_sha256
from live.views.review_case import read_case
from tests.support.review_world import DAY, NOW, generated, inputs, runtime


@pytest.fixture
def world(tmp_path: Path) -> SimpleNamespace:
    return runtime(tmp_path)


def edit(path: Path, change: Callable[..., Any]) -> None:
    data = json.loads(path.read_bytes())
    change(data)
    path.write_text(json.dumps(data, indent=2))


def test_the_conversation_edits_validates_and_approves(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
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


def test_a_broken_editor_is_one_clear_line(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VISUAL", str(tmp_path / "no such editor"))
    with pytest.raises(UsageError, match="editor"):
        review_conversation.edit(world.ledger, read_case(inputs(world), generated(world)))


class Terminal:
    def __init__(self, text: str) -> None:
        self.text = text

    def isatty(self) -> bool:
        return True


def test_skip_in_the_conversation(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    path = generated(world)
    monkeypatch.setattr("sys.stdin", Terminal(""))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda *_a, **_k: "s")
    review_conversation.converse(lambda: inputs(world), path)
    assert world.ledger.signals.get(DAY, "golden").answer == "skip"
    monkeypatch.setattr("typer.prompt", lambda *_a, **_k: "q")
    review_conversation.converse(lambda: inputs(world), path)
    assert world.ledger.signals.get(DAY, "golden").answer == "skip"


def conversation(world: Any, path: Any, monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    """Answer once; `answer` is called while the person thinks and returns what they type."""
    monkeypatch.setattr("sys.stdin", Terminal(""))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda *_a, **_k: answer())
    review_conversation.converse(lambda: inputs(world), path)


@pytest.mark.parametrize("letter", ["a", "s"])
def test_an_answer_is_for_the_bytes_on_the_screen(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    path = generated(world)

    def meanwhile() -> Any:
        edit(path, lambda data: data["orders"][1].update(quantity=600))
        return letter

    with pytest.raises(FileChangedError):
        conversation(world, path, monkeypatch, meanwhile)
    row = world.ledger.signals.get(DAY, "golden")
    assert (row.approved_sha256, row.answer) == (None, None)


def test_an_answer_is_judged_when_it_is_given(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = generated(world)

    def too_late() -> str:
        world.clock.set(NOW + timedelta(minutes=6))
        return "a"

    with pytest.raises(LimitError, match="window closed"):
        conversation(world, path, monkeypatch, too_late)


def test_an_edit_of_a_file_that_changed_meanwhile_is_kept_aside(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = generated(world)
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\necho mine > "$1"\necho theirs > "{path}"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    with pytest.raises(FileChangedError, match="your edit was not taken") as caught:
        review_conversation.edit(world.ledger, read_case(inputs(world), path))
    assert path.read_text() == "theirs\n"
    kept = path.with_name(f".edit-{path.name}")
    assert kept.read_text() == "mine\n"
    assert str(kept) in caught.value.line()


def test_without_a_terminal_it_shows_and_asks_nothing(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("typer.prompt", lambda *_a, **_k: pytest.fail("nobody is there to answer"))
    review_conversation.converse(lambda: inputs(world), generated(world))
    assert "sell 700 QQQ" in capsys.readouterr().out


@pytest.mark.parametrize("state", ["executed", "window over", "never generated here"])
def test_what_cannot_be_answered_any_more_is_only_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    world = runtime(tmp_path, now=NOW + timedelta(hours=1) if state == "window over" else NOW)
    path = generated(runtime(tmp_path / "other") if state == "never generated here" else world)
    if state == "executed":
        world.ledger.signals.executed(DAY, "golden", sha256="e" * 64, content=path.read_text())
    conversation(world, path, monkeypatch, lambda: pytest.fail("it was asked"))


def test_a_file_with_problems_cannot_be_approved(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = generated(world)
    edit(path, lambda data: data["orders"][1].update(quantity=-1))
    answers = iter(["a", "q"])
    conversation(world, path, monkeypatch, lambda: next(answers))
    assert world.ledger.signals.get(DAY, "golden").approved_sha256 is None
