"""Pages of an unfinished answer, kept until all are there: a sync that was stopped goes on behind them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np

from backtest.core.files import append_line, read_regular, write_atomic
from live.feeds.sources.model import BarRequest, Page

_MAX_BYTES: Final = 256 * 1024 * 1024


class Spool:
    """One file: the request on its first line, then a page a line. A torn last line does not count."""

    def __init__(self, folder: Path, source: str, request: BarRequest) -> None:
        self.path = folder / f"{source}-{quote(request.symbol, safe='')}-{request.timeframe}.jsonl"
        self._head = json.dumps(asdict(replace(request, cursor=None)), default=str)

    def pages(self) -> list[Page]:
        """Return the pages kept for this very request, none when the file is of another one or damaged."""
        try:
            lines = read_regular(self.path, _MAX_BYTES).split(b"\n")
        except OSError:
            return []
        if lines[0] != self._head.encode():
            return []
        pages = []
        for line in lines[1:-1]:  # what follows the last line end was torn
            try:
                pages.append(_page(json.loads(line)))
            except (ValueError, KeyError, TypeError):
                return []
        return pages

    def add(self, page: Page, *, first: bool) -> None:
        """Keep a page, on the disk when this returns; the `first` one begins the file anew."""
        line = json.dumps(_document(page)).encode()
        if first:
            write_atomic(self.path, self._head.encode() + b"\n" + line + b"\n")
            return
        self._drop_torn_line()
        append_line(self.path, line)

    def clear(self) -> None:
        """Forget the pages."""
        self.path.unlink(missing_ok=True)

    def _drop_torn_line(self) -> None:
        """Cut what follows the last line end: it may be whole, and its page was fetched again."""
        content = read_regular(self.path, _MAX_BYTES)
        if not content.endswith(b"\n"):
            write_atomic(self.path, content[: content.rindex(b"\n") + 1])


def _document(page: Page) -> dict[str, Any]:
    unit = np.datetime_data(page.stamps.dtype)[0]
    return {
        "unit": unit,
        "stamps": page.stamps.astype(np.int64).tolist(),
        "columns": page.columns.tolist(),
        "cursor": page.cursor,
        "gaps": [day.isoformat() for day in page.gaps],
    }


def _page(document: dict[str, Any]) -> Page:
    stamps = np.array(document["stamps"], dtype=np.int64).astype(f"datetime64[{document['unit']}]")
    columns = np.array(document["columns"], dtype=np.float64).reshape(5, len(stamps))
    gaps = tuple(map(date.fromisoformat, document["gaps"]))
    return Page(stamps, columns, document["cursor"], gaps)
