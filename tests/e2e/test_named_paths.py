"""Whatever a person names as a file is a regular file of a sensible size, or one clear line at once."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from backtest.cli.app import main as backtest
from tests.support.user_world import FIRST, Ran, User, called, jutsu

pytestmark = pytest.mark.timeout(60)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def huge(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(300_000_000)


def simulate(user: User, *words: str) -> Ran:
    output = str(user.root / "result.json")
    return called(lambda: backtest(["portfolio", "--prices", str(user.prices), "--output", output, *words]))


def allocate(user: User, prices: Path, *words: str) -> Ran:
    output = str(user.root / "result")
    known = ["run", "--strategy", "golden", "--output-dir", output, "--no-report"]
    return called(lambda: backtest([*known, "--prices", str(prices), *words]))


def priced(user: User, thing: Path) -> Ran:
    """A folder of prices in which one file is the thing."""
    (thing.parent / "prices").mkdir()
    (thing.parent / "prices" / "QQQ.csv").symlink_to(thing)
    return allocate(user, thing.parent / "prices")


#: place where a file is named -> the command with the thing in that place
PLACES: dict[str, Callable[[User, Path], Ran]] = {
    "--report-file": lambda u, t: u.generate(FIRST, "--strategy", "ema_p10", "--report-file", str(t)),
    "--strategy": lambda u, t: u.generate(FIRST, "--strategy", str(t)),
    "--manifest": lambda u, t: u.generate(FIRST, "--manifest", str(t)),
    "--state-db": lambda u, t: u.generate(FIRST, "--state-db", str(t)),
    "--signals-file": lambda u, t: u.execute(FIRST, "--signals-file", str(t)),
    "review": lambda u, t: u.jutsu("review", str(t)),
    "approve": lambda u, t: u.jutsu("approve", str(t)),
    "--config": lambda _u, t: called(lambda: jutsu(["config", "show", "--config", str(t)])),
    "report parse": lambda _u, t: called(lambda: jutsu(["report", "parse", str(t)])),
    "--candidates": lambda u, t: simulate(u, "--strategy", "ema_p10", "--candidates", str(t)),
    "--confirmed": lambda u, t: allocate(
        u, u.root / "nothing" if u.prices is None else u.prices, "--confirmed", str(t)
    ),
    "a price file": priced,
}


@pytest.mark.parametrize("make", [pipe, endless, folder, huge])
@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_usable_file_is_refused(
    user: User, tmp_path: Path, place: str, make: Callable[[Path], None]
) -> None:
    thing = tmp_path / "thing.json"
    make(thing)
    ran = PLACES[place](user, thing)
    assert ran.code in {2, 5, 8}, ran.text
    assert "Traceback" not in ran.text
    assert "unexpected" not in ran.text
    assert ("QQQ.csv" if place == "a price file" else "thing.json") in ran.err
    words = (
        "not a regular file",
        "larger than",
        "no such settings file",
        "not a ledger",
        "no .html or .json",
    )
    assert any(text in ran.err for text in words), ran.err
