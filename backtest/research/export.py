"""All sets of a study as a table: CSV, or Parquet by the name of the file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from backtest.core.distribution import require
from backtest.core.errors import UsageError
from backtest.core.files import write_atomic
from backtest.research.figures import FIGURES, Figures
from backtest.research.space import Columns
from backtest.research.study import Study

_AT_ONCE = 50_000
SUFFIXES = (".csv", ".parquet")


def export(study: Study, figures: Figures, output: Path) -> int:
    """Write trial, axes and figures of every set with figures; return how many.

    Args:
        study: whose sets.
        figures: of all sets, NaN where there are none.
        output: a .csv or .parquet file, written whole or not at all.

    Raises:
        UsageError: another ending, or it cannot be written. SettingsError: pyarrow is not installed.
    """
    if output.suffix.lower() not in SUFFIXES:
        raise UsageError(f"must end in {' or '.join(SUFFIXES)}", where=str(output))
    rows = np.flatnonzero(np.isfinite(figures[FIGURES[0]]))
    content = (
        _parquet(study, figures, rows) if output.suffix.lower() == ".parquet" else _csv(study, figures, rows)
    )
    try:
        write_atomic(output, content)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(output)) from error
    return len(rows)


def _parts(study: Study, rows: np.ndarray[Any, np.dtype[np.int64]]) -> Iterator[tuple[Any, Columns]]:
    """Yield numbers of sets with their columns, a part at a time."""
    for first in range(0, int(rows[-1]) + 1 if len(rows) else 0, _AT_ONCE):
        wanted = rows[(rows >= first) & (rows < first + _AT_ONCE)]
        if len(wanted):
            columns = study.sets(first, int(wanted[-1]) - first + 1)
            yield wanted, {name: column[wanted - first] for name, column in columns.items()}


def _csv(study: Study, figures: Figures, rows: Any) -> bytes:
    text = io.StringIO()
    text.write(",".join(("trial", *study.space.names, *FIGURES)) + "\n")
    for numbers, columns in _parts(study, rows):
        lists = [numbers.tolist(), *(column.tolist() for column in columns.values())]
        lists += [figures[name][numbers].tolist() for name in FIGURES]
        for row in zip(*lists, strict=True):
            text.write(
                ",".join(str(value).lower() if isinstance(value, bool) else str(value) for value in row)
                + "\n"
            )
    return text.getvalue().encode()


def _parquet(study: Study, figures: Figures, rows: Any) -> bytes:
    require("research", "pyarrow", where="a Parquet file")
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts = [
        pa.table({"trial": numbers, **columns, **{name: figures[name][numbers] for name in FIGURES}})
        for numbers, columns in _parts(study, rows)
    ]
    sink = pa.BufferOutputStream()
    empty: dict[str, list[float]] = {name: [] for name in ("trial", *study.space.names, *FIGURES)}
    pq.write_table(pa.concat_tables(parts) if parts else pa.table(empty), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content
