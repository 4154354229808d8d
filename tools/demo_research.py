"""`make demo-research`: the example study on the demo market, and its report."""

from __future__ import annotations

import os
import webbrowser
from datetime import date
from pathlib import Path
from typing import Final

import yaml

from backtest.cli.app import main as backtest
from backtest.core.bars import Bars
from backtest.core.documents import read_document
from backtest.core.files import write_atomic
from backtest.data.sources.demo import demo_market

FOLDER: Final = Path("out/demo-research")
EXAMPLE: Final = Path("config/studies/v35b_core.yaml")
_SEED: Final = 7
_UNTIL: Final = date(2024, 12, 31)


def main(folder: Path = FOLDER, example: Path = EXAMPLE) -> int:
    """Write prices and study below a folder, run it with a database of its own, open the report."""
    for symbol, bars in demo_market(_SEED, _UNTIL).items():
        write_atomic(folder / "prices" / f"{symbol}.csv", _csv(bars).encode())
    study = read_document(example)
    study["data"] = {**study["data"], "prices": str(folder / "prices")}
    del study["data"]["source"]
    study["require"] = ["rebalances >= 30"]  # the demo market falls deeper than the real one did
    write_atomic(folder / "study.yaml", yaml.safe_dump(study, sort_keys=False).encode())
    os.environ["JUTSU_RESEARCH_DB"] = str(folder / "research.db")
    code = backtest(["optimize", str(folder / "study.yaml"), "--out", str(folder / "report")])
    if code == 0:
        report = (folder / "report" / "report.html").absolute()
        print(f"report: {report}")
        if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            webbrowser.open(report.as_uri())
    return code


def _csv(bars: Bars) -> str:
    columns = (bars.open, bars.high, bars.low, bars.close)
    rows = (
        f"{bars.dates[k]},{','.join(f'{column[k]:.4f}' for column in columns)},{bars.volume[k]:.0f}"
        for k in range(len(bars))
    )
    return "date,open,high,low,close,volume\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
