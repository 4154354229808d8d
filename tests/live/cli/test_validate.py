"""`jutsu validate`: the exit code says RED, the screen says why, the files stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.user_world import FIRST, User, edit_prices, new_user, write_demo_prices


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> User:
    folder = tmp_path_factory.mktemp("validate")
    made = new_user(folder / "jutsu", write_demo_prices(folder / "prices"))
    made.trade(FIRST)
    return made


def validated(user: User, prices: Path, *more: str) -> tuple[int, str, str]:
    ran = user.jutsu("validate", "--date", FIRST, "--prices", str(prices), *more)
    return ran.code, ran.out, ran.err


def test_a_day_whose_final_bars_agree_is_green(traded: User, tmp_path: Path) -> None:
    user = traded.copy(tmp_path / "jutsu")
    assert user.prices is not None
    code, out, _ = validated(user, user.prices, "--json")
    view = json.loads(out)
    assert (code, view["verdict"]) == (0, "GREEN")
    assert {v["variant"] for v in view["validations"]} == {"golden", "titan"}
    assert (user.root / "state" / "reports" / f"validation_{FIRST}.json").exists()


def test_other_final_bars_are_red_and_exit_code_4(traded: User, tmp_path: Path) -> None:
    user = traded.copy(tmp_path / "jutsu")
    assert user.prices is not None

    def crashed(lines: list[str]) -> list[str]:
        kept = [line for line in lines if line[:10] <= FIRST]
        day, opened, high, _, _, volume = kept[-1].split(",")
        return [
            *kept[:-1],
            ",".join([day, opened, high, repr(float(opened) / 3), repr(float(opened) / 3), volume]),
        ]

    other = edit_prices(user.prices, tmp_path / "other", "QQQ", crashed)
    code, out, _ = validated(user, other)
    assert code in {4, 5}  # 5: the price gate does not believe it
    assert code == 5 or "RED" in out


def test_a_session_nobody_traded_has_no_verdict(traded: User, tmp_path: Path) -> None:
    user = traded.copy(tmp_path / "jutsu")
    ran = user.jutsu("validate", "--date", "2024-01-01", "--prices", str(user.prices), "--json")
    assert ran.code in {0, 2}
    assert ran.code == 2 or json.loads(ran.out)["verdict"] is None


def test_what_is_no_date_is_one_line(traded: User) -> None:
    ran = traded.jutsu("validate", "--date", "yesterday")
    assert ran.code == 2
    assert "'yesterday' is not a date" in ran.err
