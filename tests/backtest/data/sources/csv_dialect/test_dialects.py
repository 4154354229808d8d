"""The product of all dialects: known bars, written in a drawn dialect, come back as they were."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from backtest.data.sources.csv import judge_csv
from backtest.data.sources.csv_dialect.model import Judged
from backtest.data.sources.csv_dialect.options import CsvOptions

NEW_YORK = ZoneInfo("America/New_York")
IMPORT = CsvOptions(importing=True)
FIELDS = ("open", "high", "low", "close", "volume")

# Names of one vendor go together; a column of prices may have any of them.
NAMES = {
    "date": ("date", "Date", "timestamp", "Trade Date", "<DATE>", "Datum", "day"),
    "open": ("open", "Open", "1. open", "<OPEN>", "Opening Price"),
    "high": ("high", "High", "2. high", "Max", "Tageshoch"),
    "low": ("low", "Low", "3. low", "Min", "Tief"),
    "close": ("close", "Close/Last", "Price", "4. close", "Closing Price", "Schlusskurs"),
    "volume": ("volume", "Vol.", "5. volume", "Total Volume", "<VOL>"),
}
EXTRA = ("Change %", "OpenInt", "VWAP", "currency")
DATES = {
    "%Y-%m-%d": None,
    "%Y/%m/%d": None,
    "%Y%m%d": None,
    "%m/%d/%Y": None,
    "%d/%m/%Y": None,
    "%d.%m.%Y": None,
    "%b %d, %Y": None,
    "%d-%b-%Y": None,
    "%d-%b-%y": None,
    "%m/%d/%y": None,
    "%Y-%m-%d %H:%M:%S": None,
    "%m/%d/%Y 16:00:00": None,
    "new york midnight": lambda d: datetime.combine(d, time(), NEW_YORK).isoformat(" "),
    "fixed offset": lambda d: f"{d} 00:00:00-04:00",
    "utc midnight": lambda d: f"{d}T00:00:00Z",
    "utc of the close": lambda d: (
        f"{datetime.combine(d, time(16), NEW_YORK).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    ),
    "epoch_s": lambda d: str(int(datetime.combine(d, time(9, 30), NEW_YORK).timestamp())),
    "epoch_ms": lambda d: str(int(datetime.combine(d, time(), NEW_YORK).timestamp()) * 1000),
    "epoch of utc midnight": lambda d: str(int(datetime.combine(d, time(), UTC).timestamp())),
}


@dataclass(frozen=True)
class Known:
    """Bars as decimal text: the exact values that must come back."""

    days: list[date]
    rows: list[tuple[Decimal, ...]]


@st.composite
def known_bars(draw: Callable[..., Any], least: int = 1) -> Known:
    start = draw(st.dates(date(1995, 1, 3), date(2026, 6, 1)))
    count = draw(st.integers(least, 40))
    days = calendar.session_dates(start, date(2026, 12, 31))[:count].tolist()
    rows = []
    for _ in days:
        cents = draw(st.lists(st.integers(100, 4_000_000), min_size=4, max_size=4))
        low, *middle, high = sorted(cents)
        volume = Decimal(draw(st.integers(0, 99_999)) * 10_000)
        rows.append((*(Decimal(c) / 100 for c in (middle[0], high, low, middle[1])), volume))
    return Known(days, rows)


@dataclass(frozen=True)
class Writing:
    """One dialect."""

    delimiter: str
    quote_all: bool
    decimal: str
    thousands: str
    currency: str
    short_volume: bool
    dates: str
    newest_first: bool
    encoding: str
    line_end: str
    names: dict[str, str]
    order: tuple[str, ...]
    extra: tuple[str, ...]
    preamble: int
    sep_hint: bool
    packed: bool

    def price(self, value: Decimal) -> str:
        text = f"{value:,.2f}" if self.thousands else f"{value:.2f}"
        swapped = text.translate({ord(","): self.thousands, ord("."): self.decimal})
        return self.currency + swapped

    def volume(self, value: Decimal) -> str:
        if self.short_volume:
            return f"{value / 1_000_000:.2f}M".replace(".", self.decimal)
        text = f"{value:,.0f}" if self.thousands else f"{value:.0f}"
        return text.replace(",", self.thousands)

    def day(self, day: date) -> str:
        special = DATES[self.dates]
        return day.strftime(self.dates) if special is None else special(day)

    def write(self, known: Known) -> bytes:
        buffer = io.StringIO()
        quoting: Literal[0, 1] = csv.QUOTE_ALL if self.quote_all else csv.QUOTE_MINIMAL
        out = csv.writer(buffer, delimiter=self.delimiter, quoting=quoting, lineterminator=self.line_end)
        for n in range(self.preamble):
            out.writerow([f"title {n}"])
        out.writerow([*(self.names[role] for role in self.order), *self.extra])
        pairs = list(zip(known.days, known.rows, strict=True))
        for day, row in reversed(pairs) if self.newest_first else pairs:
            cells = {role: self.price(value) for role, value in zip(FIELDS[:4], row, strict=False)}
            cells |= {"date": self.day(day), "volume": self.volume(row[4])}
            out.writerow([*(cells[role] for role in self.order), *("x" for _ in self.extra)])
        hint = f"sep={self.delimiter}{self.line_end}" if self.sep_hint else ""
        content = (hint + buffer.getvalue()).encode(self.encoding)
        return gzip.compress(content) if self.packed else content


@st.composite
def writings(draw: Callable[..., Any]) -> Writing:
    decimal, thousands = draw(st.sampled_from([(".", ""), (".", ","), (",", ""), (",", "."), (".", " ")]))
    return Writing(
        delimiter=draw(st.sampled_from(",;\t|")),
        quote_all=draw(st.booleans()),
        decimal=decimal,
        thousands=thousands,
        currency=draw(st.sampled_from(["", "", "$", "€", "USD "])),
        short_volume=draw(st.booleans()),
        dates=draw(st.sampled_from(sorted(DATES))),
        newest_first=draw(st.booleans()),
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
        line_end=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        names={role: draw(st.sampled_from(names)) for role, names in NAMES.items()},
        order=tuple(draw(st.permutations(sorted(NAMES)))),
        extra=tuple(draw(st.lists(st.sampled_from(EXTRA), unique=True, max_size=2))),
        preamble=draw(st.integers(0, 2)),
        sep_hint=draw(st.booleans()),
        packed=draw(st.booleans()),
    )


def read(tmp_path_factory: Any, content: bytes, options: Any = IMPORT, name: str = "qqq_us_d.csv") -> Judged:
    path = tmp_path_factory.mktemp("csv") / name
    path.write_bytes(content)
    return judge_csv(path, "QQQ", options=options)


def assert_same(judged: Judged, known: Known) -> None:
    assert [str(found.finding) for found in judged.findings] == []
    assert judged.bars.symbol == "QQQ"
    assert judged.bars.dates.tolist() == known.days
    for place, name in enumerate(FIELDS):
        assert getattr(judged.bars, name).tolist() == [float(row[place]) for row in known.rows]


@settings(max_examples=250)
@given(known_bars(), writings())
def test_every_dialect_gives_the_same_bars_or_names_the_flag(
    tmp_path_factory: pytest.TempPathFactory, known: Known, writing: Writing
) -> None:
    judged = read(tmp_path_factory, writing.write(known))
    if judged.findings:  # short files can be open; then, and only then, the flags decide
        (only,) = judged.findings
        assert "say which: --" in only.finding.remedy
        named = writing.dates if DATES[writing.dates] is None else None
        options = CsvOptions(
            importing=True,
            date_format=named if "--date-format" in only.finding.remedy else None,
            decimal="dot" if writing.decimal == "." else "comma",
        )
        judged = read(tmp_path_factory, writing.write(known), options)
    assert_same(judged, known)
    assert judged.recognised().startswith("qqq_us_d.csv: QQQ")


@given(known_bars(least=25), writings())
def test_a_month_of_bars_is_never_open_in_its_dates(
    tmp_path_factory: pytest.TempPathFactory, known: Known, writing: Writing
) -> None:
    judged = read(tmp_path_factory, writing.write(known), CsvOptions(importing=True, decimal=_sign(writing)))
    assert_same(judged, known)


def _sign(writing: Writing) -> Literal["dot", "comma"]:
    return "dot" if writing.decimal == "." else "comma"


@given(st.lists(st.integers(1, 999_999), min_size=1, max_size=5), st.sampled_from(";\t|,"), writings())
def test_whole_numbers_in_groups_are_right_or_refused(
    tmp_path_factory: pytest.TempPathFactory, prices: list[int], delimiter: str, writing: Writing
) -> None:
    """1,234 and 1.234 are both a thousand and more, or little more than one: never a silent choice."""
    days = calendar.session_dates(date(2024, 1, 2), date(2024, 3, 1))[: len(prices)].tolist()
    known = Known(days, [(Decimal(p),) * 4 + (Decimal(1_000),) for p in prices])
    grouped = replace(
        writing, delimiter=delimiter, quote_all=True, dates="%Y-%m-%d", currency="", short_volume=False
    )
    judged = read(tmp_path_factory, Grouped(**vars_of(grouped)).write(known))
    if not judged.findings:
        assert_same(judged, known)


class Grouped(Writing):
    """Prices without decimals."""

    def price(self, value: Decimal) -> str:
        return self.volume(value)


def vars_of(writing: Writing) -> dict[str, Any]:
    return {field.name: getattr(writing, field.name) for field in fields(writing)}


@given(known_bars(least=3), st.integers(0, 2), st.sampled_from(["null", "", "N/A", "NaN", "-"]))
def test_a_row_of_nulls_is_a_named_gap_and_never_a_zero(
    tmp_path_factory: pytest.TempPathFactory, known: Known, where: int, word: str
) -> None:
    lines = ["Date,Open,High,Low,Close,Adj Close,Volume"]
    empty = known.days[min(where, len(known.days) - 1)]
    for day, row in zip(known.days, known.rows, strict=True):
        cells = [word] * 6 if day == empty else [*map(str, row[:4]), str(row[3]), str(row[4])]
        lines.append(",".join([str(day), *cells]))
    judged = read(tmp_path_factory, "\n".join(lines).encode() + b"\n")
    kept = [n for n, day in enumerate(known.days) if day != empty]
    assert_same(judged, Known([known.days[n] for n in kept], [known.rows[n] for n in kept]))
    assert judged.gaps == ((empty,) if known.days[0] < empty < known.days[-1] else ())


@given(known_bars(), st.integers(1, 9))
def test_adjusted_closes_scale_all_four_prices(
    tmp_path_factory: pytest.TempPathFactory, known: Known, tenths: int
) -> None:
    lines = ["Date,Open,High,Low,Close,Adj Close,Volume"]
    factor = Decimal(tenths) / 10
    lines += [
        ",".join(map(str, [day, *row[:4], row[3] * factor, row[4]]))
        for day, row in zip(known.days, known.rows, strict=True)
    ]
    content = "\n".join(lines).encode() + b"\n"
    taken = read(tmp_path_factory, content)
    assert_same(taken, known)
    assert taken.bars.basis == "split"
    scaled = read(tmp_path_factory, content, CsvOptions(importing=True, use_adj_close=True)).bars
    assert scaled.basis == "total"
    for name in FIELDS[:4]:
        np.testing.assert_allclose(
            getattr(scaled, name), getattr(taken.bars, name) * float(factor), rtol=1e-12
        )
    assert scaled.volume.tolist() == taken.bars.volume.tolist()


@pytest.mark.parametrize("rows", [999, 1000, 1200, 5000])
@pytest.mark.parametrize("wrong", ["01/02/2019", "2019-02-30", "2019-13-01", "garbage!!!", "2019-1-32", ""])
def test_a_wrong_date_in_a_long_file_is_one_clear_error(
    tmp_path_factory: pytest.TempPathFactory, rows: int, wrong: str
) -> None:
    days = calendar.session_dates(date(2000, 1, 3), date(2026, 8, 21))[:rows].tolist()
    lines = ["date,open,high,low,close,volume", *(f"{day},100,101,99,100,1000" for day in days)]
    lines[rows // 2] = f"{wrong},100,101,99,100,1000"
    judged = read(tmp_path_factory, "\n".join(lines).encode() + b"\n")
    place = f"qqq_us_d.csv:{rows // 2 + 1}"
    assert [f.finding.path for f in judged.findings if "missing" not in f.finding.problem] == [place]
