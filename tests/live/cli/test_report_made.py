"""`jutsu report execution | validation`: made again by hand, the same bytes as the programs left."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tests.support.user_world import FIRST, SECOND, User, new_user, write_demo_prices


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    root = tmp_path_factory.mktemp("made")
    made = new_user(root / "project", write_demo_prices(root / "prices", end=date.fromisoformat(SECOND)))
    for day in (FIRST, SECOND):
        made.trade(day)
    return made


def reports(user: User) -> Path:
    return user.root / "state" / "reports"


def files(user: User) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in reports(user).iterdir()}


def test_an_execution_report_is_made_again_byte_for_byte(user: User) -> None:
    before = files(user)
    ran = user.jutsu("report", "execution", SECOND)
    assert ran.code == 0, ran.text
    assert ran.out == (reports(user) / f"execution_{SECOND}_golden.txt").read_text()
    assert files(user) == before


def test_without_a_date_it_is_the_newest_session(user: User) -> None:
    document = json.loads(user.jutsu("report", "execution", "--json").out)
    assert (document["session"], document["variant"]) == (SECOND, "golden")


def test_a_validation_is_made_again_as_validate_left_it(user: User) -> None:
    prices = ("--prices", str(user.prices))
    assert user.jutsu("validate", "--date", SECOND, *prices).code == 0
    before = files(user)
    assert {f"validation_{SECOND}_{name}.html" for name in ("golden", "titan")} <= before.keys()
    rows = user.rows("system_state")
    ran = user.jutsu("report", "validation", SECOND, *prices)
    assert ran.code == 0, ran.text
    assert files(user) == before
    assert user.rows("system_state") == rows
    one = user.jutsu("report", "validation", SECOND, "--variant", "titan", "--json", *prices)
    assert json.loads(one.out)["variant"] == "titan"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("execution", "2024-01-08"), "the ledger has no run on 2024-01-08"),
        (("execution", FIRST, "--variant", "titan"), f"the ledger has no run of titan on {FIRST}"),
        (("validation", "2024-01-08"), "the ledger has no signal file on 2024-01-08"),
        (("execution", "yesterday"), "'yesterday' is not a date"),
    ],
)
def test_what_is_not_there_is_exit_2_with_what_to_do(
    user: User, arguments: tuple[str, ...], problem: str
) -> None:
    ran = user.jutsu("report", *arguments)
    assert ran.code == 2
    assert problem in ran.err


def test_a_folder_that_cannot_be_written_is_said(user: User, tmp_path: Path) -> None:
    broken = user.copy(tmp_path / "copy")
    for path in reports(broken).iterdir():
        path.unlink()
    reports(broken).rmdir()
    reports(broken).write_text("a file where the folder was")
    ran = broken.jutsu("report", "execution")
    assert ran.code == 2
    assert "cannot be written" in ran.err


def test_a_week_and_a_month_of_the_trial_are_made_twice_the_same(user: User) -> None:
    prices = ("--prices", str(user.prices))
    for kind, day, name in (("weekly", "2024-01-07", "2024-01-07"), ("monthly", "2024-02-10", "2024-02-01")):
        ran = user.jutsu("report", kind, day, *prices)
        assert ran.code == 0, ran.text
        path = reports(user) / f"{kind}_{name}.txt"
        assert ran.out == path.read_text()
        assert "sessions           2 of 2 carried out" in ran.out
        assert "backtest           -" in ran.out or "backtest           +" in ran.out
        first = {n: b for n, b in files(user).items() if n.startswith(kind)}
        assert json.loads(user.jutsu("report", kind, day, "--json", *prices).out)["account"] == "paper"
        second = {n: b for n, b in files(user).items() if n.startswith(kind) and n.endswith("txt")}
        if kind == "weekly":
            assert second == {n: b for n, b in first.items() if n.endswith("txt")}


def test_a_period_is_mailed_once_and_a_month_not_before_its_day(user: User, tmp_path: Path) -> None:
    mine = user.copy(tmp_path / "mine")
    prices = ("--prices", str(user.prices))
    first = mine.jutsu("report", "weekly", "2024-01-07", "--mail", *prices)
    assert first.code == 0, first.text
    titles = [title for (title,) in mine.rows("alerts", "title") if title.startswith("weekly")]
    assert titles == ["weekly report 2024-01-01 to 2024-01-07 NO-GO"]
    assert (
        mine.jutsu("report", "weekly", "2024-01-07", "--mail", *prices).out
        == "already sent: weekly_2024-01-07\n"
    )
    early = mine.jutsu("report", "monthly", "2024-09-02", "--mail", *prices)  # Labor Day
    assert early.out == "the report of 2024-08 is due on 2024-09-03\n"
    assert mine.jutsu("report", "monthly", "2024-09-03", "--mail", *prices).code == 0
    again = mine.jutsu("report", "monthly", "2024-09-04", "--mail", *prices)
    assert again.out == "already sent: monthly_2024-09-03\n"
