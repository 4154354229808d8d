"""The CSV files of a folder and the symbols that their names spell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backtest.core.errors import DataError
from backtest.data.sources.csv_dialect.symbols import key, symbol_of

ENDINGS = (".csv", ".csv.gz")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file and the symbol that its name spells, None when it spells none."""

    path: Path
    stem: str
    symbol: str | None

    @classmethod
    def at(cls, path: Path) -> CsvFile:
        """Return the file at a path."""
        stem = path.name
        for ending in (*reversed(ENDINGS), path.suffix):
            if ending and stem.lower().endswith(ending.lower()):
                stem = stem[: -len(ending)]
                break
        return cls(path, stem, symbol_of(stem))


def csv_files(directory: Path) -> tuple[CsvFile, ...]:
    """Return the CSV files of a folder by name. DataError when there is no folder or no file."""
    if not directory.is_dir():
        raise DataError(
            "no such folder", where=str(directory), remedy="give a folder of CSV files, one per symbol"
        )
    paths = sorted(path for path in directory.iterdir() if path.name.lower().endswith(ENDINGS))
    if not paths:
        raise DataError(
            "no CSV file in this folder", where=str(directory), remedy="expected SYMBOL.csv files"
        )
    return tuple(CsvFile.at(path) for path in paths)


def files_of(files: Sequence[CsvFile], symbols: Sequence[str]) -> dict[str, Path]:
    """Return the file of each symbol that has one.

    A file named exactly SYMBOL.csv and one whose name spells the symbol both claim it; other spellings of a
    share class (BRK.B for BRK-B) count when none of these is there.

    Raises:
        DataError: two files claim one symbol.
    """
    found: dict[str, Path] = {}
    for symbol in dict.fromkeys(symbols):
        upper = symbol.upper()
        claims = [f.path for f in files if upper in (f.stem.upper(), f.symbol)]
        claims = claims or [f.path for f in files if f.symbol is not None and key(f.symbol) == key(upper)]
        if len(claims) > 1:
            refuse_shared([(symbol, path) for path in claims], claims[0].parent)
        if claims:
            found[symbol] = claims[0]
    return found


def refuse_shared(named: Iterable[tuple[str, Path]], directory: Path) -> None:
    """Raise DataError when two files hold one symbol."""
    owner: dict[str, Path] = {}
    for symbol, path in named:
        other = owner.setdefault(symbol.upper(), path)
        if other is not path:
            raise DataError(
                f"{other.name} and {path.name} are both {symbol.upper()}",
                where=str(directory),
                remedy="keep one of the two files",
            )
