"""A folder of CSV files as a source: what another program or a person downloads there every day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.core.errors import DataError, SettingsError
from backtest.data import quality
from backtest.data.quality.actions import CorporateAction
from backtest.data.sources.csv import judge_csv
from backtest.data.sources.csv_dialect.folder import CsvFile, csv_files
from backtest.data.sources.csv_dialect.model import Judged
from backtest.data.sources.csv_dialect.options import CsvOptions
from live.feeds.sources.errors import UnknownSymbol, VendorDown, vendor_errors
from live.feeds.sources.model import BarRequest, Capabilities, Opening, Page, SourceKind

NAME = "csv"


class CsvSource:
    """Files of daily bars in any format `jutsu data import` recognises without a flag."""

    name = NAME

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def page(self, request: BarRequest) -> Page:
        """Return the rows of the symbol's file in these days; see `live.feeds.sources.model.Source`."""
        with vendor_errors(request.symbol):
            judged = self._judged(request.symbol, CsvOptions(basis=request.basis))
        bars = judged.bars.since(request.first).until(request.last)
        columns = np.vstack([bars.open, bars.high, bars.low, bars.close, bars.volume])
        gaps = tuple(day for day in judged.gaps if request.first <= day <= request.last)
        return Page(bars.dates, columns, None, gaps)

    def actions(self, symbol: str, first: date, last: date) -> Sequence[CorporateAction]:
        """Return the splits and dividends that the file names."""
        with vendor_errors(symbol):
            named = self._judged(symbol, CsvOptions()).actions
        return tuple(action for action in named if first <= action.ex_date <= last)

    def close(self) -> None:
        """Nothing is held."""

    def _judged(self, symbol: str, options: CsvOptions) -> Judged:
        file = self._file(symbol)
        judged = judge_csv(file.path, symbol, options=options, allow_gaps=True)
        quality.refuse([found.finding for found in judged.findings], str(file.path))
        return judged

    def _file(self, symbol: str) -> CsvFile:
        try:
            files = [file for file in csv_files(self.folder) if file.symbol == symbol]
        except DataError as error:
            raise VendorDown(error.problem, where=str(self.folder), remedy=error.remedy) from error
        if len(files) != 1:
            problem = f"{len(files)} files of {symbol}" if files else f"no file of {symbol}"
            raise UnknownSymbol(problem, where=str(self.folder), remedy=f"name one of them {symbol}.csv")
        return files[0]


def open_csv(opening: Opening) -> CsvSource:
    """Open the folder. SettingsError: none was named, or it is none."""
    folder = opening.folder
    if folder is None or not folder.is_dir():
        problem = "no folder was named" if folder is None else f"{folder} is no folder"
        raise SettingsError(problem, where="source csv", remedy="name it: --folder DIR")
    return CsvSource(folder)


KIND = SourceKind(
    NAME,
    Capabilities(
        timeframes=("1d",),
        bases=("split", "raw", "total"),
        feed="unknown",
        earliest=calendar.table_starts(),
        delay=timedelta(0),
        per_minute=60_000,
        has_actions=True,
    ),
    open_csv,
)
