"""Which reports of a session are made again: of the books that ran, in the variant that was named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live.reporting.making import execution_of, executions, validations
from tests.support.exec_world import DAY, ENTRY, NEXT_DAY, World, signal, world


@pytest.fixture
def made(tmp_path: Path) -> World:
    found = world(tmp_path)
    found.write(signal([ENTRY]))
    assert found.executor() == 0
    return found


def test_the_newest_session_is_meant_when_none_is_named(made: World) -> None:
    (report,) = executions(made.open().context, None)
    assert (report.kind, report.day, report.variant) == ("execution", DAY, "golden")
    assert report == executions(made.open().context, DAY, "golden")[0]


def test_it_knows_the_log_and_the_folder_it_was_kept_in(made: World) -> None:
    assert execution_of(made.open().context, DAY, "golden").model.log == f"logs/executor_{DAY}.log"


@pytest.mark.parametrize(("day", "variant"), [(NEXT_DAY, None), (DAY, "titan"), (date(2020, 1, 4), "golden")])
def test_a_session_or_book_that_never_ran_is_refused(made: World, day: date, variant: str | None) -> None:
    with pytest.raises(UsageError, match="the ledger has no run") as refused:
        executions(made.open().context, day, variant)
    newest = "both stages make the first one" if variant == "titan" else str(DAY)
    assert newest in refused.value.remedy


def test_a_session_without_a_file_cannot_be_validated_again(made: World) -> None:
    with pytest.raises(UsageError, match="the ledger has no signal file"):
        validations(made.open().context, made.feed, NEXT_DAY)


def test_a_ledger_without_any_run_has_no_newest_session(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the ledger has no run"):
        executions(world(tmp_path).open().context, None)
