"""Bars of a study: from a folder or a store, everything a set may hold, and nothing else."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from backtest.core.errors import DataError
from backtest.data.sources.csv import read_directory
from backtest.data.store import BarStore
from backtest.research.bars_of import read_bars
from backtest.research.search import sets
from backtest.research.session import open_file
from backtest.research.study_file import parse_study
from tests.backtest.research.conftest import silent
from tests.support.study_world import BASE, document, write_study


def about(base: dict[str, object]) -> dict[str, object]:
    return {"name": "s", "strategy": "hierarchical_adaptive_v3_5b", "base": {**BASE, **base}}


def copy(prices: Path, folder: Path, *names: str) -> None:
    for name in names:
        (folder / f"{name}.csv").write_bytes((prices / f"{name}.csv").read_bytes())


def test_a_folder_gives_every_leg_and_says_what_its_files_are(prices: Path) -> None:
    said: list[str] = []
    found = read_bars(parse_study(document(prices), "s"), silent, said.append)
    assert set(found) == {"QQQ", "TLT", "TQQQ", "TMF", "TMV"}
    assert any("QQQ.csv" in line for line in said)


def test_a_flag_that_varies_brings_the_symbols_it_may_hold(prices: Path) -> None:
    space = {"use_inverse_hedge": {"values": [True, False]}}
    assert "PSQ" in read_bars(parse_study(document(prices, space=space), "s"), silent)


@pytest.mark.parametrize(
    ("base", "axis"),
    [
        ({"max_bond_weight": 0.0}, {"max_bond_weight": {"values": [0.0, 0.4]}}),
        (
            {"max_bond_weight": 0.0, "allow_treasury": False},
            {"max_bond_weight": {"values": [0.0, 0.4]}, "allow_treasury": {"values": [False, True]}},
        ),
    ],
)
def test_a_weight_that_varies_brings_the_symbols_it_may_hold(
    base: dict[str, object], axis: dict[str, object], prices: Path
) -> None:
    study = parse_study(document(prices, study=about(base), space=axis), "s")
    assert {"TMF", "TMV"} <= set(read_bars(study, silent))


def test_a_leg_without_bars_is_refused_by_study_and_symbol(prices: Path, tmp_path: Path) -> None:
    copy(prices, tmp_path, "QQQ", "TLT", "TMF")
    with pytest.raises(DataError, match=r"mine\.yaml: no bars of TQQQ, TMV in ") as error:
        read_bars(parse_study(document(tmp_path), "s"), silent, file="mine.yaml")
    assert error.value.exit_code == 5


@pytest.mark.parametrize(
    "space", [{"allow_treasury": {"values": [False]}, "sma_fast": {"values": [4, 8]}}, None]
)
def test_a_leg_that_no_set_holds_is_not_needed(
    space: dict[str, object] | None, prices: Path, tmp_path: Path
) -> None:
    copy(prices, tmp_path, "QQQ", "TQQQ")
    sections = {"study": about({"allow_treasury": False})} if space is None else {"space": space}
    opened = open_file(write_study(tmp_path / "s.yaml", tmp_path, **sections), {}, silent)
    assert opened.symbols == ("QQQ", "TQQQ")
    columns = sets(opened.study.space, opened.study.method, 0, 0, 1)
    assert np.isfinite(opened.trial.statistics(columns, 1)).all()


def test_a_store_gives_the_same_bars(prices: Path, tmp_path: Path) -> None:
    store = BarStore(tmp_path / "bars")
    for bars in read_directory(prices).values():
        store.write(bars, imported_at=datetime(2025, 1, 2, tzinfo=UTC))
    data = {"source": "store", "store": str(tmp_path / "bars"), "end": "2024-03-28"}
    found = read_bars(parse_study(document(prices, data=data), "s"), silent)
    same = read_bars(
        parse_study(document(prices, data={"prices": str(prices), "end": "2024-03-28"}), "s"), silent
    )
    np.testing.assert_array_equal(found["TQQQ"].close, same["TQQQ"].close)
    assert found["QQQ"].last.isoformat() == "2024-03-28"


@pytest.mark.parametrize("data", [{"source": "store", "store": "nowhere"}, {"prices": "nowhere"}])
def test_no_bars_is_one_line(data: dict[str, str], prices: Path) -> None:
    with pytest.raises(DataError) as error:
        read_bars(parse_study(document(prices, data=data), "s"), silent)
    assert "\n" not in error.value.line()
    assert error.value.exit_code == 5


def test_prices_nobody_can_believe_stop_the_study(prices: Path, tmp_path: Path) -> None:
    for path in prices.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    lines = (tmp_path / "TQQQ.csv").read_text().splitlines()
    cells = lines[-1].split(",")
    lines[-1] = ",".join([*cells[:2], *(f"{float(cell) * 3:.4f}" for cell in cells[2:])])
    (tmp_path / "TQQQ.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match="TQQQ"):
        read_bars(parse_study(document(tmp_path), "s"), silent)
