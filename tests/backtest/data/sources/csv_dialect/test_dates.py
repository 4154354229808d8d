"""The one format of a column of dates, and the sessions of instants."""

from __future__ import annotations

from datetime import date

import pytest

from backtest.core.errors import DataError
from backtest.data.sources.csv_dialect.dates import read_dates
from backtest.data.sources.csv_dialect.options import CsvOptions

PLAIN = CsvOptions()


def days(*cells: str, options: CsvOptions = PLAIN) -> list[str | None]:
    return [None if day is None else day.isoformat()[5:] for day in read_dates(cells, options).days]


def test_a_day_above_twelve_says_which_is_the_month() -> None:
    assert days("03/04/2024", "03/25/2024") == ["03-04", "03-25"]
    assert days("04/03/2024", "25/03/2024") == ["03-04", "03-25"]


def test_dates_that_can_be_read_in_two_ways_are_asked_about() -> None:
    with pytest.raises(DataError, match="can be read as") as failed:
        read_dates(["03/04/2024", "05/06/2024"], PLAIN)
    assert "--date-format %m/%d/%Y" in str(failed.value.remedy)
    assert "--date-format %d/%m/%Y" in str(failed.value.remedy)
    assert days("03/04/2024", options=CsvOptions(date_format="DD/MM/YYYY")) == ["04-03"]


def test_two_ways_with_the_same_days_are_one() -> None:
    assert days("03/03/2024", "05/05/2024") == ["03-03", "05-05"]


def test_a_wrong_cell_is_left_open_and_can_be_named() -> None:
    found = read_dates(["2024-03-04", "2024-03-32", "", "2024-03-06"], PLAIN)
    assert found.days == (date(2024, 3, 4), None, None, date(2024, 3, 6))
    assert found.problem("2024-03-32") == "date '2024-03-32' is not YYYY-MM-DD"
    assert found.problem("") == "date is blank"


@pytest.mark.parametrize("cells", [["soon", "later"], ["", ""], ["2024-03-04", "x", "y", "z"]])
def test_no_format_for_at_least_half_is_no_column_of_dates(cells: list[str]) -> None:
    with pytest.raises(DataError, match="in no format known here"):
        read_dates(cells, PLAIN)


def test_a_format_that_was_asked_for_and_does_not_fit() -> None:
    with pytest.raises(DataError, match=r"are not %d\.%m\.%Y"):
        read_dates(["2024-03-04"], CsvOptions(date_format="%d.%m.%Y"))


def test_midnights_label_the_day_as_written() -> None:
    """In winter and in summer, and whatever the offset New York is said to have."""
    assert days("2024-03-04 00:00:00-05:00", "2024-07-01 00:00:00-04:00") == ["03-04", "07-01"]
    assert days("2024-03-04T00:00:00Z", "2024-03-05T00:00:00Z") == ["03-04", "03-05"]


def test_other_instants_are_days_in_new_york() -> None:
    """Closes in UTC; 23:30 in New York is a midnight in the winter's offset, and labels the next day."""
    assert days("2024-03-04T21:00:00Z", "2024-03-05T21:00:00Z") == ["03-04", "03-05"]
    assert days("2024-07-01T03:00:00Z", "2024-07-02T04:00:00Z") == ["07-01", "07-02"]


def test_midnights_of_another_zone_are_no_session() -> None:
    with pytest.raises(DataError, match="midnights of another time zone"):
        read_dates(["2024-03-05T00:00:00+09:00", "2024-03-06T00:00:00+09:00"], PLAIN)
