"""Several books on one account: one that fails does not keep the others waiting."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from backtest.core.errors import (
    AuthenticationFailed,
    DataError,
    JutsuError,
    KillSwitchOn,
    SignalFileError,
    UnresolvedError,
)
from live.runtime.each_book import Turn, each_book


def take(turn: Turn, error: BaseException | None) -> None:
    """Do the work of one book, which may fail."""
    block: AbstractContextManager[None] = turn()
    with block:
        if error is not None:
            raise error


def run(*errors: BaseException | None) -> int:
    """Give every book its turn; return how many had one."""
    begun = 0
    with each_book() as turn:
        for error in errors:
            begun += 1
            take(turn, error)
    return begun


def test_without_errors_every_book_has_its_turn() -> None:
    assert run(None, None) == 2


def test_the_first_error_is_raised_after_all_turns_and_the_others_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = DataError("no bars", where="golden"), SignalFileError("bad file", where="titan")
    done: list[str] = []

    def books() -> None:
        with each_book() as turn:
            take(turn, first)
            take(turn, second)
            with turn():
                done.append("third")

    with pytest.raises(DataError) as raised:
        books()
    assert raised.value is first
    assert done == ["third"]
    assert capsys.readouterr().err == f"also: {second.line()}\n"


@pytest.mark.parametrize("kind", [KillSwitchOn, AuthenticationFailed, UnresolvedError])
def test_what_concerns_the_account_ends_all_turns(kind: type[JutsuError]) -> None:
    begun: list[int] = []

    def books() -> None:
        with each_book() as turn:
            for number in range(3):
                begun.append(number)
                take(turn, kind("for everybody") if number == 1 else None)

    with pytest.raises(kind):
        books()
    assert begun == [0, 1]


def test_a_bug_is_never_put_off() -> None:
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError(), None)
