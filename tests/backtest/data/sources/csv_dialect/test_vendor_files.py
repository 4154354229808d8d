"""Files as vendors write them: the nine folders of everyday downloads, heads, symbols, ambiguity, basis."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import DataError, UsageError
from backtest.data.sources.csv import read_directory, read_import
from backtest.data.sources.csv_dialect.model import Judged
from backtest.data.sources.csv_dialect.options import CsvOptions, csv_options, parse_columns
from backtest.data.sources.csv_dialect.symbols import symbol_of

IMPORT = CsvOptions(importing=True)
HEAD = "Date,Open,High,Low,Close,Volume"
ROWS = [
    "2026-11-24,100.5,101.25,99.75,100.25,1000",
    "2026-11-25,100.25,102,100.1,101.9,1200",
    "2026-11-27,101.9,103.0,101.0,102.5,800",
]


def put(folder: Path, text: str, name: str = "QQQ.csv") -> Path:
    (folder / name).write_text(text)
    return folder


def table(head: str = HEAD, rows: list[str] = ROWS) -> str:
    return "\n".join([head, *rows]) + "\n"


def one(folder: Path, options: CsvOptions = IMPORT) -> Judged:
    (judged,) = read_import(folder, options)
    return judged


def refusal(folder: Path, options: CsvOptions = IMPORT) -> str:
    with pytest.raises(DataError) as caught:
        read_import(folder, options)
    assert caught.value.exit_code == 5
    return caught.value.line()


# -- the nine folders ---------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize(
    "folder",
    [
        "alpha_vantage_newest_first",
        "history_with_time_zone",
        "investing_newest_first",
        "nasdaq_dollar_signs",
        "stooq_single",
        "yahoo_adjusted_with_null_row",
        "yfinance_two_header_rows",
    ],
)
def test_everyday_formats_give_the_known_bars(shared_data: Path, folder: str) -> None:
    judged = one(shared_data / "csv_formats" / folder)
    truth = read_directory(shared_data / "daily", ["QQQ"])["QQQ"]
    known = truth.since(date(2026, 3, 3)).until(date(2026, 8, 21))
    gap = {date(2026, 5, 13)} if folder.startswith("yahoo") else set()
    keep = [n for n, day in enumerate(known.dates.tolist()) if day not in gap]
    assert len(keep) == 120 - len(gap)
    assert judged.bars.symbol == "QQQ"
    assert judged.bars.dates.tolist() == known.dates[keep].tolist()
    rounded = folder in {"nasdaq_dollar_signs", "investing_newest_first"}  # these vendors give two decimals
    for name in ("open", "high", "low", "close"):
        for ours, exact in zip(getattr(judged.bars, name), getattr(known, name)[keep], strict=True):
            assert ours == (round(exact, 2) if rounded else exact)
    volume = known.volume[keep]
    assert abs(judged.bars.volume / volume - 1).max() <= (2e-4 if folder.startswith("investing") else 0)
    assert set(judged.gaps) == gap
    assert judged.bars.basis == "split"
    line = judged.recognised()
    assert "QQQ (from its name)" in line
    assert ("newest first" in line) == ("newest" in folder or folder.startswith("nasdaq"))


@pytest.mark.shared
def test_a_web_page_and_days_without_sessions_are_named(shared_data: Path) -> None:
    assert "this is a web page, not data" in refusal(shared_data / "csv_formats" / "web_page_saved_as_csv")
    line = refusal(shared_data / "csv_formats" / "month_first_dates_1200_rows")
    assert "371 of 1200 rows are on days without a session (dates read as MM/DD/YYYY)" in line
    assert "342 on week-ends, 29 on exchange holidays" in line


@pytest.mark.shared
def test_adjusted_closes_are_taken_when_wanted(shared_data: Path) -> None:
    folder = shared_data / "csv_formats" / "yahoo_adjusted_with_null_row"
    judged = one(folder, CsvOptions(importing=True, use_adj_close=True))
    assert judged.bars.close[0] == 582.797776
    assert judged.bars.basis == "total"
    assert "all four prices scaled by Adj Close / Close" in judged.recognised()


@pytest.mark.shared
def test_the_same_formats_serve_a_backtest(shared_data: Path) -> None:
    lines: list[Any] = []
    bars = read_directory(
        shared_data / "csv_formats" / "yfinance_two_header_rows", ["QQQ"], recognised=lines.append
    )
    assert len(bars["QQQ"]) == 120
    assert "3 header rows" in lines[0]
    with pytest.raises(DataError, match="1 session is missing: 2026-05-13"):  # a signal needs every session
        read_directory(shared_data / "csv_formats" / "yahoo_adjusted_with_null_row", ["QQQ"])


# -- symbols ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("QQQ", "QQQ"),
        ("qqq", "QQQ"),
        ("qqq_us_d", "QQQ"),
        ("qqq.us", "QQQ"),
        ("brk-b.us", "BRK-B"),
        ("BRK-B", "BRK-B"),
        ("BRK.B", "BRK.B"),
        ("QQQ Historical Data", "QQQ"),
        ("QQQ Historical Data (1)", "QQQ"),
        ("QQQ ETF Stock Price History", "QQQ"),
        ("daily_QQQ", "QQQ"),
        ("daily_adjusted_QQQ", "QQQ"),
        ("QQQ (2)", "QQQ"),
        ("NASDAQ_QQQ, 1D", "QQQ"),
        ("NYSE_DLY_IBM, 1D", "IBM"),
        ("NASDAQ:QQQ", "QQQ"),
        ("QQQ US Equity", "QQQ"),
        ("QQQ_2009-01-02_2026-08-21", "QQQ"),
        ("QQQ_daily", "QQQ"),
        ("^NDX", "^NDX"),
        ("$SPX", "SPX"),
        ("HistoricalData_1690000000000", None),
        ("table", None),
        ("data", None),
        ("prices (3)", None),
        ("daily_data", None),
        ("my notes", None),
        ("QQQ_SPY", None),
        ("QQQ, 1W", None),
        ("", None),
    ],
)
def test_symbols_in_the_spelling_of_vendors(name: str, symbol: str | None) -> None:
    assert symbol_of(name) == symbol


def test_an_unclear_name_needs_the_flag(tmp_path: Path) -> None:
    put(tmp_path, table(), "HistoricalData_1690000000000.csv")
    assert "--symbol SYMBOL" in refusal(tmp_path)
    judged = one(tmp_path, CsvOptions(symbol="QQQ", importing=True))
    assert judged.bars.symbol == "QQQ"
    assert "by --symbol" in judged.recognised()


def test_a_file_that_says_another_symbol_is_refused(tmp_path: Path) -> None:
    put(tmp_path, table("Ticker," + HEAD, [f"SPY,{row}" for row in ROWS]))
    assert "the file says it is SPY, its name says QQQ" in refusal(tmp_path)
    assert one(tmp_path, CsvOptions(symbol="QQQ", importing=True)).bars.symbol == "QQQ"
    with pytest.raises(DataError, match=r"jutsu data import FILE --symbol SPY or --symbol QQQ"):
        read_directory(tmp_path, ["QQQ"])


def test_one_symbol_of_several_is_taken_only_when_named(tmp_path: Path) -> None:
    rows = [f"{symbol},{row}" for row in ROWS for symbol in ("SPY.US", "QQQ.US")]
    put(tmp_path, table("<TICKER>," + HEAD, rows))
    assert "holds 2 symbols: QQQ, SPY" in refusal(tmp_path)
    assert one(tmp_path, CsvOptions(symbol="QQQ", importing=True)).bars.close.tolist() == [
        100.25,
        101.9,
        102.5,
    ]
    assert "no rows of TLT" in refusal(tmp_path, CsvOptions(symbol="TLT", importing=True))


def test_stacked_heads_of_several_symbols(tmp_path: Path) -> None:
    text = (
        "Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume\n"
        "Ticker,QQQ,SPY,QQQ,SPY,QQQ,SPY,QQQ,SPY,QQQ,SPY\nDate,,,,,,,,,,\n"
        "2026-11-24,100,600,101,601,99,599,100,600,5,6\n"
    )
    put(tmp_path, text, "data.csv")
    assert "holds 2 symbols" in refusal(tmp_path)
    assert one(tmp_path, CsvOptions(symbol="SPY", importing=True)).bars.close.tolist() == [600.0]
    lines = text.splitlines()
    put(tmp_path, "\n".join([lines[1], *lines[:1], *lines[2:]]) + "\n", "data.csv")  # grouped by ticker
    assert one(tmp_path, CsvOptions(symbol="QQQ", importing=True)).bars.close.tolist() == [100.0]


def test_a_share_class_is_found_in_either_spelling(tmp_path: Path) -> None:
    put(tmp_path, table(), "BRK-B.csv")
    assert list(read_directory(tmp_path, ["BRK.B"])) == ["BRK.B"]


# -- dates --------------------------------------------------------------------------------------------------


def test_dates_that_can_be_read_in_two_ways_need_the_flag(tmp_path: Path) -> None:
    put(tmp_path, table(rows=["03/04/2026,1,2,1,2,5", "03/05/2026,1,2,1,2,5"]))
    line = refusal(tmp_path)
    assert "can be read as MM/DD/YYYY or DD/MM/YYYY" in line
    assert "--date-format %m/%d/%Y or --date-format %d/%m/%Y" in line
    with pytest.raises(DataError, match="jutsu data import FILE --date-format"):
        read_directory(tmp_path, ["QQQ"])
    for words in ("%m/%d/%Y", "MM/DD/YYYY"):
        judged = one(tmp_path, CsvOptions(date_format=words, importing=True))
        assert judged.bars.dates.tolist() == [date(2026, 3, 4), date(2026, 3, 5)]


@pytest.mark.parametrize(
    "cells",
    [
        ["20261124", "20261125"],
        ["24.11.2026", "25.11.2026"],
        ["24-Nov-26", "25-Nov-26"],
        ["Tue, Nov 24, 2026", "Wed, Nov 25, 2026"],
        ["11/24/2026 4:00:00 PM", "11/25/2026 4:00:00 PM"],
        ["2026-11-24T21:00:00+00:00", "2026-11-25T21:00:00Z"],
        ["2026-11-24T05:00:00Z", "2026-11-25T04:00:00Z"],  # midnight in New York, one hour off
        ["2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"],
        ["1795532400", "1795618800"],
        ["1795532400000", "1795618800000"],
        ["1795532400000000", "1795618800000000"],
        ["1795532400000000000", "1795618800000000000"],
    ],
)
def test_date_formats(tmp_path: Path, cells: list[str]) -> None:
    put(tmp_path, table(HEAD.replace(",", ";"), [f"{cell};1;2;1;2;5" for cell in cells]))
    assert one(tmp_path).bars.dates.tolist() == [date(2026, 11, 24), date(2026, 11, 25)]


def test_midnights_of_a_foreign_zone_need_the_flag(tmp_path: Path) -> None:
    put(tmp_path, table(rows=["2026-11-25 00:00:00+09:00,1,2,1,2,5"]))
    assert "--date-format" in refusal(tmp_path)
    judged = one(tmp_path, CsvOptions(date_format="%Y-%m-%d 00:00:00+09:00", importing=True))
    assert judged.bars.dates.tolist() == [date(2026, 11, 25)]


def test_date_and_time_apart(tmp_path: Path) -> None:
    put(tmp_path, table("<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>", ["20261124,000000,1,2,1,2,5"]))
    assert one(tmp_path).bars.dates.tolist() == [date(2026, 11, 24)]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            ["2026-11-24 09:30:00,1,2,1,2,5", *(f"2026-11-24 09:3{n}:00,1,2,1,2,5" for n in range(1, 6))],
            "daily bars",
        ),
        (["nonsense,1,2,1,2,5", "more,1,2,1,2,5"], "in no format known here"),
        (
            ["2026-11-24,1,2,1,2,5", "2026-13-25,1,2,1,2,5", "2026-11-27,1,2,1,2,5"],
            "'2026-13-25' is not YYYY-MM-DD",
        ),
    ],
)
def test_rows_that_are_no_daily_bars(tmp_path: Path, rows: list[Any], words: str) -> None:
    assert words in refusal(put(tmp_path, table(rows=rows)))


# -- columns ------------------------------------------------------------------------------------------------


def test_columns_by_flag(tmp_path: Path) -> None:
    put(tmp_path, table("Day;Start;Top;Bottom;End;Count", [row.replace(",", ";") for row in ROWS]))
    assert "wrong header" in refusal(tmp_path)
    columns = parse_columns(["date=Day,open=Start", "high=#3", "low=Bottom", "close=End", "volume=Count"])
    assert one(tmp_path, CsvOptions(columns=columns, importing=True)).bars.close.tolist() == [
        100.25,
        101.9,
        102.5,
    ]


def test_a_file_without_a_header_needs_numbers(tmp_path: Path) -> None:
    put(tmp_path, "\n".join(ROWS) + "\n")
    line = refusal(tmp_path)
    assert "--map date=#1 --map open=#2" in line
    columns = {role: f"#{n}" for n, role in enumerate(("date", "open", "high", "low", "close", "volume"), 1)}
    assert len(one(tmp_path, CsvOptions(columns=columns, importing=True)).bars) == 3


def test_two_possible_columns_need_the_flag(tmp_path: Path) -> None:
    put(tmp_path, table(HEAD + ",Last", [f"{row},7" for row in ROWS]))
    assert "two columns could be close: Close, Last" in refusal(tmp_path)
    judged = one(tmp_path, CsvOptions(columns={"close": "Close"}, importing=True))
    assert judged.bars.close.tolist() == [100.25, 101.9, 102.5]


def test_row_labels_of_a_program_are_the_dates_only_without_others(tmp_path: Path) -> None:
    put(tmp_path, table(",Open,High,Low,Close,Volume"))
    assert len(one(tmp_path).bars) == 3
    put(tmp_path, table("," + HEAD, [f"{n},{row}" for n, row in enumerate(ROWS)]))
    assert len(one(tmp_path).bars) == 3


@pytest.mark.parametrize(
    "words",
    [
        {"columns": ["close"]},
        {"columns": ["clos=Last"]},
        {"columns": ["close=A", "close=B"]},
        {"date_format": "%Q"},
        {"date_format": "%Y-%m"},
        {"basis": "adjusted"},
        {"decimal": "point"},
        {"symbol": "no symbol at all"},
        {"basis": "raw", "use_adj_close": True},
    ],
)
def test_wrong_flags_are_usage_errors(words: dict[str, Any]) -> None:
    stated: dict[str, Any] = {
        "columns": [],
        "symbol": None,
        "date_format": None,
        "basis": None,
        "use_adj_close": False,
    }
    with pytest.raises(UsageError):
        csv_options(**{**stated, "decimal": None, **words})


# -- numbers, actions, basis --------------------------------------------------------------------------------


def test_thousands_or_decimals_need_the_flag(tmp_path: Path) -> None:
    put(tmp_path, table(rows=[f"2026-11-24,{','.join(['1,234'.join(chr(34) * 2)] * 4)},5"]))
    assert "--decimal dot or --decimal comma" in refusal(tmp_path)
    assert one(tmp_path, CsvOptions(decimal="dot", importing=True)).bars.close.tolist() == [1234.0]
    assert one(tmp_path, CsvOptions(decimal="comma", importing=True)).bars.close.tolist() == [1.234]


SPLIT_ROWS = [
    "2024-06-06,1200,1240,1180,1210,1000,0,0",
    "2024-06-07,1200,1220,1180,1208,1000,0.25,0",
    "2024-06-10,120,124,118,121,10000,0,10",
]


def test_actions_are_kept_and_the_basis_is_held_against_them(tmp_path: Path) -> None:
    put(tmp_path, table(HEAD + ",Dividends,Stock Splits", SPLIT_ROWS))
    line = refusal(tmp_path)
    assert "closes step from 1208 to 121 at the split 10:1 on 2024-06-10: the prices are raw" in line
    assert "--basis raw" in line
    judged = one(tmp_path, CsvOptions(basis="raw", importing=True))
    assert judged.bars.basis == "raw"
    assert [(a.kind, a.ratio, str(a.amount)) for a in judged.actions] == [
        ("dividend", Fraction(1), "0.25"),
        ("split", Fraction(10), "0"),
    ]
    adjusted = [SPLIT_ROWS[0].replace("1200,1240,1180,1210", "120,124,118,121"), SPLIT_ROWS[2]]
    put(tmp_path, table(HEAD + ",Dividends,Stock Splits", ["2024-06-07,120,124,118,121,9,0,0", adjusted[1]]))
    assert len(one(tmp_path).actions) == 1
    assert "do not step" in refusal(tmp_path, CsvOptions(basis="raw", importing=True))


@pytest.mark.parametrize(
    ("cell", "ratio"), [("4:3", Fraction(4, 3)), ("1.3333", Fraction(4, 3)), ("0.1", Fraction(1, 10))]
)
def test_split_ratios_are_exact(tmp_path: Path, cell: str, ratio: Fraction) -> None:
    put(tmp_path, table(HEAD + ",Split Factor", [f"2026-11-24,1,2,1,2,5,{cell}"]))
    assert [action.ratio for action in one(tmp_path).actions] == [ratio]


def test_a_symbol_for_a_folder_of_several_files_is_refused(tmp_path: Path) -> None:
    put(put(tmp_path, table()), table(), "SPY.csv")
    assert "give the file instead" in refusal(tmp_path, CsvOptions(symbol="QQQ", importing=True))
    assert len(read_import(tmp_path / "SPY.csv", IMPORT)) == 1
