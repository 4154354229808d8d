"""Prices nobody should trade on: exit 5, the symbol named, nothing written, nothing sent."""

import contextlib
import json
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.user_world import FIRST, SECOND, User, edit_prices, new_user


def without(day: str) -> Callable[..., Any]:
    return lambda lines: [line for line in lines if not line.startswith(day)]


def until(day: str) -> Callable[..., Any]:
    return lambda lines: [line for line in lines if line[:10] <= day]


def with_close(day: str, value: str) -> Callable[..., Any]:
    def change(lines: list[str]) -> list[str]:
        return [
            ",".join([*line.split(",")[:4], value, line.split(",")[5]]) if line.startswith(day) else line
            for line in lines
        ]

    return change


def twice(day: str) -> Callable[..., Any]:
    return lambda lines: [line for line in lines for _ in range(2 if line.startswith(day) else 1)]


BAD = {
    "stale": ("QQQ", until("2023-12-28")),
    "a session missing years ago": ("QQQ", without("2022-06-15")),
    "a session missing yesterday": ("QQQ", without("2023-12-29")),
    "the bond gapped": ("TLT", without("2023-03-01")),
    "a date twice": ("QQQ", twice("2023-05-01")),
    "NaN": ("QQQ", with_close("2023-05-01", "nan")),
    "no number": ("QQQ", with_close("2023-05-01", "n/a")),
    "negative": ("QQQ", with_close("2023-05-01", "-3")),
    "infinite": ("QQQ", with_close("2023-05-01", "inf")),
    "close above the high": ("QQQ", with_close("2023-05-01", "99999")),
    "out of order": ("QQQ", lambda lines: [*lines[:100], lines[101], lines[100], *lines[102:]]),
    "a Saturday": (
        "QQQ",
        lambda lines: [*lines[:4], lines[4].replace(lines[4][:10], "2021-01-09"), *lines[5:]],
    ),
    "empty": ("QQQ", lambda lines: []),
    "a line cut short": ("QQQ", lambda lines: [*lines[:200], lines[200][:20], *lines[201:]]),
    "a needed leg is stale": ("TMF", until("2023-12-28")),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_prices_stop_the_generator(tmp_path: Path, prices: Path, name: str) -> None:
    symbol, change = BAD[name]
    place = new_user(tmp_path / "jutsu", edit_prices(prices, tmp_path / "bad", symbol, change))
    ran = place.generate(FIRST)
    assert ran.code == 5, ran.text
    assert symbol in ran.err
    assert "Traceback" not in ran.text
    assert not place.file(FIRST).exists()
    assert place.execute(FIRST).code == 0
    assert place.orders() == []


@pytest.mark.parametrize("symbol", ["QQQ", "TLT", "TMF"])
def test_a_missing_file_names_the_symbol(tmp_path: Path, prices: Path, symbol: str) -> None:
    bad = edit_prices(prices, tmp_path / "bad", symbol, lambda lines: lines)
    (bad / f"{symbol}.csv").unlink()
    place = new_user(tmp_path / "jutsu", bad)
    ran = place.generate(FIRST)
    assert ran.code == 5
    assert symbol in ran.err
    assert not place.file(FIRST).exists()


def test_all_symbols_in_trouble_are_named_at_once(tmp_path: Path, prices: Path) -> None:
    bad = edit_prices(prices, tmp_path / "bad", "QQQ", until("2023-12-28"))
    (bad / "TLT.csv").unlink()
    ran = new_user(tmp_path / "jutsu", bad).generate(FIRST)
    assert ran.code == 5
    assert "QQQ" in ran.err
    assert "TLT" in ran.err


def test_a_leg_nobody_needs_today_may_be_missing(tmp_path: Path, prices: Path) -> None:
    bad = edit_prices(prices, tmp_path / "bad", "PSQ", lambda lines: lines)
    (bad / "PSQ.csv").unlink()
    (bad / "TMV.csv").unlink()
    place = new_user(tmp_path / "jutsu", bad)
    place.trade(FIRST)
    assert len(place.orders()) == 2


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    ran = User(new_user(tmp_path / "jutsu").root, tmp_path / "nowhere").generate(FIRST)
    assert ran.code == 5
    assert "nowhere" in ran.err


def test_a_held_leg_that_goes_stale_stops_the_generator(
    tmp_path: Path, prices: Path, fresh_file: User
) -> None:
    """A book cannot be judged at yesterday's price."""
    assert fresh_file.execute(FIRST).code == 0
    stale = User(fresh_file.root, edit_prices(prices, tmp_path / "stale", "TMF", until(FIRST)))
    ran = stale.generate(SECOND)
    assert ran.code == 5
    assert "TMF" in ran.err
    assert not stale.file(SECOND).exists()


def test_the_executor_sends_nothing_without_a_quote(tmp_path: Path, prices: Path, fresh_file: User) -> None:
    """The file was made on good prices; when it is executed one symbol has none."""
    blind = User(fresh_file.root, edit_prices(prices, tmp_path / "blind", "TMF", until("2023-12-29")))
    ran = blind.execute(FIRST)
    assert [row[0] for row in blind.orders()] == ["20240102_QQQ_entry_buy"]
    assert (ran.code, "1 held back" in ran.out) == (0, True)
    again = fresh_file.execute(FIRST)
    assert again.code == 0
    assert [row[0] for row in fresh_file.orders()] == ["20240102_QQQ_entry_buy", "20240102_TMF_entry_buy"]


def test_an_order_is_not_sent_when_the_price_ran_away(tmp_path: Path, prices: Path, fresh_file: User) -> None:
    def jump(lines: list[str], factor: float) -> list[str]:
        return [
            ",".join(
                [line[:10], *(repr(float(x) * factor) for x in line.split(",")[1:5]), line.split(",")[5]]
            )
            if line.startswith(FIRST)
            else line
            for line in lines
        ]

    folder = prices  # the index and its leveraged funds move together, as they do: this is no bad price
    for symbol, factor in {"QQQ": 1.02, "TQQQ": 1.06, "PSQ": 0.98}.items():
        folder = edit_prices(folder, tmp_path / symbol, symbol, partial(jump, factor=factor))
    moved = User(fresh_file.root, folder)
    ran = moved.execute(FIRST)
    assert ran.code == 0
    assert [row[0] for row in moved.orders()] == ["20240102_TMF_entry_buy"]


def test_a_split_nobody_booked_stops_before_deciding(tmp_path: Path, prices: Path, fresh_file: User) -> None:
    """The whole history of a held fund is suddenly a quarter: holdings and prices no longer fit."""
    assert fresh_file.execute(FIRST).code == 0

    def split(lines: list[str]) -> list[str]:
        return [
            ",".join([line[:10], *(repr(float(x) / 4) for x in line.split(",")[1:5]), line.split(",")[5]])
            for line in lines
        ]

    after = User(fresh_file.root, edit_prices(prices, tmp_path / "split", "QQQ", split))
    ran = after.generate(SECOND)
    assert ran.code == 5, ran.text
    assert "QQQ" in ran.err
    assert "split" in ran.err
    assert not after.file(SECOND).exists()
    forced = after.generate(SECOND, "--force")
    assert after.file(SECOND).exists()
    assert (forced.code, "titan" in forced.err) == (5, True), "nobody recorded the split for the shadow"
    assert after.jutsu("data", "split", "QQQ", SECOND, "4:1").code == 0
    assert after.generate(SECOND, "--strategy", "titan").code == 0


def test_a_split_the_history_does_not_know_stops_before_deciding(tmp_path: Path, prices: Path) -> None:
    """A fund opens at a third of its last close: for the rules this would be a crash."""

    def split(lines: list[str]) -> list[str]:
        return [
            ",".join([line[:10], *(repr(float(x) / 3) for x in line.split(",")[1:5]), line.split(",")[5]])
            if line[:10] >= SECOND
            else line
            for line in lines
        ]

    place = new_user(tmp_path / "jutsu", edit_prices(prices, tmp_path / "split", "QQQ", split))
    assert place.generate(FIRST).code == 0
    ran = place.generate(SECOND)
    assert ran.code == 5, ran.text
    assert "split" in ran.err
    assert not place.file(SECOND).exists()


def test_a_split_the_broker_booked_is_adopted_and_the_next_run_goes_on(
    tmp_path: Path, prices: Path, fresh_file: User
) -> None:
    """History restated and shares multiplied: books and prices fit again once a person adopted it."""
    assert fresh_file.execute(FIRST).code == 0

    def split(lines: list[str]) -> list[str]:
        return [
            ",".join([line[:10], *(repr(float(x) / 4) for x in line.split(",")[1:5]), line.split(",")[5]])
            for line in lines
        ]

    after = User(fresh_file.root, edit_prices(prices, tmp_path / "split", "QQQ", split))
    with contextlib.closing(sqlite3.connect(after.paper)) as connection:
        connection.execute("update positions set quantity = quantity * 4 where symbol = 'QQQ'")
        connection.execute("update positions set average_price = average_price / 4 where symbol = 'QQQ'")
        connection.commit()
    assert after.generate(SECOND).code == 5
    assert after.jutsu("reconcile", "--adopt").code == 0
    ran = after.generate(SECOND)
    assert "no orders" in ran.out
    assert (ran.code, "titan" in ran.err) == (5, True), "nobody recorded the split for the shadow"
    assert after.jutsu("data", "split", "QQQ", SECOND, "4:1").code == 0
    ran = after.generate(SECOND)
    assert ran.code == 0, ran.text
    assert "already done" in ran.out
    titan, golden = (json.loads(after.file(SECOND, v).read_text()) for v in ("titan", "golden"))
    held = [file["inputs"]["account"]["positions"]["QQQ"] for file in (titan, golden)]
    assert held[0] == pytest.approx(held[1], rel=0.02)
