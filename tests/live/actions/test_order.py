"""Editing the orders of a file: judged before it is written, refused when nothing can come of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backtest.core.errors import LimitError, SignalFileError
from live.actions.order import edit_orders
from live.handoff.order_edits import OrderChange, changed, dropped
from live.model.run import asked_for
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.views.inputs import ViewInputs
from tests.support.user_world import FIRST, User, new_user

INSIDE = f"{FIRST}T15:56"


@pytest.fixture
def user(tmp_path: Path) -> User:
    made = new_user(tmp_path / "jutsu")
    assert made.generate(FIRST).code == 0
    return made


@contextmanager
def inputs(user: User, at: str = INSIDE) -> Iterator[ViewInputs]:
    with open_runtime("test", Options(config=user.config), asked_for(at)) as runtime:
        yield ViewInputs.of(runtime.context)


def test_the_differences_from_the_original_are_told(user: User) -> None:
    with inputs(user) as taken:
        done = edit_orders(
            taken, user.file(FIRST), lambda data, signal: dropped(data, signal, "QQQ"), actor="ann"
        )
        assert [(edit.kind, edit.order) for edit in done.edits] == [("deleted", "20240102_QQQ_entry_buy")]
        again = OrderChange(enabled=False)
        done = edit_orders(
            taken, user.file(FIRST), lambda data, signal: changed(data, signal, "TMF", again), actor="ann"
        )
    assert sorted(edit.kind for edit in done.edits) == ["deleted", "disabled"]
    assert user.rows("signal_files", "approved_sha256")[0] == (None,)


def test_what_exceeds_a_limit_is_not_written(user: User) -> None:
    before, much = user.file(FIRST).read_bytes(), OrderChange(quantity=1_000_000)
    with inputs(user) as taken, pytest.raises(LimitError):
        edit_orders(
            taken, user.file(FIRST), lambda data, signal: changed(data, signal, "QQQ", much), actor="ann"
        )
    assert user.file(FIRST).read_bytes() == before


def test_after_the_window_there_is_nothing_to_edit(user: User) -> None:
    with inputs(user, f"{FIRST}T17:00") as taken, pytest.raises(LimitError, match="window closed"):
        edit_orders(taken, user.file(FIRST), lambda data, signal: dropped(data, signal, "QQQ"), actor="ann")


def test_a_broken_file_is_refused_with_what_is_wrong(user: User) -> None:
    user.file(FIRST).write_text("{}")
    with inputs(user) as taken, pytest.raises(SignalFileError):
        edit_orders(taken, user.file(FIRST), lambda data, signal: dropped(data, signal, "QQQ"), actor="ann")
