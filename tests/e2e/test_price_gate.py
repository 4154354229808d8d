"""The price gate through the real stages: bad ticks stop, real extremes pass, a person answers."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from backtest.data.sources.csv import read_directory
from backtest.data.sources.demo import FUNDS
from backtest.data.store import BarStore
from tests.support.user_world import FIRST, SECOND, User, edit_prices, new_user

DAY = "2024-06-05"
Change = Callable[[list[str]], list[str]]
FIELDS = ("open", "high", "low", "close")


def times(day: str, factor: float, *fields: str) -> Change:
    """Lines with fields of one day multiplied; high and low reach what moved, as in a bar of a bad quote."""

    def row(line: str) -> str:
        head, *cells = line.split(",")
        values = dict(zip(FIELDS, map(float, cells[:4]), strict=True))
        values |= {name: values[name] * factor for name in fields}
        values["high"], values["low"] = max(values.values()), min(values.values())
        return ",".join([head, *(f"{values[name]:.6f}" for name in FIELDS), cells[4]])

    return lambda lines: [row(line) if line.startswith(day) else line for line in lines]


@pytest.fixture(scope="session")
def real(shared_data: Path) -> Path:
    return shared_data / "daily"


EXAMPLES = {
    "QQQ close x 1.9": ("QQQ", 1.9, ("close",)),
    "QQQ close x 0.5": ("QQQ", 0.5, ("close",)),
    "TLT close x 1.6": ("TLT", 1.6, ("close",)),
    "TQQQ close x 0.33": ("TQQQ", 0.33, ("close",)),
    "TQQQ whole bar x 2.2": ("TQQQ", 2.2, FIELDS),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_bad_tick_stops_the_stage_and_force_does_not_pass(tmp_path: Path, real: Path, name: str) -> None:
    symbol, factor, fields = EXAMPLES[name]
    place = new_user(
        tmp_path / "jutsu", edit_prices(real, tmp_path / "bad", symbol, times(DAY, factor, *fields))
    )
    for more in ((), ("--force",)):
        ran = place.generate(DAY, *more)
        assert ran.code == 5, ran.text
        assert symbol in ran.err
        assert DAY in ran.err
        assert "jutsu data" in ran.err
    assert not place.file(DAY).exists()
    assert place.execute(DAY).code == 0
    assert place.orders() == []


@pytest.mark.shared
@pytest.mark.parametrize(
    "day", ["2020-03-09", "2020-03-12", "2020-03-16", "2020-03-18", "2020-03-24", "2025-04-04", "2025-04-09"]
)
def test_real_extremes_pass(tmp_path: Path, real: Path, day: str) -> None:
    ran = new_user(tmp_path / "jutsu", real).generate(day)
    assert ran.code == 0, ran.text


@pytest.mark.shared
def test_a_short_history_stops_unless_it_was_frozen_so(tmp_path: Path, real: Path) -> None:
    """The flash crash of 2010-05-06 has 337 sessions before it in these files."""
    place = new_user(tmp_path / "jutsu", real)
    ran = place.generate("2010-05-06")
    assert ran.code == 5, ran.text
    assert "337 bars" in ran.err
    assert "1,000" in ran.err
    assert (
        place.jutsu(
            "config", "freeze", "--strategy", "golden", "--strategy", "titan", "--history-floor", "300"
        ).code
        == 0
    )
    ran = place.generate("2010-05-06")
    assert ran.code == 0, ran.text


def test_a_person_confirms_a_price_to_the_cent(tmp_path: Path, prices: Path) -> None:
    bad = edit_prices(prices, tmp_path / "bad", "QQQ", times(FIRST, 1.3, "close"))
    close = next(line for line in (bad / "QQQ.csv").read_text().splitlines() if line.startswith(FIRST)).split(
        ","
    )[4]
    place = new_user(tmp_path / "jutsu", bad)
    stopped = place.generate(FIRST)
    assert stopped.code == 5
    price = f"{float(close):.2f}"
    assert f"jutsu data confirm QQQ {FIRST} {price}" in stopped.err
    assert place.jutsu("data", "confirm", "QQQ", FIRST, f"{float(close) + 0.01:.2f}").code == 0
    assert place.generate(FIRST).code == 5
    said = place.jutsu("data", "confirm", "QQQ", FIRST, price)
    assert said.code == 0, said.text
    assert "already" in place.jutsu("data", "confirm", "qqq", FIRST, price).out
    path = place.root / "state" / "confirmed_prices.jsonl"
    assert len(path.read_text().splitlines()) == 2
    assert path.stat().st_mode & 0o777 == 0o600
    left = place.generate(FIRST)
    assert f"QQQ {FIRST}: close" not in left.err


@pytest.mark.parametrize(
    "words",
    [("QQQ", "2024-01-01", "1.00"), ("QQQ", FIRST, "1.005"), ("QQQ", FIRST, "-1"), ("Q Q", FIRST, "1")],
)
def test_what_is_no_confirmation_is_refused(user: User, words: tuple[str, ...]) -> None:
    ran = user.jutsu("data", "confirm", *words)
    assert ran.code == 2, ran.text
    assert not (user.root / "state" / "confirmed_prices.jsonl").exists()


def test_an_odd_bar_is_told_in_the_file_and_stops_nothing(tmp_path: Path, prices: Path) -> None:
    def flat(lines: list[str]) -> list[str]:
        def row(line: str) -> str:
            head, *cells = line.split(",")
            return ",".join([head, *[cells[3]] * 4, cells[4]])

        return [row(line) if line.startswith("2023-12-28") else line for line in lines]

    place = new_user(tmp_path / "jutsu", edit_prices(prices, tmp_path / "odd", "TMF", flat))
    ran = place.generate(FIRST)
    assert ran.code == 0, ran.text
    warnings = json.loads(place.file(FIRST).read_text())["warnings"]
    assert any("TMF 2023-12-28" in text for text in warnings)


def quartered(before: str) -> Change:
    """All prices before a day in quarters: a restated history after a 4:1 split."""

    def change(lines: list[str]) -> list[str]:
        return [
            ",".join([line[:10], *(repr(float(x) / 4) for x in line.split(",")[1:5]), line.split(",")[5]])
            if line[:10] < before
            else line
            for line in lines
        ]

    return change


def after_a_split(place: User, tmp_path: Path, prices: Path) -> User:
    """The market from SECOND on counts new shares, and the history was restated."""
    return User(place.root, edit_prices(prices, tmp_path / "restated", "QQQ", quartered("9999")))


def test_a_shadow_follows_a_recorded_split_and_stops_at_one_nobody_recorded(
    tmp_path: Path, prices: Path, fresh_file: User
) -> None:
    decided = json.loads(fresh_file.file(FIRST, "titan").read_text())
    (order,) = [o for o in decided["orders"] if o["symbol"] == "QQQ"]
    after = after_a_split(fresh_file, tmp_path, prices)
    ran = after.generate(SECOND, "--strategy", "titan")
    assert ran.code == 5, ran.text
    assert "QQQ" in ran.err
    assert "split" in ran.err
    recorded = after.jutsu("data", "split", "QQQ", SECOND, "4:1")
    assert recorded.code == 0, recorded.text
    ran = after.generate(SECOND, "--strategy", "titan")
    assert ran.code == 0, ran.text
    data = json.loads(after.file(SECOND, "titan").read_text())
    assert data["inputs"]["account"]["positions"]["QQQ"] == 4 * order["quantity"]
    assert data["inputs"]["account"]["equity"] == pytest.approx(100_000, rel=0.05)


def test_raw_prices_are_refused(tmp_path: Path, prices: Path) -> None:
    place = new_user(tmp_path / "jutsu")
    assert (
        place.jutsu(
            "data", "import", str(prices), "--basis", "raw", "--store", str(place.root / "data/bars")
        ).code
        == 0
    )
    place.set(data={"source": "store"})
    ran = place.generate(FIRST)
    assert ran.code == 5, ran.text
    assert "basis raw" in ran.err


def test_a_store_split_is_rescaled_once_and_the_ratio_must_fit(tmp_path: Path, prices: Path) -> None:
    """Prices of a vendor that restates nothing: the first session after the split counts new shares."""

    def split(lines: list[str]) -> list[str]:
        return [
            ",".join([line[:10], *(repr(float(x) / 4) for x in line.split(",")[1:5]), line.split(",")[5]])
            if line[:10] >= SECOND
            else line
            for line in lines
        ]

    def until(day: str) -> Change:
        return lambda lines: [line for line in split(lines) if line[:10] <= day]

    place = new_user(tmp_path / "jutsu")
    place.set(data={"source": "store"})
    before = edit_prices(prices, tmp_path / "before", "QQQ", until(FIRST))
    assert place.jutsu("data", "import", str(before)).code == 0
    new = edit_prices(prices, tmp_path / "new", "QQQ", until(SECOND))
    refused = place.jutsu("data", "import", str(new))
    assert refused.code == 5
    assert f"jutsu data split QQQ {SECOND} 4:1" in refused.err
    assert place.generate(FIRST).code == 0
    assert place.execute(FIRST).code == 0
    held = dict(place.rows("positions", "symbol, quantity", place.paper))
    done = place.jutsu("data", "split", "QQQ", SECOND, "4:1")
    assert "rescaled" in done.out, done.text
    assert f"the paper account has booked it: QQQ {held['QQQ']} -> {4 * held['QQQ']} shares" in done.out
    assert place.jutsu("reconcile").code == 5
    assert place.jutsu("reconcile", "--adopt").code == 0
    both = [dict(place.rows("positions", "symbol, quantity", file)) for file in (place.db, place.paper)]
    assert both[0] == both[1] == {**held, "QQQ": 4 * held["QQQ"]}
    assert "recorded already" in place.jutsu("data", "split", "QQQ", SECOND, "4:1").out
    one = tmp_path / "one"
    one.mkdir()
    head, *lines = (new / "QQQ.csv").read_text().splitlines()
    (one / "QQQ.csv").write_text("\n".join([head, lines[-1]]) + "\n")
    taken = place.jutsu("data", "import", str(one))
    assert taken.code == 0, taken.text
    assert place.jutsu("data", "verify").code == 0
    wrong = place.jutsu("data", "split", "QQQ", SECOND, "2:1")
    assert wrong.code == 5
    assert "4:1" in wrong.err


def stored(place: User, prices: Path, last: str, *, unfinished: bool) -> None:
    """A store that ends on a day, as an import during or after that session leaves it."""
    day = date.fromisoformat(last)
    at = datetime.combine(day, time(20 if unfinished else 22), UTC)
    for bars in read_directory(prices, list(FUNDS)).values():
        kept = replace(bars.until(day), provisional=unfinished)
        BarStore(place.root / "data/bars").write(kept, imported_at=at)


def test_a_store_is_imported_day_by_day(tmp_path: Path, prices: Path) -> None:
    """At the close a strategy needs today's bar as it is; at the open yesterday's, which must be final."""
    place = new_user(tmp_path / "jutsu")
    place.set(data={"source": "store"})
    opening = ("--execution-time", "open", "--dry-run")
    stored(place, prices, FIRST, unfinished=True)
    today = place.generate(FIRST)
    assert today.code == 0, today.text
    early = place.generate(SECOND, *opening)
    assert early.code == 5
    assert "unfinished" in early.err
    stored(place, prices, FIRST, unfinished=False)
    assert place.generate(SECOND, *opening).code == 0
    late = place.generate(SECOND)
    assert late.code == 5
    assert "import today's bar as it is now" in late.err
