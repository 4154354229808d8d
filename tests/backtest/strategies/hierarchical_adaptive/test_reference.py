"""Every session of the reference decisions, number by number, through the command a user runs."""

import csv
import math
from pathlib import Path

import pytest

from backtest.cli.app import main

NUMBERS = ("T_norm", "z_score", "sma_fast", "sma_slow", "bond_sma_fast", "bond_sma_slow")
WEIGHTS = ("w_TQQQ", "w_QQQ", "w_PSQ", "w_TMF", "w_TMV", "w_cash")
EXACT = ("date", "vol_crush", "vol_state", "trend_state", "cell", "needs_rebalance")


@pytest.mark.shared
@pytest.mark.parametrize("variant", ["golden", "titan"])
def test_decisions_equal_the_reference_on_every_session(
    variant: str, shared_data: Path, project_root: Path, tmp_path: Path
) -> None:
    output = tmp_path / "decisions.csv"
    strategy = project_root / "config" / "strategies" / f"{variant}.yaml"
    prices = shared_data / "daily"
    code = main(
        [
            "decisions",
            "--strategy",
            str(strategy),
            "--prices",
            str(prices),
            "--output",
            str(output),
            "--end",
            "2018-12-31",
        ]
    )
    assert code == 0
    reference = shared_data / "reference" / f"v35b_{variant}_2009_2018.csv"
    with output.open() as ours, reference.open() as theirs:
        got, want = list(csv.reader(ours)), list(csv.reader(theirs))
    header = want[0]
    assert got[0] == header
    assert set(header) == {*NUMBERS, *WEIGHTS, *EXACT}
    assert len(got) == len(want) == 2517
    for mine, reference_row in zip(got[1:], want[1:], strict=True):
        for name, a, b in zip(header, mine, reference_row, strict=True):
            where = (reference_row[0], name, a, b)
            if name in EXACT or b == "":
                assert a == b, where
            else:
                assert math.isclose(float(a), float(b), rel_tol=1e-9, abs_tol=1e-12), where
