"""The table of sessions is what its program writes from the library, and reads as Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from backtest.calendar import make_table, table

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
YEARS = ("2024", "2025")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The lists of a table of two years."""
    target = tmp_path_factory.mktemp("table") / "table.py"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make_table, "FIRST_YEAR", int(YEARS[0]))
        assert make_table.main(["--until", YEARS[1], "--output", str(target)]) == 0
    values: dict[str, str] = {}
    exec(compile(target.read_text(), str(target), "exec"), values)
    return values


@pytest.mark.parametrize("name", ["CLOSED", "LATE_OPENS", "EARLY_CLOSES"])
def test_its_lists_are_those_of_the_table_in_use(written: dict[str, str], name: str) -> None:
    used = [line for line in getattr(table, name).split("\n") if line.startswith(YEARS)]
    assert [line for line in written[name].split("\n") if line] == used


def test_it_says_its_range_and_who_made_it(written: dict[str, str]) -> None:
    assert (written["FIRST"], written["LAST"]) == ("2024-01-01", "2025-12-31")
    assert "never edit it" in written["__doc__"]


def test_without_a_year_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        make_table.main(["--output", str(tmp_path / "table.py")])
    assert caught.value.code == 2
    assert "--until" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
