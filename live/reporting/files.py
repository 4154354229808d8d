"""The three files of a report: `<kind>_<date>[_<variant>][_<account>]` as JSON, text and HTML, atomically."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from backtest.core.files import read_regular, write_atomic
from live.reporting.document import Document
from live.reporting.html import html_of
from live.reporting.text import text_of
from live.system.account_words import with_account
from live.system.json_text import plain

PeriodKind = Literal["weekly", "monthly"]
Kind = Literal["execution", "validation"] | PeriodKind


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A model with the document that shows it.

    Attributes:
        day: session of an execution or validation, else the day the report is due.
        variant: None for a report about every book.
        model: frozen dataclass; the JSON is made of it.
    """

    kind: Kind
    day: date
    variant: str | None
    model: Any
    document: Document

    @property
    def name(self) -> str:
        """Name of its files without the ending, of an account without a name."""
        return name_of(self.kind, self.day, self.variant)


def name_of(kind: Kind, day: date, variant: str | None = None, account: str = "") -> str:
    """Return the name of a report's files without the ending; `account` is the name of one of several."""
    return "_".join(str(part) for part in (kind, day, variant, account) if part)


def contents(report: StoredReport, account: str = "") -> dict[str, bytes]:
    """Return ending -> bytes, the same of the same model; `account` is the name of one of several."""
    data = json.dumps(plain(report.model), indent=2, ensure_ascii=False, allow_nan=False)
    return {
        "json": f"{data}\n".encode(),
        "txt": with_account(account, text_of(report.document)).encode(),
        "html": with_account(account, html_of(report.document)).encode(),
    }


def keep(folder: Path, report: StoredReport, account: str = "") -> tuple[Path, ...]:
    """Write the files of a report into `folder`, private to their owner; return them.

    `account` is the name of one of several.

    Raises:
        OSError: a file could not be written; the others may be there.
    """
    found, name = [], name_of(report.kind, report.day, report.variant, account)
    for ending, content in contents(report, account).items():
        path = folder / f"{name}.{ending}"
        write_atomic(path, content, 0o600)
        found.append(path)
    return tuple(found)


def kept(folder: Path, name: str) -> dict[str, Any] | None:
    """Return the JSON of a report that was kept, None when there is none that can be read."""
    try:
        found = json.loads(read_regular(folder / f"{name}.json"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
